// From what a method did on some inputs to the figures that are reported.
#pragma once

#include <span>
#include <vector>

#include "stats/mean.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/rows.h"

namespace triage {

// Averaged over the classes that have inputs, with equal weight, as scikit-learn does with these labels and
// zero_division=0. NaN when nothing was predicted at all (score-only tables).
struct ClassMetrics {
  double precision = kNotMeasured;
  double recall = kNotMeasured;
  double f1 = kNotMeasured;
  int unsupported = 0;  // classes without inputs, out of n_classes
};
[[nodiscard]] ClassMetrics class_metrics(std::span<const Label> labels,
                                         std::span<const std::int32_t> predicted, Rows rows,
                                         std::int32_t n_classes);

// `optimum` (n): each input's optimum model by its training fold's costs, kNoModel where none is right.
// `sbs_score`, `vbs_score`: mean scores of both on the same rows.
[[nodiscard]] Metrics measure(const Table& table, Rows rows, const Replay& replay, Criterion criterion,
                              std::span<const ModelIndex> optimum, double sbs_score, double vbs_score);

// Field by field over folds.
[[nodiscard]] Metrics arithmetic_mean(std::span<const Metrics> folds);
[[nodiscard]] Metrics geometric_mean(std::span<const Metrics> folds);
[[nodiscard]] Metrics standard_deviation(std::span<const Metrics> folds);

}  // namespace triage
