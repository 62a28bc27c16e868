#include "triage/stability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/stop.h"
#include "eval/bootstrap.h"
#include "eval/metrics.h"
#include "eval/summary.h"
#include "triage/error.h"

namespace triage {
namespace {

void check_pairs(std::span<const double> a, std::span<const double> b) {
  if (a.size() == b.size()) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("rank correlation: lists of {} and {} values, expected pairs", a.size(), b.size()));
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return values[x] < values[y]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = static_cast<double>(first + end + 1) / 2;
  }
  return ranks;
}

int sign(double value) { return (value > 0) - (value < 0); }

// Copies the columns `models` of a row-major array with `m` columns.
template <class Value>
std::vector<Value> select_columns(const std::vector<Value>& values, std::size_t m,
                                  std::span<const ModelIndex> models) {
  std::vector<Value> selected;
  selected.reserve(values.size() / m * models.size());
  for (std::size_t row = 0; row < values.size(); row += m) {
    for (const ModelIndex model : models) selected.push_back(values[row + static_cast<std::size_t>(model)]);
  }
  return selected;
}

// The model of `table` with this fingerprint.
ModelIndex find_fingerprint(const Table& table, const TableModel& wanted, std::string_view owner) {
  ModelIndex found = kNoModel;
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    if (table.models[m].fingerprint != wanted.fingerprint) continue;
    if (found != kNoModel) {
      throw Error(
          ErrorCode::kUsage,
          fmt::format("stability: {} has '{}' and '{}', which are one network, expected each once; choose "
                      "one way of running it",
                      owner, table.models[static_cast<std::size_t>(found)].name, table.models[m].name));
    }
    found = static_cast<ModelIndex>(m);
  }
  if (found == kNoModel) {
    throw Error(ErrorCode::kUsage,
                fmt::format("stability: {} lacks model '{}', expected the same networks in both", owner,
                            wanted.name));
  }
  return found;
}

// `trained` with the models of `used`, in its order and under its names, so that policies fit both.
Table aligned(const Table& trained, const Table& used) {
  if (trained.n_models() != used.n_models()) {
    throw Error(ErrorCode::kUsage, fmt::format("stability: {} and {} models, expected the same in both",
                                               trained.n_models(), used.n_models()));
  }
  if (inputs_hash(trained, all_rows(trained)) != inputs_hash(used, all_rows(used))) {
    throw Error(ErrorCode::kUsage,
                "stability: the inputs differ, expected the same in both; profile the same ones");
  }
  std::vector<ModelIndex> models;
  for (const TableModel& model : used.models) {
    (void)find_fingerprint(used, model, "the table where policies are used");
    models.push_back(find_fingerprint(trained, model, "the table where policies are trained"));
  }
  Table table = select_table_models(trained, models);
  for (std::size_t m = 0; m < models.size(); ++m) table.models[m].name = used.models[m].name;
  return table;
}

std::vector<std::uint32_t> rows_where(std::span<const std::int32_t> fold_of, std::int32_t fold, bool is) {
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < fold_of.size(); ++i) {
    if ((fold_of[i] == fold) == is) rows.push_back(static_cast<std::uint32_t>(i));
  }
  return rows;
}

Transfer judge(const Table& trained, const Table& used, const NamedTrainer& trainer,
               const StabilityOptions& options) {
  const Clock& clock = clock_or_steady(options.clock);
  const std::size_t n = used.n_inputs();
  Replay moved = make_replay("moved", n);
  Replay native = make_replay("native", n);
  // Functions of seed and ids alone, so an input is in the same fold in both.
  const std::vector<std::int32_t> trained_folds = make_folds(trained, options.folds, options.seed);
  const std::vector<std::int32_t> used_folds = make_folds(used, options.folds, options.seed);
  for (std::int32_t fold = 0; fold < options.folds; ++fold) {
    throw_if_stopped(options.stop, "stability");
    const auto test = rows_where(used_folds, fold, true);
    const auto policy_there = trainer.train(trained, rows_where(trained_folds, fold, false));
    replay_policy(used, test, *policy_there, clock, moved);
    const auto policy_here = trainer.train(used, rows_where(used_folds, fold, false));
    replay_policy(used, test, *policy_here, clock, native);
  }
  const std::vector<std::vector<double>> columns{moved.score(options.criterion),
                                                 native.score(options.criterion), moved.ms, native.ms};
  const auto rows = all_rows(used);
  const auto draws = bootstrap_means(columns, options.resamples, options.seed);
  const auto estimate = [&](const std::function<double(std::span<const double>)>& statistic) {
    std::vector<double> means;
    for (const auto& column : columns) means.push_back(mean_of(column, rows));
    return Estimate{statistic(means), bootstrap_interval(draws, columns.size(), statistic)};
  };
  Transfer transfer;
  transfer.name = trainer.name;
  transfer.moved_score = mean_of(columns[0], rows);
  transfer.native_score = mean_of(columns[1], rows);
  transfer.moved_ms = mean_of(moved.ms, rows);
  transfer.native_ms = mean_of(native.ms, rows);
  transfer.score_regret = estimate([](std::span<const double> m) { return m[1] - m[0]; });
  transfer.time_ratio = estimate([](std::span<const double> m) { return m[2] / m[3]; });
  for (std::size_t i = 0; i < n; ++i) {
    if (moved.model[i] == native.model[i]) transfer.same_model += 1.0 / static_cast<double>(n);
  }
  return transfer;
}

}  // namespace

