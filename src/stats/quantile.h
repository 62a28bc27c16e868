// Order statistics.
#pragma once

#include <vector>

namespace triage {

// `p` in 0..1, linear between order statistics (NumPy's default). Reorders `values`; NaN for none.
[[nodiscard]] double quantile(std::vector<double>& values, double p);

}  // namespace triage
