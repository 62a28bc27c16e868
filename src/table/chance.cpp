// Which models do no better than guessing.
#include <algorithm>
#include <unordered_map>

#include "stats/binomial.h"
#include "triage/tools/table.h"

namespace triage {

AtChance models_at_chance(const Table& table) {
  constexpr std::size_t kLeastInputs = 20;
  constexpr double kMaxPValue = 0.01;
  const std::size_t n = table.n_inputs();
  if (n < kLeastInputs || !table.labels_from.empty()) return {};
  std::unordered_map<Label, std::size_t> counts;
  std::size_t most = 0;
  for (const Label label : table.labels) most = std::max(most, ++counts[label]);
  if (counts.contains(kNoLabel)) return {};
  AtChance result;
  result.chance = std::max(static_cast<double>(most) / static_cast<double>(n), 1.0 / table.n_classes);
  // Whoever is always right cannot do better, and there is nothing to tell.
  if (result.chance >= 1) return {};
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < n; ++i)
      right += table.ranks[table.at(i, static_cast<ModelIndex>(m))] == 1 ? 1 : 0;
    if (binomial_tail(right, n, result.chance) > kMaxPValue)
      result.models.push_back(static_cast<ModelIndex>(m));
  }
  return result;
}

}  // namespace triage
