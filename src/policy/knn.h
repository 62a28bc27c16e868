// Exact nearest neighbours in Euclidean distance: the one search that all stages of the premodel share
// (paper, section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/block_tree.h"

namespace triage {

inline constexpr std::size_t kMaxNeighbours = 64;
inline constexpr std::size_t kMaxDimensions = 64;

struct Neighbour {
  std::uint32_t row = 0;
  double squared_distance = 0;
};

// Immutable; const methods are safe concurrently and allocate nothing.
class KnnIndex {
 public:
  // `rows` has shape (n, d), finite, 1 <= d <= kMaxDimensions; copied. Builds the tree: O(n log n).
  KnnIndex(std::span<const float> rows, std::size_t d);

  // Fills `nearest`, at most kMaxNeighbours, nearest first; equal distances in the order of their rows, also
  // where only some of them fit, so that the result does not depend on the tree. `query` has shape (d),
  // finite. Returns how many were found: min(nearest.size(), n).
  std::size_t search(std::span<const float> query, std::span<Neighbour> nearest) const;

  [[nodiscard]] std::size_t n_rows() const { return tree_.n; }
  [[nodiscard]] std::size_t dimensions() const { return tree_.d; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span(rows_).subspan(i * tree_.d, tree_.d);
  }

 private:
  std::vector<float> rows_;  // (n, d)
  BlockTree tree_;
};

}  // namespace triage
