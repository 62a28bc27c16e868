// Timing a policy's models on this machine, as profiling does, without keeping more than their quantiles.
#include "triage/tools/policy_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/hash.h"
#include "base/stop.h"
#include "profile/cell.h"
#include "runtime/policy_models.h"
#include "runtime/serving.h"
#include "table/model_times.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

// The models of a policy, and behind them the single best one where it is another and the zoo has it.
PolicyInfo models_to_time(const PolicyInfo& info, Runtime& runtime) {
  PolicyInfo probe;
  probe.models = info.models;
  probe.n_classes = info.n_classes;
  const auto same = [&](const PolicyModel& model) { return model.name == info.best.name; };
  const Zoo& zoo = runtime.zoo();
  const ModelIndex found = info.best.name.empty() ? kNoModel : zoo.find(info.best.name);
  if (std::none_of(info.models.begin(), info.models.end(), same) && found != kNoModel &&
      runs_here_as(runtime.engines(), zoo.models[static_cast<std::size_t>(found)], info.best)) {
    probe.models.push_back(info.best);
  }
  return probe;
}

// Times one model after the other on one image after the other.
class PolicyTimer {
 public:
  PolicyTimer(LiveBackend& backend, std::size_t n_models, const Clock& clock, const Clock* cpu_clock,
              const PolicyTimesOptions& options, PolicyTimes& times)
      : backend_(&backend),
        clock_(&clock),
        cpu_clock_(cpu_clock),
        options_(&options),
        times_(&times),
        order_(n_models),
        standstills_(n_models),
        ms_(n_models) {
    std::iota(order_.begin(), order_.end(), 0);
  }

  void round(const Image& image, std::size_t number, bool keep) {
    Random random(number);
    shuffle(std::span(order_), random);
    for (const std::size_t model : order_) {
      const CellTimes cell = time_model(image, static_cast<ModelIndex>(model));
      if (!keep) continue;
      ms_[model].push_back(cell.mean);
      times_->retries += static_cast<std::size_t>(cell.retries);
      if (cell.disturbed) ++times_->disturbed;
    }
  }
  // Milliseconds of each round.
  [[nodiscard]] std::vector<double> take(std::size_t model) { return std::move(ms_[model]); }

 private:
  // The tensor is made anew each time, since each model's time has its own.
  CellTimes time_model(const Image& image, ModelIndex model) {
    backend_->begin(image);
    (void)backend_->run(model);  // others have emptied the caches since its last run
    return time_cell(Timing{}, options_->stop, standstills_[static_cast<std::size_t>(model)], [&] {
      backend_->begin(image);
      const Stopwatch wall(*clock_);
      const Stopwatch cpu(cpu_clock_ != nullptr ? *cpu_clock_ : *clock_);
      const double model_ms = backend_->run(model).cost.ms;
      return CellRun{model_ms, wall.ms(), cpu.ms()};
    });
  }

  LiveBackend* backend_;
  const Clock* clock_;
  const Clock* cpu_clock_;  // null: by the clock itself nothing ever stands still
  const PolicyTimesOptions* options_;
  PolicyTimes* times_;
  std::vector<std::size_t> order_;
  std::vector<Standstills> standstills_;
  std::vector<std::vector<double>> ms_;  // (m, rounds)
};

void check(std::span<const Image> images, const PolicyTimesOptions& options) {
  if (images.empty()) throw Error(ErrorCode::kUsage, "images: none, expected 1 or more to time models on");
  if (options.runs < 1) throw Error(ErrorCode::kUsage, "runs: 0, expected 1 or more");
  if (!(options.seconds > 0)) {
    throw Error(ErrorCode::kUsage, fmt::format("seconds: {}, expected more than 0", options.seconds));
  }
}

}  // namespace

PolicyTimes time_policy(const Policy& policy, const std::shared_ptr<Runtime>& runtime,
                        std::span<const Image> images, const PolicyTimesOptions& options) {
  check(images, options);
  const PolicyInfo& info = policy.info();
  const PolicyInfo probe = models_to_time(info, *runtime);
  Serving serving(make_single(probe, 0), runtime);
  const auto backend = serving.borrow();
  const Clock* cpu_clock = options.cpu_clock != nullptr          ? options.cpu_clock.get()
                           : runtime->options().clock == nullptr ? &process_cpu_clock()
                                                                 : nullptr;
  PolicyTimes times;
  times.machine = machine_description();
  PolicyTimer timer(*backend, probe.models.size(), runtime->clock(), cpu_clock, options, times);
  timer.round(images.front(), 0, false);  // loads the networks
  const Stopwatch watch(runtime->clock());
  for (; times.runs < options.runs; ++times.runs) {
    if (times.runs >= kFewestRounds && watch.ms() >= options.seconds * 1000) break;
    throw_if_stopped(options.stop, "timing the policy");
    timer.round(images[times.runs % images.size()], times.runs, true);
    if (options.on_progress) options.on_progress(times.runs + 1, options.runs);
  }
  const bool same = same_machine(times.machine, info.machine);
  std::vector<PolicyModel> timed;
  for (std::size_t i = 0; i < probe.models.size(); ++i) {
    timed.push_back(timed_model(probe.models[i], timer.take(i)));
    if (same) timed.back().mean_j = probe.models[i].mean_j;
  }
  for (const PolicyModel& model : timed) {
    if (model.name == info.best.name) times.best = model;
  }
  timed.resize(info.models.size());
  times.models = std::move(timed);
  return times;
}

Image made_up_image(const Policy& policy, const Zoo& zoo) {
  Image image{.width = 1, .height = 1, .channels = 1, .pixels = {}};
  for (const PolicyModel& model : policy.info().models) {
    const ModelIndex found = zoo.find(model.name);
    if (found == kNoModel) continue;
    const Recipe& recipe = zoo.models[static_cast<std::size_t>(found)].input;
    image.width = std::max(image.width, recipe.width);
    image.height = std::max(image.height, recipe.height);
    image.channels = std::max(image.channels, recipe.channels());
  }
  image.pixels.resize(image.size_bytes());
  Random random(0);
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(random.below(256));
  return image;
}

}  // namespace triage
