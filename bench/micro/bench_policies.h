// Policies and inputs that decisions are measured on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "policy/premodel_policy.h"
#include "triage/policy.h"

namespace triage::bench {

inline constexpr std::size_t kRows = 50000;
inline constexpr std::size_t kQueries = 1024;

// Half of each feature is uniform, half lies close to a few values, as real ones do. (n, d)
[[nodiscard]] std::vector<float> random_rows(std::size_t n, std::size_t d, std::uint64_t seed);

[[nodiscard]] PolicyInfo info_of(std::size_t n_models, std::size_t d);

// Three stages without choosers.
[[nodiscard]] PremodelParameters bare_premodel(std::size_t d);
// The paper's over kRows rows.
[[nodiscard]] PremodelParameters knn_premodel(std::size_t d);
[[nodiscard]] std::unique_ptr<Policy> two_stage_cascade();
// With ten classes, each has weights and evidence of its own.
[[nodiscard]] std::unique_ptr<Policy> four_look_adaptive(std::size_t n_classes);

// Random outputs of `n_classes`, some sure, some not: of n inputs, `n_looks` each.
[[nodiscard]] std::vector<std::vector<Look>> random_looks(std::size_t n, std::size_t n_looks,
                                                          std::size_t n_classes);

}  // namespace triage::bench
