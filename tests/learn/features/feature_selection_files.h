// Writes what tools/feature_selection_reference.py compares with scikit-learn: rows, labels and folds of a
// search, and what ours decided.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "learn/features/elimination.h"

namespace triage::testing {

// Into `folder`: rows.f32 (n, d), folds.i32 (n), labels.i32 (n), little-endian, and search.json with k,
// fallback, the steps and how long they took (0: not measured).
void write_elimination(const EliminationTask& task, std::span<const std::string> names,
                       std::span<const EliminationRecord> records, double seconds, unsigned threads,
                       const std::filesystem::path& folder);

}  // namespace triage::testing
