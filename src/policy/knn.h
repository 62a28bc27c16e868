// Exact nearest neighbours in Euclidean distance: the one search that all stages of the premodel share
// (paper, section 3.1). A k-d tree (nanoflann) behind a small interface; no public header sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

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
  KnnIndex(KnnIndex&&) noexcept;
  KnnIndex& operator=(KnnIndex&&) noexcept;
  ~KnnIndex();

  // Fills `nearest`, at most kMaxNeighbours, nearest first; equal distances in the order of their rows, also
  // where only some of them fit, so that the result does not depend on the tree. `query` has shape (d),
  // finite. Returns how many were found: min(nearest.size(), n).
  std::size_t search(std::span<const float> query, std::span<Neighbour> nearest) const;

  [[nodiscard]] std::size_t n_rows() const { return n_; }
  [[nodiscard]] std::size_t dimensions() const { return d_; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return {rows_.data() + i * stride_, d_}; }

  // A tree whose number of dimensions is known at compile time; one that learns it at run time allocates in
  // every search.
  class Tree;

 private:
  std::size_t n_;
  std::size_t d_;
  std::size_t stride_;       // d padded with zeros to the next compiled dimension; distances stay the same
  std::vector<float> rows_;  // (n, stride)
  std::unique_ptr<Tree> tree_;
};

}  // namespace triage
