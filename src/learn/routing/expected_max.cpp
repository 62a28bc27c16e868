#include "learn/routing/expected_max.h"

#include <cmath>
#include <numbers>

namespace triage {

Maximum max_with(const Maximum& max, const Normals& normals, std::size_t added) {
  const std::size_t k = normals.mean.size();
  const double mean = normals.mean[added], variance = normals.cov(added, added);
  Maximum out;
  const auto take_added = [&] {
    out.mean = mean;
    out.variance = variance;
    for (std::size_t j = 0; j < k; ++j) out.cov[j] = normals.cov(added, j);
    return out;
  };
  if (!std::isfinite(max.mean)) return take_added();
  const double spread_2 = max.variance + variance - 2 * max.cov[added];  // variance of their difference
  if (!(spread_2 > 1e-14)) return max.mean >= mean ? max : take_added();
  const double spread = std::sqrt(spread_2), z = (max.mean - mean) / spread;
  const double share = 0.5 * std::erfc(-z * std::numbers::sqrt2 / 2);  // probability that `max` is the larger
  const double density = std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  out.mean = max.mean * share + mean * (1 - share) + spread * density;
  const double square = (max.mean * max.mean + max.variance) * share +
                        (mean * mean + variance) * (1 - share) + (max.mean + mean) * spread * density;
  out.variance = std::max(0.0, square - out.mean * out.mean);
  for (std::size_t j = 0; j < k; ++j) out.cov[j] = max.cov[j] * share + normals.cov(added, j) * (1 - share);
  return out;
}

Maximum max_of(const Normals& normals, ModelSet set) {
  Maximum max;
  for (std::size_t m = 0; m < normals.mean.size(); ++m) {
    if (contains(set, m)) max = max_with(max, normals, m);
  }
  return max;
}

}  // namespace triage
