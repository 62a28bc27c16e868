// What a frontier's band says.
#pragma once

#include <cstddef>

#include "triage/tools/evaluate.h"

namespace triage {

// A frontier's settings by where the simultaneous band of their score above the zero router lies.
struct BandReading {
  std::size_t settings = 0;  // 0: no band was made
  // Wholly above zero, and wholly below it, by more than the points' resolution.
  std::size_t above = 0;
  std::size_t below = 0;
  double from_ms = kNotMeasured, to_ms = kNotMeasured;  // of those below
  double worst = kNotMeasured;                          // the lowest difference of those below
};
[[nodiscard]] BandReading read_band(const Frontier& frontier);

}  // namespace triage
