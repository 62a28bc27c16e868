// How far from its neighbours an input may be before a premodel should not be trusted (paper, section 6).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace triage {

// Mean distance of each row to its k nearest other rows, shape (n). `rows` has shape (n, d), scaled; 1 <= k <
// n and k < kMaxNeighbours.
[[nodiscard]] std::vector<double> leave_one_out_distances(std::span<const float> rows, std::size_t d,
                                                          std::size_t k);

}  // namespace triage
