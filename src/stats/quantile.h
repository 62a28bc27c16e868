// Quantiles, by the two definitions that are needed. Both reorder `values`, take p in 0..1, and are NaN for
// no values.
#pragma once

#include <span>

namespace triage {

// Linear between order statistics, NumPy's default: for figures that are reported, which readers compare with
// those of their own tools. Infinite between a figure and infinity.
[[nodiscard]] double interpolated_quantile(std::span<double> values, double p);

// The smallest of the values that at least the share p of them do not exceed, NumPy's "inverted_cdf": for
// limits and caps, since what lies between two values would be exceeded by more than 1 - p.
[[nodiscard]] double covering_quantile(std::span<double> values, double p);

}  // namespace triage
