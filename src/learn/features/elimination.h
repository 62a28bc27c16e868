// Greedy backward elimination (paper, section 3.4.1) by the cross-validated accuracy of the premodel's chain.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "learn/features/left_out_neighbours.h"
#include "triage/types.h"

namespace triage {

// What is searched on; `n` rows.
struct EliminationTask {
  FoldedRows rows;
  std::vector<ModelIndex> labels;  // (n) the stage whose model is the optimum; kNoModel where there is none
  ModelIndex fallback =
      kNoModel;  // the stage whose model runs when every stage says no; kNoModel: no stage's
  std::size_t k = 5;
  std::size_t stop_at = 1;  // features, at least one
  // Of a set of columns, for ties and the record; NaN where not known.
  std::function<double(std::span<const std::size_t>)> cost;
};

// Rows on which the chain is right with a set of columns, and with each of them left out.
struct EliminationRecord {
  std::vector<std::size_t> features;
  std::size_t removed = SIZE_MAX;  // to come here; SIZE_MAX in the first
  std::size_t n_right = 0;
  double cost = 0;
  std::vector<std::size_t> n_right_without;  // shape of `features`
  std::vector<double> cost_without;
};

// From all columns down to `stop_at`, one record a set. Each step removes the column without which most rows
// are right (ties: the lower remaining cost, then the last column). Throws kInterrupted. Control's `advance`
// is told rows x features, in all elimination_work().
[[nodiscard]] std::vector<EliminationRecord> eliminate(const EliminationTask& task, const ScanKernel& kernel,
                                                       const SearchControl& control);
[[nodiscard]] std::size_t elimination_work(std::size_t n_rows, std::size_t d, std::size_t stop_at);

// Right rows of the chain without any feature: its stages give the answer that is more frequent in the other
// folds.
[[nodiscard]] std::size_t count_right_without_features(const EliminationTask& task);

}  // namespace triage
