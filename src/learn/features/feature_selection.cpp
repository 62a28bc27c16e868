// The one entry of feature selection: what is searched on, the search, and the choice from its trace.
#include "triage/tools/feature_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "learn/features/elimination_task.h"
#include "triage/error.h"

namespace triage {
namespace {

std::vector<EliminationRecord> search(const EliminationTask& task, const FeatureSelectionOptions& options) {
  const std::size_t total = elimination_work(task.rows.n(), task.rows.d, task.stop_at);
  std::size_t done = 0;
  SearchControl control;
  control.threads = options.threads > 0 ? options.threads : default_threads();
  control.stop = options.stop;
  if (options.on_progress) {
    control.advance = [&](std::size_t work) { options.on_progress(done += work, total); };
  }
  return eliminate(task, scan_kernels().front(), control);
}

// A record in names and shares.
EliminationStep describe(const EliminationRecord& record, const std::vector<std::string>& names,
                         std::size_t n) {
  const auto share = [&](std::size_t count) { return static_cast<double>(count) / static_cast<double>(n); };
  EliminationStep step;
  if (record.removed != SIZE_MAX) step.removed = names[record.removed];
  step.accuracy = share(record.n_right);
  step.extraction_ms = record.cost;
  for (std::size_t i = 0; i < record.features.size(); ++i) {
    step.features.push_back(names[record.features[i]]);
    step.left_out.push_back({step.features.back(), share(record.n_right_without[i]), record.cost_without[i]});
  }
  return step;
}

// The last step, or the last whose accuracy is within the tolerance of the best.
void choose_step(const FeatureSelectionOptions& options, FeatureSelection& selection) {
  double best = 0;
  for (const auto& step : selection.trace) best = std::max(best, step.accuracy);
  selection.standard_error = std::sqrt(best * (1 - best) / static_cast<double>(selection.n_rows));
  selection.chosen = selection.trace.size() - 1;
  const double enough = best - options.tolerance * selection.standard_error;
  while (options.n_features == 0 && selection.trace[selection.chosen].accuracy < enough) --selection.chosen;
  const EliminationStep& step = selection.trace[selection.chosen];
  selection.features = step.features;
  selection.accuracy = step.accuracy;
  selection.extraction_ms = step.extraction_ms;
}

std::vector<FeatureImportance> rank_importance(const EliminationStep& step) {
  std::vector<FeatureImportance> importance;
  double sum = 0;
  for (const LeftOut& left_out : step.left_out) {
    importance.push_back({left_out.name, step.accuracy - left_out.accuracy, 0});
    sum += std::max(importance.back().loss, 0.0);
  }
  for (auto& each : importance) each.share = sum > 0 ? std::max(each.loss, 0.0) / sum : 0;
  std::stable_sort(importance.begin(), importance.end(),
                   [](const auto& a, const auto& b) { return a.loss > b.loss; });
  return importance;
}

}  // namespace

FeatureSelectionOptions selection_options(const LearnOptions& learn, const PremodelOptions& premodel) {
  FeatureSelectionOptions options;
  options.criterion = learn.criterion;
  options.cost = learn.cost;
  options.theta = premodel.theta;
  options.max_models = premodel.max_models;
  options.k = premodel.k;
  options.seed = learn.seed;
  options.fallback = premodel.fallback;
  options.stop = learn.stop;
  return options;
}

std::string describe_selection(const FeatureSelection& selection) {
  return fmt::format(
      "{} of {} candidates, searched on {} inputs ({} dropped, {} correlated, {} eliminated); premodel "
      "accuracy "
      "{:.2f} %, without any feature {:.2f} %",
      selection.features.size(), selection.candidates.size() + selection.dropped.size(), selection.n_rows,
      selection.dropped.size(), selection.correlated.size(), selection.chosen, 100 * selection.accuracy,
      100 * selection.baseline);
}

PairRule parse_pair_rule(std::string_view name) {
  if (name == "cheaper") return PairRule::kCheaper;
  if (name == "useful") return PairRule::kMoreUseful;
  throw Error(ErrorCode::kUsage, fmt::format("pair rule: '{}', expected cheaper or useful", name));
}

FeatureSelection select_features(const Table& table, Rows rows, const FeatureSelectionOptions& options) {
  SelectionTask task = prepare_selection(table, rows, options);
  FeatureSelection selection = std::move(task.report);
  for (const auto& record : search(task.elimination, options)) {
    selection.trace.push_back(describe(record, task.names, selection.n_rows));
  }
  selection.baseline = static_cast<double>(count_right_without_features(task.elimination)) /
                       static_cast<double>(selection.n_rows);
  choose_step(options, selection);
  selection.importance = rank_importance(selection.trace[selection.chosen]);
  return selection;
}

}  // namespace triage
