// What feature selection searches on, made from a table: a slice of the rows, the premodel's labels on it,
// the features that pass the filters, scaled and dealt into inner folds.
#pragma once

#include <string>
#include <vector>

#include "learn/features/elimination.h"
#include "triage/tools/feature_selection.h"

namespace triage {

struct SelectionTask {
  FeatureSelection report;         // n_rows, models, candidates, dropped and correlated; the rest is empty
  EliminationTask elimination;     // over the features that are left
  std::vector<std::string> names;  // theirs
};

// Throws kUsage, as select_features does.
[[nodiscard]] SelectionTask prepare_selection(const Table& table, Rows rows,
                                              const FeatureSelectionOptions& options);

}  // namespace triage
