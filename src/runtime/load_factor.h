// How much slower networks run of late than the policy's times say, so that caps hold on a busy machine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>

namespace triage {

// Safe concurrently; allocates nothing. Of updates that meet one may be lost, which does not matter.
class LoadFactor {
 public:
  // `dearest_ms`: mean time of the policy's most expensive model.
  explicit LoadFactor(double dearest_ms) : dearest_ms_(dearest_ms) {}

  // What time quantiles are multiplied by: 1 or more, as a machine that is faster is no reason to promise
  // more.
  [[nodiscard]] double value() const { return std::max(1.0, std::exp(log_.load(kOrder))); }

  // A run took `ms`, where the policy's mean is `expected_ms`. A run of the dearest model takes the logarithm
  // an eighth of the way there, a cheaper one as much less as it is cheaper: a network of microseconds is
  // slowed down by what hardly slows down the others. By a twentieth at most, so that what happens now and
  // then, such as loading or other processes' turns, hardly counts: the quantiles include it.
  void saw(double ms, double expected_ms) {
    if (!(ms > 0 && expected_ms > 0)) return;
    const double log = log_.load(kOrder);
    const double step = std::clamp((std::log(ms / expected_ms) - log) / 8, -kMostStep, kMostStep);
    log_.store(log + step * std::min(1.0, expected_ms / dearest_ms_), kOrder);
  }
  // An input was refused, as nothing fitted. So nothing is seen, and the factor slowly returns to 1; else a
  // load that has passed would be held against all inputs to come.
  void saw_nothing() {
    const double log = log_.load(kOrder);
    if (log > 0) log_.store(log * (1 - 1.0 / 64), kOrder);
  }

 private:
  static constexpr std::memory_order kOrder = std::memory_order_relaxed;
  static constexpr double kMostStep = 0.05;
  double dearest_ms_;
  std::atomic<double> log_{0};
};

}  // namespace triage
