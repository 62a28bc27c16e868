// Feedback on the price, so that a stream's mean time meets its target.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "triage/error.h"
#include "triage/policy.h"
#include "triage/request.h"

namespace triage {
namespace {

// The weight of training's expected times against measured ones, in inputs at the target.
constexpr double kPrior = 50;

}  // namespace

Stream::Stream(const Policy& policy, const StreamOptions& options) : options_(options) {
  const bool in_ms = !policy.price_unit().counts_energy();
  if (!policy.has_prices() || !in_ms) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("mean_latency_ms: a policy of kind '{}'{}, expected an adaptive one with prices in "
                    "milliseconds; train one",
                    policy.kind(), in_ms ? "" : " trained to save energy"));
  }
  for (const PriceSetting& setting : policy.price_settings())
    settings_.push_back({setting.cost / policy.price_unit().per_ms, setting.price});
  std::stable_sort(settings_.begin(), settings_.end(),
                   [](const Setting& a, const Setting& b) { return a.ms < b.ms; });
  if (!(options.mean_latency_ms >= settings_.front().ms) || std::isinf(options.mean_latency_ms)) {
    throw Error(ErrorCode::kUsage, fmt::format("mean_latency_ms: {:.4g}, expected a time of at least {:.4g}, "
                                               "what the policy's cheapest setting takes",
                                               options.mean_latency_ms, settings_.front().ms));
  }
  if (options.horizon < 1) {
    throw Error(ErrorCode::kUsage, fmt::format("horizon: {}, expected 1 or more inputs", options.horizon));
  }
}

Request Stream::request() {
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
  const double expected = expected_ms(request.price);
  const std::lock_guard lock(mutex_);
  ++n_;
  spent_ms_ += ms;
  expected_ms_ += expected;
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
