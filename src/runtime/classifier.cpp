// Classifier: a policy, the zoo models that it may run, and a set of contexts that concurrent calls borrow.
#include "triage/classifier.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "triage/error.h"

namespace triage {
namespace {

// The zoo model behind each of the policy's.
std::vector<ModelIndex> map_models(const Policy& policy, const Zoo& zoo, const std::string& owner) {
  std::vector<ModelIndex> models;
  for (const PolicyModel& wanted : policy.info().models) {
    const ModelIndex found = zoo.find(wanted.name);
    if (found == kNoModel) {
      throw Error(ErrorCode::kPolicy,
                  fmt::format("{}: model '{}' is not in zoo '{}', expected every model of the policy there; "
                              "give the zoo that it was trained with, or profile this one and train again",
                              owner, wanted.name, zoo.name));
    }
    const std::string fingerprint = zoo.models[static_cast<std::size_t>(found)].fingerprint();
    if (fingerprint != wanted.fingerprint) {
      throw Error(
          ErrorCode::kPolicy,
          fmt::format("{}: model '{}' has fingerprint {} in zoo '{}', expected {}; its weights or recipe "
                      "are not those that were profiled: give that zoo, or profile this one and train "
                      "again",
                      owner, wanted.name, fingerprint, zoo.name,
                      wanted.fingerprint.empty() ? "one (the policy was trained on a foreign table)"
                                                 : wanted.fingerprint));
    }
    models.push_back(found);
  }
  return models;
}

// Passes everything on to the live backend and adds up the times of its looks.
class TimedBackend final : public Backend {
 public:
  TimedBackend(LiveBackend& live, Classification& result) : live_(&live), result_(&result) {}
  Cost extract(FeatureMask mask, std::span<float> values) override { return live_->extract(mask, values); }
  [[nodiscard]] double elapsed_ms(double accounted_ms) const override {
    return live_->elapsed_ms(accounted_ms);
  }
  Look run(ModelIndex model) override {
    const Look look = live_->run(model);
    const LookTimes times = live_->last_times();
    result_->preprocess_ms += times.preprocess_ms;
    result_->infer_ms += times.infer_ms;
    return look;
  }

 private:
  LiveBackend* live_;
  Classification* result_;
};

}  // namespace

struct Classifier::State {
  State(std::unique_ptr<Policy> policy_in, Zoo zoo_in, const ClassifierOptions& options,
        const std::string& owner)
      : policy(std::move(policy_in)),
        zoo(std::move(zoo_in)),
        clock(options.clock != nullptr ? options.clock : unowned(steady_clock())),
        engines({.cache_dir = options.cache_dir, .clock = clock}),
        pool(zoo, engines),
        models(map_models(*policy, zoo, owner)) {}

  // A context that nobody uses, or a new one.
  std::unique_ptr<LiveBackend> borrow() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        std::unique_ptr<LiveBackend> context = std::move(idle.back());
        idle.pop_back();
        return context;
      }
    }
    return std::make_unique<LiveBackend>(pool, models, policy->info().schema, *clock);
  }
  void give_back(std::unique_ptr<LiveBackend> context) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(context));
  }

  std::unique_ptr<Policy> policy;
  Zoo zoo;
  std::shared_ptr<Clock> clock;
  EngineSet engines;
  ModelPool pool;
  std::vector<ModelIndex> models;
  std::mutex mutex;
  std::vector<std::unique_ptr<LiveBackend>> idle;  // guarded by mutex; declared last, so gone before the pool
};

Classifier::Classifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Classifier Classifier::load(const std::filesystem::path& policy, const std::filesystem::path& zoo,
                            const ClassifierOptions& options) {
  return Classifier(std::make_unique<State>(load_policy(policy), load_zoo(zoo), options,
                                            fmt::format("policy '{}'", policy.string())));
}

Classifier Classifier::make(std::unique_ptr<Policy> policy, Zoo zoo, const ClassifierOptions& options) {
  TRIAGE_CHECK(policy != nullptr);
  const std::string owner = fmt::format("policy of kind '{}'", policy->kind());
  check_schema(policy->info().schema, owner);
  return Classifier(std::make_unique<State>(std::move(policy), std::move(zoo), options, owner));
}

Classification Classifier::classify(const Image& image, const Request& request, Trace* trace) const {
  const Stopwatch watch(*state_->clock);
  check_request(*state_->policy, request);
  Classification result;
  std::unique_ptr<LiveBackend> context = state_->borrow();
  context->begin(image);
  TimedBackend backend(*context, result);
  Request timed = request;
  timed.spent_ms += watch.ms();
  drive(*state_->policy, backend, *state_->clock, result.outcome, trace, timed);
  result.total_ms = result.outcome.total.ms;
  // After an error the context is dropped instead: its networks may be in any state.
  state_->give_back(std::move(context));
  return result;
}

Classification Classifier::classify_file(const std::filesystem::path& path, Request request,
                                         Trace* trace) const {
  const Stopwatch watch(*state_->clock);
  const Image image = read_image(path);
  const double decode_ms = watch.ms();
  request.spent_ms += decode_ms;
  Classification result = classify(image, request, trace);
  result.decode_ms = decode_ms;
  return result;
}

void Classifier::warm_up() const {
  for (const ModelIndex model : state_->models) (void)state_->pool.acquire(model);
}

const Policy& Classifier::policy() const { return *state_->policy; }
const Zoo& Classifier::zoo() const { return state_->zoo; }

std::string Classifier::label_name(Label label) const {
  if (label == kNoLabel) return "none";
  const auto& names = state_->zoo.label_names;
  const auto index = static_cast<std::size_t>(label);
  return label >= 0 && index < names.size() ? names[index] : fmt::to_string(label);
}

}  // namespace triage
