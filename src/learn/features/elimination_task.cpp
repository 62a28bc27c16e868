#include "learn/features/elimination_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/features/filter.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/neighbours.h"
#include "policy/premodel_policy.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

[[noreturn]] void fail_usage(const std::string& message) { throw Error(ErrorCode::kUsage, message); }

// Of the largest fold; the others are as many neighbours as its inputs can have.
std::size_t largest_fold(const Table& table, Rows rows, const FeatureSelectionOptions& options) {
  std::vector<std::size_t> sizes(static_cast<std::size_t>(options.folds), 0);
  for (const std::int32_t fold : make_folds(table, rows, options.folds, options.seed)) {
    ++sizes[static_cast<std::size_t>(fold)];
  }
  return *std::max_element(sizes.begin(), sizes.end());
}

void check_options(const Table& table, Rows rows, const FeatureSelectionOptions& options) {
  const std::size_t n = rows.size();
  check_neighbours(options.k);
  if (!(options.max_correlation >= 0 && options.max_correlation <= 1)) {
    fail_usage(fmt::format("greatest correlation: {:.4g}, expected 0 to 1; 0.75 is the paper's",
                           options.max_correlation));
  }
  if (!(options.tolerance >= 0) || !std::isfinite(options.tolerance)) {
    fail_usage(
        fmt::format("tolerance: {:.4g}, expected 0 or more standard errors; 1 is usual", options.tolerance));
  }
  if (options.folds < 2 || static_cast<std::size_t>(options.folds) > n) {
    fail_usage(fmt::format("inner folds: {}, expected 2 to {} (the number of inputs); choose another number",
                           options.folds, n));
  }
  const std::size_t others = n - largest_fold(table, rows, options);
  if (static_cast<std::size_t>(options.k) > others) {
    fail_usage(fmt::format(
        "k: {}, expected at most the inputs outside an inner fold, {}; profile more inputs or use "
        "fewer neighbours",
        options.k, others));
  }
}

// A slice that depends on neither the order of the rows nor the platform; in the rows' order.
std::vector<std::uint32_t> slice(const Table& table, Rows rows, std::size_t size, std::uint64_t seed) {
  if (size >= rows.size()) return {rows.begin(), rows.end()};
  auto positions = shuffled_positions(table, rows, ~seed);  // not the folds' order
  positions.resize(size);
  std::sort(positions.begin(), positions.end());
  for (std::uint32_t& position : positions) position = rows[position];
  return positions;
}

// What the chain is to say on each row, and what it runs when every stage says no.
struct StageLabels {
  std::vector<ModelIndex> models;  // the stages
  std::vector<ModelIndex> labels;  // (rows) stages
  ModelIndex fallback = kNoModel;  // a stage; kNoModel: none
};

ModelIndex stage_of(std::span<const ModelIndex> models, ModelIndex model) {
  const auto found = std::find(models.begin(), models.end(), model);
  return model == kNoModel || found == models.end() ? kNoModel
                                                    : static_cast<ModelIndex>(found - models.begin());
}

StageLabels make_chain(const Table& table, Rows rows, const FeatureSelectionOptions& options) {
  StageLabels chain;
  chain.models =
      select_models(table, rows, options.criterion, options.theta, options.max_models, options.cost).models;
  const auto costs = model_costs(table, rows, options.cost);
  for (const std::uint32_t row : rows) {
    chain.labels.push_back(
        stage_of(chain.models, optimum(table, row, chain.models, costs, options.criterion)));
  }
  chain.fallback =
      stage_of(chain.models, find_fallback(table, chain.models, mean_scores(table, rows, options.criterion),
                                           costs, options.fallback));
  return chain;
}

std::vector<FeatureSummary> summarise(const Table& table, Rows rows, std::span<const std::size_t> columns,
                                      std::span<const ModelIndex> labels, std::span<const double> node_ms) {
  const auto ratios = correlation_ratios(table, rows, columns, labels);
  std::vector<FeatureSummary> summaries;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    summaries.push_back({table.schema.features[columns[i]].name,
                         extraction_ms(table.schema, node_ms, columns.subspan(i, 1)), ratios[i]});
  }
  return summaries;
}

// The columns scaled to 0..1 on these rows, in inner folds.
FoldedRows scale_rows(const Table& table, Rows rows, std::span<const std::size_t> columns,
                      const FeatureSelectionOptions& options) {
  FoldedRows folded{columns.size(), {}, make_folds(table, rows, options.folds, options.seed)};
  std::vector<float> minimum, maximum;
  for (const std::size_t column : columns) {
    const auto below = [&](std::uint32_t a, std::uint32_t b) {
      return table.feature_row(a)[column] < table.feature_row(b)[column];
    };
    const auto [low, high] = std::minmax_element(rows.begin(), rows.end(), below);
    minimum.push_back(table.feature_row(*low)[column]);
    maximum.push_back(table.feature_row(*high)[column]);
  }
  folded.values.reserve(rows.size() * columns.size());
  for (const std::uint32_t row : rows) {
    const auto values = table.feature_row(row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      folded.values.push_back(scale_feature(values[columns[i]], minimum[i], maximum[i]));
    }
  }
  return folded;
}

std::size_t smallest_set(const FeatureSelectionOptions& options, std::size_t d) {
  if (options.n_features <= d) return std::max<std::size_t>(options.n_features, 1);
  fail_usage(
      fmt::format("number of features: {}, expected 1 to {}, those that are neither dropped nor removed "
                  "for their correlation; ask for fewer or raise the greatest correlation",
                  options.n_features, d));
}

}  // namespace

SelectionTask prepare_selection(const Table& table, Rows all_rows, const FeatureSelectionOptions& options) {
  const auto rows = slice(table, all_rows, options.max_rows, options.seed);
  check_options(table, rows, options);
  SelectionTask task;
  FeatureSelection& report = task.report;
  report.n_rows = rows.size();
  report.labels_from = table.labels_from;
  report.machine = table.machine;
  auto columns = find_candidates(table, options.candidates);
  report.dropped = drop_useless(table, rows, columns);
  if (columns.empty()) {
    fail_usage(
        fmt::format("selection of features: all {} candidates are constant or not finite, expected one "
                    "that varies; profile other inputs or more features",
                    report.dropped.size()));
  }
  StageLabels chain = make_chain(table, rows, options);
  for (const ModelIndex model : chain.models) {
    report.models.push_back(table.models[static_cast<std::size_t>(model)].name);
  }
  const auto node_ms = mean_node_ms(table, rows);
  report.candidates = summarise(table, rows, columns, chain.labels, node_ms);
  auto filter = filter_correlated(report.candidates, correlations(table, rows, columns),
                                  options.max_correlation, options.pair_rule);
  report.correlated = std::move(filter.correlated);
  std::vector<std::size_t> kept;
  for (const std::size_t position : filter.kept) {
    kept.push_back(columns[position]);
    task.names.push_back(report.candidates[position].name);
  }
  task.elimination.stop_at = smallest_set(options, kept.size());
  task.elimination.rows = scale_rows(table, rows, kept, options);
  task.elimination.labels = std::move(chain.labels);
  task.elimination.fallback = chain.fallback;
  task.elimination.k = static_cast<std::size_t>(options.k);
  task.elimination.cost = [schema = table.schema, node_ms, kept](std::span<const std::size_t> set) {
    std::vector<std::size_t> set_columns;
    for (const std::size_t position : set) set_columns.push_back(kept[position]);
    return extraction_ms(schema, node_ms, set_columns);
  };
  return task;
}

}  // namespace triage
