// The inner loop of the search for nearest rows, for each set of vector instructions.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "policy/knn.h"

namespace triage {

struct NearestKernel {
  std::string_view instructions;
  // As KnnIndex::search; `query` has shape (d). Allocates nothing.
  std::size_t (*search)(const BlockTree& tree, const float* query, std::span<Neighbour> nearest);
};
// Those that this processor can run, widest vectors first; all find the same.
[[nodiscard]] std::span<const NearestKernel> nearest_kernels();

}  // namespace triage
