// The table's own questions: means, the optimum model of an input, the single best model, folds.
#include "triage/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/hash.h"
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

std::string_view to_string(TimingMode mode) { return mode == TimingMode::kCheap ? "cheap" : "exhaustive"; }

std::string describe(const Timing& timing) {
  if (timing.mode == TimingMode::kCheap)
    return "cheap: each model timed once on each input, after a run that warmed its caches";
  return fmt::format(
      "exhaustive: each model ran {} to {} times on each input, until the 95 % bound of the mean was at most "
      "{:.3g} % of it; {} of {} cells ended at the cap",
      timing.min_runs, timing.max_runs, 100 * timing.bound, timing.capped, timing.cells);
}

ModelIndex Table::find(std::string_view name) const {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].name == name) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

ModelIndex Table::find_selector(std::string_view name) const {
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    if (selectors[i].name == name) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

double Table::selector_cost_ms(std::size_t input, ModelIndex selector) const {
  const auto s = static_cast<std::size_t>(selector);
  const auto recipe = static_cast<std::size_t>(selector_recipe_of[s]);
  return static_cast<double>(preprocess_ms[input * n_recipes() + recipe]) +
         static_cast<double>(selector_ms[input * selectors.size() + s]);
}

double Table::selector_cost_j(ModelIndex selector) const {
  const auto s = static_cast<std::size_t>(selector);
  if (energy.selector_j.empty() || energy.preprocess_j.empty()) return kNotMeasured;
  return energy.selector_j[s] + energy.preprocess_j[static_cast<std::size_t>(selector_recipe_of[s])];
}

std::vector<double> mean_costs(const Table& table, Rows rows) {
  return mean_per_model(table, rows,
                        [&](std::size_t row, ModelIndex model) { return table.cost_ms(row, model); });
}

std::vector<double> mean_energy(const Table& table) {
  std::vector<double> joules;
  for (const ModelIndex model : all_models(table)) joules.push_back(table.cost_j(model));
  return joules;
}

std::string_view to_string(CostKind kind) { return kind == CostKind::kTime ? "time" : "energy"; }

CostKind parse_cost_kind(std::string_view text) {
  for (const auto kind : {CostKind::kTime, CostKind::kEnergy}) {
    if (text == to_string(kind)) return kind;
  }
  throw Error(ErrorCode::kUsage, fmt::format("cost: '{}', expected time or energy", text));
}

std::vector<double> model_costs(const Table& table, Rows rows, CostKind kind) {
  if (kind == CostKind::kTime) return mean_costs(table, rows);
  const auto joules = mean_energy(table);
  if (std::none_of(joules.begin(), joules.end(), [](double j) { return std::isnan(j); })) return joules;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("cost: energy was {}, expected joules of every model; use '--cost time', or profile on a "
                  "machine with an energy meter ('triage info' lists them)",
                  table.energy.note));
}

std::vector<double> mean_scores(const Table& table, Rows rows, Criterion criterion) {
  return mean_per_model(
      table, rows, [&](std::size_t row, ModelIndex model) { return table.score(row, model, criterion); });
}

ModelIndex optimum(const Table& table, std::size_t input, std::span<const ModelIndex> candidates,
                   std::span<const double> costs, Criterion criterion) {
  ModelIndex best = kNoModel;
  for (const ModelIndex model : candidates) {
    if (table.score(input, model, criterion) <= 0.0) continue;
    const auto cost = [&](ModelIndex index) { return costs[static_cast<std::size_t>(index)]; };
    if (best == kNoModel || cost(model) < cost(best) || (cost(model) == cost(best) && model < best)) {
      best = model;
    }
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
  return std::none_of(rows.begin(), rows.end(), [&](std::uint32_t row) {
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

std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed) {
  std::vector<std::uint32_t> rows(table.n_inputs());
  std::iota(rows.begin(), rows.end(), 0U);
  return make_folds(table, rows, k, seed);
}

std::vector<std::int32_t> make_folds(const Table& table, Rows rows, int k, std::uint64_t seed) {
  const std::size_t n = rows.size();
  if (k < 2 || static_cast<std::size_t>(k) > n) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("folds: {} of {} inputs, expected 2 or more and an input for each; choose another number "
                    "(--cv), or profile more inputs",
                    k, n));
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = {hash64(seed, table.ids[rows[i]]), i};
  // Equal hashes are told apart by the id, never by the row.
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : table.ids[rows[a.second]] < table.ids[rows[b.second]];
  });
  std::vector<std::int32_t> folds(n);
  for (std::size_t i = 0; i < n; ++i) {
    folds[order[i].second] = static_cast<std::int32_t>(i % static_cast<std::size_t>(k));
  }
  return folds;
}

std::string inputs_hash(const Table& table, Rows rows) {
  std::uint64_t sum = mix64(rows.size());
  for (const std::uint32_t row : rows) sum += hash64(0, table.ids[row]);
  return fmt::format("{:016x}", mix64(sum));
}

}  // namespace triage
