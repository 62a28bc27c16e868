#include "triage/tools/stability.h"

#include <fmt/format.h>

#include "base/stop.h"
#include "stats/bootstrap.h"
#include "stats/mean.h"
#include "stats/rank_correlation.h"
#include "triage/error.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

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
  const auto draws = bootstrap_means(columns, options.resamples, options.seed);
  const auto means = column_means(columns);
  const auto estimate = [&](const std::function<double(std::span<const double>)>& statistic) {
    return Estimate{statistic(means), bootstrap_interval(draws, columns.size(), statistic)};
  };
  Transfer transfer;
  transfer.name = trainer.name;
  transfer.moved_score = means[0];
  transfer.native_score = means[1];
  transfer.moved_ms = means[2];
  transfer.native_ms = means[3];
  transfer.score_regret = estimate([](std::span<const double> m) { return m[1] - m[0]; });
  transfer.time_ratio = estimate([](std::span<const double> m) { return m[2] / m[3]; });
  for (std::size_t i = 0; i < n; ++i) {
    if (moved.model[i] == native.model[i]) transfer.same_model += 1.0 / static_cast<double>(n);
  }
  return transfer;
}

}  // namespace

std::vector<ModelIndex> models_run_as(const Table& table, std::string_view device, int threads) {
  std::vector<ModelIndex> models;
  for (const ModelIndex model : all_models(table)) {
    const TableModel& known = table.models[static_cast<std::size_t>(model)];
    if (known.device == device && known.threads == threads) models.push_back(model);
  }
  return models;
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
