// From the methods' replays to their figures, with intervals.
#pragma once

#include <span>

#include "evaluate/baselines.h"

namespace triage {

// Metrics and intervals of all entries into `evaluation`.
void estimate_methods(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
                      std::span<const Entry> entries, const EvaluateOptions& options, Evaluation& evaluation);

}  // namespace triage
