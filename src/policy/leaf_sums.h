// Walks of rows through all trees of an ensemble, and the sums of the leaves to which they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/tree_ensemble.h"
#include "policy/tree_top.h"

namespace triage {

// Rows lie in groups of kGroupRows, each group column by column: (groups, columns, kGroupRows). What an
// incomplete group has behind its rows does not matter.
inline constexpr std::size_t kGroupRows = 8;
[[nodiscard]] constexpr std::size_t grouped_size(std::size_t n, std::size_t columns) {
  return (n + kGroupRows - 1) / kGroupRows * kGroupRows * columns;
}
// Where the codes of row i begin; the next column is kGroupRows further.
[[nodiscard]] constexpr std::size_t grouped_row(std::size_t i, std::size_t columns) {
  return i / kGroupRows * kGroupRows * columns + i % kGroupRows;
}

// Kept from call to call; of use for many rows only. Grows to what a block of rows needs.
struct WalkBuffers {
  std::vector<std::uint8_t> columns;     // (n / kTreeTopRows, columns, kTreeTopRows)
  std::vector<std::uint32_t> at, going;  // a row's node; rows that are at no leaf yet
  std::vector<std::uint32_t> leaves;     // (trees at once, rows of a block)
};

// Adds, for each of n rows in groups, the leaves of all trees to `sums` (n, leaf_stride(w)), in the order of
// the trees: a row alone gets the same sum as among others, whatever the instructions. At least one column.
// Allocates nothing where the buffers are large enough, nor for fewer than kGroupRows rows. `kernel` is
// one of tree_top_kernels(), or null.
void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> groups, std::size_t columns,
                std::size_t n, const TreeTopKernel* kernel, WalkBuffers& buffers, std::span<float> sums);

}  // namespace triage
