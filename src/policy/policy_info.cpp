#include "triage/policy_info.h"

#include <algorithm>

namespace triage {

double PolicyModel::time_quantile_ms(double quantile) const {
  const std::array<double, kTimeQuantiles.size()> ms{p50_ms, p90_ms, p99_ms, p999_ms};
  const auto at = std::find(kTimeQuantiles.begin(), kTimeQuantiles.end(), quantile);
  return at == kTimeQuantiles.end() ? kNotMeasured
                                    : ms[static_cast<std::size_t>(at - kTimeQuantiles.begin())];
}

bool TrainingFacts::has_input(std::uint64_t hash) const {
  const auto has = [&](std::uint64_t wanted) {
    return std::binary_search(input_hashes.begin(), input_hashes.end(), wanted);
  };
  return has(hash) || has(hash & 0xFFFFFFFF00000000U);
}

}  // namespace triage
