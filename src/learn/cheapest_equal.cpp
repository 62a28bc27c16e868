// The cheapest model that is no worse than the single best one within noise.
#include <algorithm>
#include <cmath>

#include "stats/mean.h"
#include "triage/tools/learn.h"

namespace triage {

ModelIndex cheapest_equal_model(const Table& table, Rows rows, const LearnOptions& learn) {
  const auto costs = model_costs(table, rows, learn.cost);
  const ModelIndex best = single_best(mean_scores(table, rows, learn.criterion), costs);
  ModelIndex chosen = best;
  std::vector<double> loss(rows.size());
  for (const ModelIndex model : all_models(table)) {
    if (costs[static_cast<std::size_t>(model)] >= costs[static_cast<std::size_t>(chosen)]) continue;
    std::transform(rows.begin(), rows.end(), loss.begin(), [&](std::uint32_t row) {
      return table.score(row, best, learn.criterion) - table.score(row, model, learn.criterion);
    });
    const double error = standard_deviation(loss) / std::sqrt(static_cast<double>(loss.size()));
    if (mean(loss) <= std::min(error, kScoreTolerance)) chosen = model;
  }
  return chosen;
}

}  // namespace triage