double spearman(std::span<const double> a, std::span<const double> b) {
  check_pairs(a, b);
  if (a.size() < 2 || !all_finite(a) || !all_finite(b)) return kNotMeasured;
  const std::vector<double> ra = ranks_of(a), rb = ranks_of(b);
  const double middle = static_cast<double>(a.size() + 1) / 2;  // the mean rank, ties or not
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (ra[i] - middle) * (rb[i] - middle);
    aa += (ra[i] - middle) * (ra[i] - middle);
    bb += (rb[i] - middle) * (rb[i] - middle);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNotMeasured;
}

double kendall(std::span<const double> a, std::span<const double> b) {
  check_pairs(a, b);
  if (a.size() < 2 || !all_finite(a) || !all_finite(b)) return kNotMeasured;
  double agree = 0, differ_a = 0, differ_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int sa = sign(a[i] - a[j]), sb = sign(b[i] - b[j]);
      agree += sa * sb;
      differ_a += sa * sa;
      differ_b += sb * sb;
    }
  }
  return differ_a > 0 && differ_b > 0 ? agree / std::sqrt(differ_a * differ_b) : kNotMeasured;
}

std::vector<ModelIndex> models_run_as(const Table& table, std::string_view device, int threads) {
  std::vector<ModelIndex> models;
  for (const ModelIndex model : all_models(table)) {
    const TableModel& known = table.models[static_cast<std::size_t>(model)];
    if (known.device == device && known.threads == threads) models.push_back(model);
  }
  return models;
}

Table select_table_models(const Table& table, std::span<const ModelIndex> models) {
  const std::size_t m = table.n_models();
  if (models.empty()) throw Error(ErrorCode::kUsage, "models of a table: none chosen, expected 1 or more");
  for (const ModelIndex model : models) {
    if (model >= 0 && static_cast<std::size_t>(model) < m) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("models of a table: {} chosen, expected 0 to {}", model, m - 1));
  }
  Table selected = table;
  selected.models = select_columns(table.models, m, models);
  selected.recipe_of = select_columns(table.recipe_of, m, models);
  selected.ranks = select_columns(table.ranks, m, models);
  selected.outputs = select_columns(table.outputs, m, models);
  selected.infer_ms = select_columns(table.infer_ms, m, models);
  if (!table.energy.infer_j.empty()) {
    selected.energy.infer_j = select_columns(table.energy.infer_j, m, models);
  }
  return selected;
}

Stability judge_stability(const Table& trained, const Table& used, std::span<const NamedTrainer> trainers,
                          const StabilityOptions& options) {
  check_table(trained);
  check_table(used);
  const Table there = aligned(trained, used);
  const std::vector<double> trained_ms = mean_costs(there, all_rows(there));
  const std::vector<double> used_ms = mean_costs(used, all_rows(used));
  Stability stability;
  for (std::size_t m = 0; m < used_ms.size(); ++m) {
    stability.models.push_back({used.models[m].name, trained_ms[m], used_ms[m]});
  }
  stability.spearman = spearman(trained_ms, used_ms);
  stability.kendall = kendall(trained_ms, used_ms);
  for (const NamedTrainer& trainer : trainers) {
    stability.transfers.push_back(judge(there, used, trainer, options));
  }
  return stability;
}

}  // namespace triage
