#include "stats/quantile.h"

#include <algorithm>

#include "triage/types.h"

namespace triage {

double quantile(std::vector<double>& values, double p) {
  if (values.empty()) return kNotMeasured;
  const double position = p * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), at, values.end());
  const double fraction = position - static_cast<double>(low);
  if (fraction == 0.0) return *at;
  return *at + fraction * (*std::min_element(at + 1, values.end()) - *at);
}

}  // namespace triage
