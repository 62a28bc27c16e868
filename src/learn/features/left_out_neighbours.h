// Exact nearest neighbours of every training row with each feature left out in turn, in one pass over the
// pairs: the squared distance is summed once, and subtracting a term leaves that feature out. What greedy
// elimination needs of a set of features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "learn/features/scan.h"

namespace triage {

// Scaled training rows, each in one inner fold: neighbours are sought among the rows of the other folds.
struct FoldedRows {
  std::size_t d = 0;
  std::vector<float> values;        // (n, d), 0..1
  std::vector<std::int32_t> folds;  // (n), from 0
  [[nodiscard]] std::size_t n() const { return folds.size(); }
};

// Shape (n, n_slots, k): the neighbours' rows, nearest first. Slot i leaves feature i of the set out; a slot
// behind these, if asked for, none.
struct LeftOutNeighbours {
  std::size_t n_slots = 0;
  std::size_t k = 0;
  std::vector<std::uint32_t> rows;
  [[nodiscard]] std::span<const std::uint32_t> at(std::size_t row, std::size_t slot) const {
    return std::span(rows).subspan((row * n_slots + slot) * k, k);
  }
};

// The set that is asked about.
struct LeftOutQuestion {
  std::vector<std::size_t> features;  // columns of FoldedRows, at least one
  bool with_all = false;              // a slot with no feature left out; always so for a single feature
  // An earlier answer and its slot that knows k neighbours of each row with exactly these features: it bounds
  // all distances from the start. Or null.
  const LeftOutNeighbours* known = nullptr;
  std::size_t known_slot = 0;
};

struct SearchControl {
  unsigned threads = 1;
  std::stop_token stop = {};
  // Called after each block with the number of its queries, one call at a time.
  std::function<void(std::size_t)> advance = nullptr;
};

// Distances are summed in double in the set's order, ties go to the lower row: the same neighbours as
// KnnIndex finds over these columns. Every fold leaves at least k rows outside; with one feature only the
// slot with all. O(n^2 d) at worst, less where whole groups of rows are too far. Throws kInterrupted.
[[nodiscard]] LeftOutNeighbours find_left_out_neighbours(const FoldedRows& rows,
                                                         const LeftOutQuestion& question, std::size_t k,
                                                         const ScanKernel& kernel,
                                                         const SearchControl& control);

}  // namespace triage
