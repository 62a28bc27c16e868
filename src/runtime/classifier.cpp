// Classifier: a policy at work that can be replaced while calls are under way.
#include "triage/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "runtime/serving.h"
#include "triage/error.h"

namespace triage {
namespace {

// Images that go in step: enough for batching to pay, few enough to keep their tensors.
constexpr std::size_t kInStep = 32;

// Passes everything on to the live backend, counts its looks and learns from their times.
class CountingBackend final : public Backend {
 public:
  CountingBackend(Serving& serving, LiveBackend& live, Result& result)
      : serving_(&serving), live_(&live), result_(&result) {}
  Cost extract(FeatureMask mask, std::span<float> values) override { return live_->extract(mask, values); }
  [[nodiscard]] double elapsed_ms(double accounted_ms) const override {
    return live_->elapsed_ms(accounted_ms);
  }
  Look run(ModelIndex model) override { return *run_within(model, {}); }
  std::optional<Look> run_within(ModelIndex model, const Patience& patience) override {
    auto look = live_->run_within(model, patience);
    if (!look) return look;
    const LookTimes times = live_->last_times();
    count_look(*serving_, *look, times, *result_);
    serving_->load().saw(live_->tensor_ms(model) + times.infer_ms,
                         serving_->policy()->info().models[static_cast<std::size_t>(model)].mean_ms);
    return look;
  }

 private:
  Serving* serving_;
  LiveBackend* live_;
  Result* result_;
};

void tell(const Serving& serving, const Result& result) {
  if (Observer* observer = serving.runtime()->options().observer.get(); observer != nullptr) {
    observer->on_outcome(*serving.policy(), result);
  }
}

}  // namespace

struct Classifier::State {
  State(std::shared_ptr<const Policy> policy, std::shared_ptr<Runtime> runtime_in)
      : runtime(std::move(runtime_in)), serving(std::make_shared<Serving>(std::move(policy), runtime)) {}

  [[nodiscard]] std::shared_ptr<Serving> current() const {
    const std::lock_guard lock(mutex);
    return serving;
  }

  // Classifies what `image_of` gives, which takes time of its own.
  template <class ImageOf>
  void classify(const ImageOf& image_of, Request request, const std::stop_token& stop, Result& result) const {
    const std::shared_ptr<Serving> working = current();
    const Clock& clock = working->runtime()->clock();
    const Stopwatch watch(clock);
    check_request(*working->policy(), request);
    double decode_ms = 0;
    const auto image = image_of(working->decode(), decode_ms);
    const ImageView view(image);
    check_view(view, "image");
    std::unique_ptr<LiveBackend> backend = working->borrow();
    request.spent_ms += watch.ms();
    backend->begin(view);
    CountingBackend counting(*working, *backend, result);
    drive(*working->policy(), counting, clock, result, request, stop, &working->load());
    if (result.refused && (result.limit == Limit::kLatency || result.limit == Limit::kDeadline)) {
      working->load().saw_nothing();
    }
    working->give_back(std::move(backend));
    result.decode_ms = decode_ms;
    tell(*working, result);
  }

  // `decode` gives the image, by the options that it is given.
  template <class Decode>
  Result classify_decoded(const Decode& decode, const Request& request, const std::stop_token& stop) const {
    Result result;
    classify(
        [&](const DecodeOptions& options, double& decode_ms) {
          const Stopwatch watch(runtime->clock());
          Image image = decode(options);
          decode_ms = watch.ms();
          return image;
        },
        request, stop, result);
    return result;
  }

  std::shared_ptr<Runtime> runtime;
  mutable std::mutex mutex;
  std::shared_ptr<Serving> serving;  // guarded by mutex
};

Classifier::Classifier(std::shared_ptr<const Policy> policy, std::shared_ptr<Runtime> runtime)
    : state_(std::make_shared<State>(std::move(policy), std::move(runtime))) {}

Classifier Classifier::load(const std::filesystem::path& policy, const std::filesystem::path& zoo,
                            const RuntimeOptions& options) {
  std::shared_ptr<const Policy> loaded = load_policy(policy);
  try {
    return {std::move(loaded), Runtime::load(zoo, options)};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kPolicy) throw;
    throw Error(error.code(), fmt::format("'{}': {}", policy.string(), error.what()));
  }
}

