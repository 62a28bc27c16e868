#include "stats/chance.h"

#include <algorithm>
#include <unordered_map>

#include "stats/binomial.h"

namespace triage {

double chance_rate(std::span<const std::int32_t> labels, std::int32_t n_classes) {
  std::unordered_map<std::int32_t, std::size_t> counts;
  std::size_t most = 0;
  for (const std::int32_t label : labels) most = std::max(most, ++counts[label]);
  const double even = 1.0 / n_classes;
  return labels.empty() ? even
                        : std::max(even, static_cast<double>(most) / static_cast<double>(labels.size()));
}

bool is_at_chance(std::size_t right, std::size_t n, double chance) {
  constexpr std::size_t kLeastAnswers = 20;
  constexpr double kMaxPValue = 0.01;
  return n >= kLeastAnswers && chance < 1 && binomial_tail(right, n, chance) > kMaxPValue;
}

}  // namespace triage
