// Writes what tools/knn_parity.py compares with scikit-learn: a premodel's training rows and labels, and the
// votes that its stages give to each row.
#pragma once

#include <filesystem>

#include "policy/premodel_policy.h"

namespace triage::testing {

// Into `folder`: rows.f32 (n, d), optimum.i32 (n), votes.i32 (n, n_stages), little-endian, and meta.json. Row
// i is asked of a premodel made from the rows of all other folds, where row j is in fold j % n_folds; with 0
// folds, of all rows, itself included.
void write_votes(const Premodel& premodel, std::size_t n_folds, const std::filesystem::path& folder);

}  // namespace triage::testing
