// The two filters that come before the search (paper, section 3.4.1): useless features, and features that are
// highly correlated with another.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "triage/tools/feature_selection.h"

namespace triage {

// Candidates as columns of the table, in its order: those named, or all. Throws kUsage.
[[nodiscard]] std::vector<std::size_t> find_candidates(const Table& table,
                                                       const std::vector<std::string>& names);

// Takes constant and non-finite columns out of `columns` and returns them with the reason.
[[nodiscard]] std::vector<DroppedFeature> drop_useless(const Table& table, Rows rows,
                                                       std::vector<std::size_t>& columns);

// Mean milliseconds of each node over the rows, shape (feature_nodes().size()); empty where the table has
// none.
[[nodiscard]] std::vector<double> mean_node_ms(const Table& table, Rows rows);
// What extracting the schema's `columns` costs: the nodes that they need, each once. NaN where one of them is
// no feature of this build or `node_ms` is empty.
[[nodiscard]] double extraction_ms(const FeatureSchema& schema, std::span<const double> node_ms,
                                   std::span<const std::size_t> columns);

// Correlation ratio of each column with the labels, shape (rows.size()); see FeatureSummary. Columns vary.
[[nodiscard]] std::vector<double> correlation_ratios(const Table& table, Rows rows,
                                                     std::span<const std::size_t> columns,
                                                     std::span<const ModelIndex> labels);

// Pearson's r of each pair of columns, shape (d, d). Columns are finite and vary.
[[nodiscard]] std::vector<double> correlations(const Table& table, Rows rows,
                                               std::span<const std::size_t> columns);

// Goes through the features from the one that `rule` prefers most: it stays when none that stays already
// correlates with it by more than `max_correlation`. So each removed one correlates with one that is kept,
// and no two that are kept with each other. `r` has shape (d, d), `summaries` (d).
struct CorrelationFilter {
  std::vector<std::size_t> kept;              // positions, rising
  std::vector<CorrelatedFeature> correlated;  // by rising position
};
[[nodiscard]] CorrelationFilter filter_correlated(std::span<const FeatureSummary> summaries,
                                                  std::span<const double> r, double max_correlation,
                                                  PairRule rule);

}  // namespace triage