Result Classifier::classify(const ImageView& image, const Request& request,
                            const std::stop_token& stop) const {
  Result result;
  classify_into(image, result, request, stop);
  return result;
}

void Classifier::classify_into(const ImageView& image, Result& result, const Request& request,
                               const std::stop_token& stop) const {
  state_->classify([&](const DecodeOptions&, double&) { return image; }, request, stop, result);
}

Result Classifier::classify_bytes(std::span<const std::uint8_t> bytes, const Request& request,
                                  const std::stop_token& stop, std::string_view name) const {
  return state_->classify_decoded(
      [&](const DecodeOptions& options) { return decode_image(bytes, name, options); }, request, stop);
}

Result Classifier::classify_file(const std::filesystem::path& path, const Request& request,
                                 const std::stop_token& stop) const {
  return state_->classify_decoded([&](const DecodeOptions& options) { return read_image(path, options); },
                                  request, stop);
}

std::vector<Result> Classifier::classify_batch(std::span<const ImageView> images, const Request& request,
                                               const std::stop_token& stop) const {
  const std::shared_ptr<Serving> working = state_->current();
  const Stopwatch watch(working->runtime()->clock());
  check_request(*working->policy(), request);
  for (std::size_t i = 0; i < images.size(); ++i) check_view(images[i], fmt::format("image {}", i));
  std::vector<Result> results(images.size());
  for (std::size_t first = 0; first < images.size(); first += kInStep) {
    const std::size_t n = std::min(kInStep, images.size() - first);
    Request asked = request;
    asked.spent_ms += watch.ms();
    classify_in_step(*working, images.subspan(first, n), asked, stop, std::span(results).subspan(first, n));
  }
  for (const Result& result : results) tell(*working, result);
  return results;
}

void Classifier::warm_up(std::size_t copies) const {
  const std::shared_ptr<Serving> working = state_->current();
  for (const ModelIndex model : working->zoo_models()) working->runtime()->pool().warm_up(model, copies);
}

void Classifier::warm_up_for(const Request& request, const std::stop_token& stop) const {
  const std::shared_ptr<Serving> working = state_->current();
  std::vector<ModelIndex> needed;
  for (const OrderedLook& look : working->policy()->look_order(request)) {
    needed.push_back(working->zoo_models()[static_cast<std::size_t>(look.model)]);
  }
  for (const ModelIndex model : needed.empty() ? working->zoo_models() : needed) {
    if (stop.stop_requested()) return;
    working->runtime()->pool().warm_up(model, 1);
  }
}

void Classifier::set_policy(std::shared_ptr<const Policy> policy) {
  auto next = std::make_shared<Serving>(std::move(policy), state_->runtime);
  const std::lock_guard lock(state_->mutex);
  state_->serving.swap(next);  // the old one is destroyed with its last call
}

std::shared_ptr<const Policy> Classifier::policy() const { return state_->current()->policy(); }
double Classifier::load_factor() const { return state_->current()->load().value(); }
DecodeOptions Classifier::decode_options() const { return state_->current()->decode(); }
const Zoo& Classifier::zoo() const { return state_->runtime->zoo(); }
const std::shared_ptr<Runtime>& Classifier::runtime() const { return state_->runtime; }

std::string Classifier::label_name(Label label) const {
  if (label == kNoLabel) return "none";
  const std::shared_ptr<const Policy> trained = policy();
  const auto& names = zoo().label_names.empty() ? trained->info().label_names : zoo().label_names;
  const auto index = static_cast<std::size_t>(label);
  return label >= 0 && index < names.size() ? names[index] : fmt::to_string(label);
}

}  // namespace triage
