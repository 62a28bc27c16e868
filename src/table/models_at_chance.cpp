// Which models do no better than guessing.
#include <algorithm>

#include "stats/chance.h"
#include "triage/tools/table.h"

namespace triage {

AtChance models_at_chance(const Table& table) {
  if (!table.labels_from.empty() || table.ranks.empty() ||
      std::count(table.labels.begin(), table.labels.end(), kNoLabel) > 0)
    return {};
  const std::size_t n = table.n_inputs();
  AtChance result{.chance = chance_rate(table.labels, table.n_classes), .models = {}};
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < n; ++i)
      right += table.ranks[table.at(i, static_cast<ModelIndex>(m))] == 1 ? 1 : 0;
    if (is_at_chance(right, n, result.chance)) result.models.push_back(static_cast<ModelIndex>(m));
  }
  return result;
}

}  // namespace triage
