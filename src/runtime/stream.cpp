// A stream: feedback on the price, so that its mean time meets a target, and frames that take the answer of
// an earlier one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/frame_reuse.h"
#include "triage/classifier.h"
#include "triage/error.h"
#include "triage/policy.h"
#include "triage/request.h"

namespace triage {
namespace {

// The weight of training's expected times against measured ones, in inputs at the target.
constexpr double kPrior = 50;

void check_mean_time(const Policy& policy, const StreamOptions& options) {
  const bool in_ms = !policy.price_unit().counts_energy();
  if (!policy.has_prices() || !in_ms) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("mean_latency_ms: a policy of kind '{}'{}, expected an adaptive one with prices in "
                    "milliseconds; train one",
                    policy.kind(), in_ms ? "" : " trained to save energy"));
  }
  if (options.horizon < 1) {
    throw Error(ErrorCode::kUsage, fmt::format("horizon: {}, expected 1 or more inputs", options.horizon));
  }
}

}  // namespace

// The last answer and the frame that it is of. Not safe concurrently.
class Stream::Answered {
 public:
  explicit Answered(const ReuseRule& rule) : reuse_(rule) {}
  // Another policy's answer is not taken: its models and classes may be others.
  [[nodiscard]] Reuse compare(const Thumbnail& frame, const Policy* policy) {
    Reuse reuse = reuse_.compare(frame);
    reuse.reuses = reuse.reuses && policy == policy_.get();
    return reuse;
  }
  // What the frame that was compared last gets without running anything.
  [[nodiscard]] Result again(const Request& request) const {
    Result result;
    result.answer = answer_;
    result.model = model_;
    result.reused = true;
    result.total.j = 0;  // known, as long as every look's is
    result.below_confidence = answer_.confidence() < request.min_confidence;
    if (request.explain) result.trace.emplace();
    return result;
  }
  void keep(const Thumbnail& frame, const Result& result, std::shared_ptr<const Policy> policy) {
    reuse_.answered(frame);
    policy_ = std::move(policy);
    answer_ = result.answer;
    model_ = result.model;
  }

 private:
  FrameReuse reuse_;
  std::shared_ptr<const Policy> policy_;
  TopK answer_;
  ModelIndex model_ = kNoModel;
};

Stream::Stream(const Policy& policy, const StreamOptions& options) : options_(options) {
  if (options.reuse) {
    check_reuse(*options.reuse);
    answered_ = std::make_unique<Answered>(*options.reuse);
  }
  if (options.mean_latency_ms == std::numeric_limits<double>::infinity()) return;
  check_mean_time(policy, options);
  for (const PriceSetting& setting : policy.price_settings())
    settings_.push_back({setting.cost / policy.price_unit().per_ms, setting.price});
  std::stable_sort(settings_.begin(), settings_.end(),
                   [](const Setting& a, const Setting& b) { return a.ms < b.ms; });
  if (!(options.mean_latency_ms >= settings_.front().ms)) {
    throw Error(ErrorCode::kUsage, fmt::format("mean_latency_ms: {:.4g}, expected a time of at least {:.4g}, "
                                               "what the policy's cheapest setting takes",
                                               options.mean_latency_ms, settings_.front().ms));
  }
}

Stream::~Stream() = default;

Request Stream::request() {
  if (settings_.empty()) return {};
  const std::lock_guard lock(mutex_);
  const double target = options_.mean_latency_ms;
  // What one input may take now: the target, and a part of what has been saved so far.
  const double saved = target * static_cast<double>(n_) - spent_ms_;
  const double allowed = std::max(0.0, target + saved / options_.horizon);
  // Times here may differ from those in training by a factor.
  const double prior = kPrior * target;
  const double factor = (prior + spent_ms_) / (prior + expected_ms_);
  const double wanted = allowed / factor;

  std::size_t above = 0;
  while (above < settings_.size() && settings_[above].ms <= wanted) ++above;
  std::size_t chosen = above == 0 ? 0 : above - 1;
  if (above > 0 && above < settings_.size()) {
    // Between two settings: the more expensive one as often as brings the mean to what is wanted.
    const double width = settings_[above].ms - settings_[above - 1].ms;
    left_over_ += (wanted - settings_[above - 1].ms) / width;
    if (left_over_ >= 1) {
      left_over_ -= 1;
      chosen = above;
    }
  }
  Request request;
  request.price = settings_[chosen].price;
  return request;
}

// The setting that the price belongs to; a request not made by request() counts as the nearest.
double Stream::expected_ms(double price) const {
  const auto nearest =
      std::min_element(settings_.begin(), settings_.end(), [&](const Setting& a, const Setting& b) {
        return std::abs(a.price - price) < std::abs(b.price - price);
      });
  return nearest->ms;
}

void Stream::record(const Request& request, double ms) {
  add(ms, settings_.empty() ? 0 : expected_ms(request.price));
}

void Stream::add(double ms, double expected) {
  const std::lock_guard lock(mutex_);
  ++n_;
  spent_ms_ += ms;
  expected_ms_ += expected;
}

Result Stream::classify(const Classifier& classifier, const ImageView& frame, const Request& request,
                        const std::stop_token& stop) {
  if (answered_ == nullptr) {
    Result result = classifier.classify(frame, request, stop);
    record(request, result.total.ms);
    return result;
  }
  Result result = classify_or_reuse(classifier, frame, request, stop);
  if (!result.reused) {
    record(request, result.total.ms);
    return result;
  }
  // No setting was used. What is left of the mean time goes to other frames.
  add(result.total.ms, 0);
  if (Observer* observer = classifier.runtime()->options().observer.get(); observer != nullptr) {
    observer->on_outcome(*classifier.policy(), result);
  }
  return result;
}

Result Stream::classify_or_reuse(const Classifier& classifier, const ImageView& frame, Request request,
                                 const std::stop_token& stop) {
  const auto policy = classifier.policy();
  const Stopwatch watch(classifier.runtime()->clock());
  check_request(*policy, request);
  const Thumbnail thumbnail = thumbnail_of(frame);
  const Reuse reuse = answered_->compare(thumbnail, policy.get());
  const double compare_ms = watch.ms();
  request.spent_ms += compare_ms;
  Result result = reuse.reuses ? answered_->again(request) : classifier.classify(frame, request, stop);
  if (reuse.reuses) {
    result.age = reuse.age;
    result.elapsed_ms = request.spent_ms;
    result.breached = result.elapsed_ms > request.max_latency_ms;
    result.features.assign(policy->info().schema.size(), std::numeric_limits<float>::quiet_NaN());
  } else if (!result.refused) {
    answered_->keep(thumbnail, result, policy);
  }
  result.frame_difference = reuse.difference;
  result.decision_ms += compare_ms;
  result.total.ms += compare_ms;
  return result;
}

std::size_t Stream::inputs() const {
  const std::lock_guard lock(mutex_);
  return n_;
}

double Stream::mean_ms() const {
  const std::lock_guard lock(mutex_);
  return n_ == 0 ? 0 : spent_ms_ / static_cast<double>(n_);
}

}  // namespace triage
