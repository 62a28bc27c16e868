// Means over rows, the optimum model of an input, the single best model.
#include "triage/tools/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "table/row_order.h"
#include "triage/error.h"

namespace triage {
namespace {

template <class Value>
std::vector<double> mean_per_model(const Table& table, Rows rows, const Value& value) {
  std::vector<double> sums(table.n_models(), 0.0);
  for (const std::uint32_t row : rows) {
    for (std::size_t model = 0; model < sums.size(); ++model) {
      sums[model] += value(row, static_cast<ModelIndex>(model));
    }
  }
  for (double& sum : sums) sum = rows.empty() ? kNotMeasured : sum / static_cast<double>(rows.size());
  return sums;
}

}  // namespace

std::vector<std::uint32_t> all_rows(const Table& table) { return first_positions(table.n_inputs()); }

std::vector<double> mean_costs(const Table& table, Rows rows) {
  return mean_per_model(table, rows,
                        [&](std::size_t row, ModelIndex model) { return table.cost_ms(row, model); });
}

std::vector<double> mean_energy(const Table& table) {
  std::vector<double> joules;
  for (const ModelIndex model : all_models(table)) joules.push_back(table.cost_j(model));
  return joules;
}

std::vector<double> model_costs(const Table& table, Rows rows, const CostWeights& weights) {
  const auto joules = mean_energy(table);
  if (weights.counts_energy() &&
      std::any_of(joules.begin(), joules.end(), [](double j) { return std::isnan(j); })) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("cost: energy was {}, expected joules of every model; use `cost` time, or profile on a "
                    "machine with an energy meter ('triage info' lists them)",
                    table.energy.note));
  }
  std::vector<double> costs = mean_costs(table, rows);
  for (std::size_t m = 0; m < costs.size(); ++m) costs[m] = weights.of(costs[m], joules[m]);
  return costs;
}

std::vector<double> mean_scores(const Table& table, Rows rows, Criterion criterion) {
  return mean_per_model(
      table, rows, [&](std::size_t row, ModelIndex model) { return table.score(row, model, criterion); });
}

ModelIndex optimum(const Table& table, std::size_t input, std::span<const ModelIndex> candidates,
                   std::span<const double> costs, Criterion criterion) {
  ModelIndex best = kNoModel;
  double best_score = 0, best_cost = 0;
  // Without branches, since nobody can foresee who is right.
  for (const ModelIndex model : candidates) {
    const double score = table.score(input, model, criterion), cost = costs[static_cast<std::size_t>(model)];
    const bool comes_before = (cost < best_cost) | ((cost == best_cost) & (model < best));
    const bool is_better = (score > best_score) | ((best != kNoModel) & (score == best_score) & comes_before);
    best = is_better ? model : best;
    best_score = is_better ? score : best_score;
    best_cost = is_better ? cost : best_cost;
  }
  return best;
}

ModelIndex single_best(std::span<const double> scores, std::span<const double> costs) {
  ModelIndex best = kNoModel;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::size_t b = static_cast<std::size_t>(best);
    if (best == kNoModel || scores[i] > scores[b] || (scores[i] == scores[b] && costs[i] < costs[b])) {
      best = static_cast<ModelIndex>(i);
    }
  }
  return best;
}

bool has_all_outputs(const Table& table, Rows rows) {
  return !table.outputs.empty() && std::none_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
    const auto first = table.outputs.begin() + static_cast<std::ptrdiff_t>(row * table.n_models());
    return std::any_of(first, first + static_cast<std::ptrdiff_t>(table.n_models()),
                       [](const TopK& output) { return output.empty(); });
  });
}

std::vector<ModelIndex> all_models(const Table& table) {
  std::vector<ModelIndex> models(table.n_models());
  std::iota(models.begin(), models.end(), 0);
  return models;
}

}  // namespace triage
