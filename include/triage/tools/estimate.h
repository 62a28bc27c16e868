// Figures with their uncertainty.
#pragma once

#include <cmath>

#include "triage/types.h"

namespace triage {

struct Interval {
  double low = kNotMeasured;
  double high = kNotMeasured;
};

// A figure with its paired bootstrap 95 % interval over the inputs.
struct Estimate {
  double value = kNotMeasured;
  Interval interval;
};

// The interval's ends, or the value itself where no interval was made.
[[nodiscard]] inline double low_end(const Estimate& estimate) {
  return std::isfinite(estimate.interval.low) ? estimate.interval.low : estimate.value;
}
[[nodiscard]] inline double high_end(const Estimate& estimate) {
  return std::isfinite(estimate.interval.high) ? estimate.interval.high : estimate.value;
}

}  // namespace triage
