// Figures as people read them; terminal, verdict and report share these.
#pragma once

#include <string>

#include "triage/eval.h"

namespace triage {

inline constexpr const char* kNoFigure = "-";

// All give "-" for NaN.
[[nodiscard]] std::string percent(double share, int digits = 1);  // "92.9"
[[nodiscard]] std::string points(double share, int digits = 2);   // "+0.12", of 100
[[nodiscard]] std::string milliseconds(double ms);                // "0.0214", three significant digits
[[nodiscard]] std::string times(double factor);                   // "2.61", three significant digits
[[nodiscard]] std::string points_range(Interval interval);        // "[-0.10, +0.31]"
[[nodiscard]] std::string times_range(Interval interval);         // "[0.38, 0.41]"
[[nodiscard]] std::string criterion_name(Criterion criterion);    // "top-1"
// The interval's ends, or the value itself where no interval was made.
[[nodiscard]] double low_end(const Estimate& estimate);
[[nodiscard]] double high_end(const Estimate& estimate);
// Name of the model that SBS is in most folds.
[[nodiscard]] std::string sbs_model(const Evaluation& evaluation);

}  // namespace triage
