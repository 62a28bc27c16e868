// Figures with their uncertainty.
#pragma once

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

}  // namespace triage
