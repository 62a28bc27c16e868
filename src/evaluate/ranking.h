// Which of a breakdown's classes are worth naming, and what a frontier's band says.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "triage/tools/evaluate.h"

namespace triage {

// Right answers that the subject has more than SBS in a class, a whole number.
[[nodiscard]] long long net_gain(const Breakdown& breakdown, std::size_t cls);
// Classes (indices into Breakdown::classes) by rising net gain, so that classes of one input do not come
// first; ties: the smaller class, then the earlier.
[[nodiscard]] std::vector<std::size_t> worst_classes(const Breakdown& breakdown);
// By falling mean time of the subject; ties: the larger class, then the earlier.
[[nodiscard]] std::vector<std::size_t> dearest_classes(const Breakdown& breakdown);

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
// How far the settings below are below: "by up to 0.12 points".
[[nodiscard]] std::string by_how_much(const BandReading& band);
// Whether the band lies below zero anywhere, and how far. Empty without a band.
[[nodiscard]] std::string band_sentence(const Frontier& frontier);

}  // namespace triage
