// Algorithm 1 (paper, section 3.2): which models are worth choosing from.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stats/hull.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

// How many of the rows each model is right on, shape (m).
std::vector<double> count_right(const Table& table, Rows rows, Criterion criterion) {
  std::vector<double> counts(table.n_models(), 0);
  for (const std::uint32_t row : rows) {
    for (std::size_t model = 0; model < counts.size(); ++model) {
      counts[model] += table.score(row, static_cast<ModelIndex>(model), criterion) > 0 ? 1.0 : 0.0;
    }
  }
  return counts;
}

// How many of the rows each model is the optimum of, shape (m).
std::vector<double> count_optimum(const Table& table, Rows rows, std::span<const double> costs,
                                  Criterion criterion) {
  const auto models = all_models(table);
  std::vector<double> counts(table.n_models(), 0);
  for (const std::uint32_t row : rows) {
    const ModelIndex best = optimum(table, row, models, costs, criterion);
    if (best != kNoModel) ++counts[static_cast<std::size_t>(best)];
  }
  return counts;
}

// The candidate with the highest value (ties: cheaper, then the lower index); kNoModel when there is none.
ModelIndex highest(std::span<const ModelIndex> candidates, std::span<const double> values,
                   std::span<const double> costs) {
  ModelIndex best = kNoModel;
  for (const ModelIndex model : candidates) {
    const auto i = static_cast<std::size_t>(model), b = static_cast<std::size_t>(best);
    if (best == kNoModel || values[i] > values[b] || (values[i] == values[b] && costs[i] < costs[b]))
      best = model;
  }
  return best;
}

std::vector<ModelIndex> candidates_of(const Table& table, Rows rows, std::span<const double> costs,
                                      Criterion criterion, SelectionRule rule) {
  if (rule != SelectionRule::kHull) return all_models(table);
  std::vector<ModelIndex> candidates;
  for (const std::size_t model : upper_hull(costs, mean_scores(table, rows, criterion))) {
    candidates.push_back(static_cast<ModelIndex>(model));
  }
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

// What the next model is chosen by: on how many of the still failing rows it is right; or, for kGainPerCost,
// that number per unit of cost, 0 where it is at most `enough`.
std::vector<double> values_of(const Table& table, std::span<const std::uint32_t> failing,
                              std::span<const double> costs, Criterion criterion, SelectionRule rule,
                              double enough) {
  std::vector<double> values = count_right(table, failing, criterion);
  if (rule != SelectionRule::kGainPerCost) return values;
  for (std::size_t model = 0; model < values.size(); ++model)
    values[model] = values[model] > enough ? values[model] / costs[model] : 0;
  return values;
}

// Takes out the rows on which `model` is right; returns how many they were.
std::size_t remove_right(const Table& table, Criterion criterion, ModelIndex model,
                         std::vector<std::uint32_t>& failing) {
  return std::erase_if(failing, [&](std::uint32_t row) { return table.score(row, model, criterion) > 0; });
}

}  // namespace

ModelSelection select_models(const Table& table, Rows rows, Criterion criterion, double theta,
                             std::size_t max_models, const CostWeights& cost, SelectionRule rule) {
  if (!(theta >= 0 && theta < 1)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("theta: {:.4g}, expected a share from 0 up to 1; 0.005 is usual", theta));
  }
  if (rows.empty() || max_models == 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("selection of models: {} inputs and at most {} models, expected 1 or "
                            "more of each; profile more inputs or allow more models",
                            rows.size(), max_models));
  }
  const auto costs = model_costs(table, rows, cost);
  const auto n = static_cast<double>(rows.size());
  auto candidates = candidates_of(table, rows, costs, criterion, rule);
  std::vector<std::uint32_t> failing(rows.begin(), rows.end());

  ModelSelection selection;
  ModelIndex next = highest(candidates, count_optimum(table, rows, costs, criterion), costs);
  while (next != kNoModel) {
    const double gain = static_cast<double>(remove_right(table, criterion, next, failing)) / n;
    const bool kept = selection.models.empty() || gain > theta;
    const double coverage = static_cast<double>(rows.size() - failing.size()) / n;
    selection.trace.push_back({next, coverage, gain, kept});
    if (!kept) break;
    selection.models.push_back(next);
    if (selection.models.size() == max_models) break;
    std::erase(candidates, next);
    next = highest(candidates, values_of(table, failing, costs, criterion, rule, theta * n), costs);
  }
  return selection;
}

}  // namespace triage
