#include "stats/quantile.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "triage/types.h"

namespace triage {

double interpolated_quantile(std::span<double> values, double p) {
  TRIAGE_CHECK(p >= 0 && p <= 1);
  if (values.empty()) return kNotMeasured;
  const double position = p * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), at, values.end());
  const double fraction = position - static_cast<double>(low);
  if (fraction == 0.0) return *at;
  const double next = *std::min_element(at + 1, values.end());
  // Infinity less infinity would be NaN.
  return next == *at ? *at : *at + fraction * (next - *at);
}

double covering_quantile(std::span<double> values, double p) {
  TRIAGE_CHECK(p >= 0 && p <= 1);
  if (values.empty()) return kNotMeasured;
  const double rank = std::ceil(p * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace triage
