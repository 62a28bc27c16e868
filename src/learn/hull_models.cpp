#include "learn/hull_models.h"

namespace triage {

bool is_on_hull(ModelIndex index, std::span<const double> costs, std::span<const double> scores) {
  const auto model = static_cast<std::size_t>(index);
  for (std::size_t a = 0; a < costs.size(); ++a) {
    if (a == model || costs[a] > costs[model]) continue;
    if (scores[a] > scores[model] || (scores[a] == scores[model] && (costs[a] < costs[model] || a < model)))
      return false;
    for (std::size_t b = 0; b < costs.size(); ++b) {
      if (!(costs[b] > costs[model]) || !(scores[b] > scores[a])) continue;
      const double share = (costs[model] - costs[a]) / (costs[b] - costs[a]);
      if (scores[a] + share * (scores[b] - scores[a]) > scores[model]) return false;
    }
  }
  return true;
}

}  // namespace triage
