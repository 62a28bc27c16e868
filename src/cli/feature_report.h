// What `triage features` shows of a search: tables for people, one JSON document, one CSV line a candidate.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "triage/tools/feature_selection.h"

namespace triage::cli {

// Runs the search with a progress line on stderr.
[[nodiscard]] FeatureSelection select_features_with_progress(const Table& table, Rows rows,
                                                             FeatureSelectionOptions options);

void print_feature_selection(const FeatureSelection& selection, const FeatureSelectionOptions& options);
[[nodiscard]] nlohmann::json feature_selection_json(const FeatureSelection& selection,
                                                    const FeatureSelectionOptions& options);
// docs/formats.md names the columns.
[[nodiscard]] std::string feature_selection_csv(const FeatureSelection& selection);

}  // namespace triage::cli
