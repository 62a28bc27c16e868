// Trees with a vector of values in each leaf, on flat arrays: what training in `learn/forest` leaves for the
// device. What they see is codes (feature_map.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace triage {

// A node is one word, so that a step reads one; nodes are counted from the root of their tree. Bits 0 to 7
// are the threshold, a code up to which the walk goes left; the right child is just behind the left one. A
// leaf is its own left child, with column 0 and threshold 255, so that a walk may take steps after its end.
// Numbers are 64 bits wide where a walk uses them, which spares it conversions.
struct WideNode {
  using Word = std::uint64_t;
  static constexpr std::uint64_t kMaxColumn = 65535, kMaxLeft = UINT32_MAX;
  // Bits 16 to 31 are the column, bits 32 to 63 the left child.
  static constexpr Word make(std::uint64_t /*self*/, std::uint64_t left, std::uint8_t threshold,
                             std::uint64_t column) {
    return left << 32 | column << 16 | threshold;
  }
  static constexpr std::uint64_t left(std::uint64_t /*self*/, std::uint64_t word) { return word >> 32; }
  static constexpr std::uint64_t column(std::uint64_t word) { return word >> 16 & 65535; }
};
// Half as much to keep in cache, which a walk waits for; for small trees over few columns.
struct NarrowNode {
  using Word = std::uint32_t;
  static constexpr std::uint64_t kMaxColumn = 255, kMaxLeft = 65535;
  // Bits 8 to 15 are the column, bits 16 to 31 how far the left child is behind the node.
  static constexpr Word make(std::uint64_t self, std::uint64_t left, std::uint8_t threshold,
                             std::uint64_t column) {
    return static_cast<Word>((left - self) << 16 | column << 8 | threshold);
  }
  static constexpr std::uint64_t left(std::uint64_t self, std::uint64_t word) { return self + (word >> 16); }
  static constexpr std::uint64_t column(std::uint64_t word) { return word >> 8 & 255; }
};
inline constexpr std::uint8_t kLeafThreshold = 255;
template <class Node>
[[nodiscard]] constexpr typename Node::Word leaf_node(std::uint32_t self) {
  return Node::make(self, self, kLeafThreshold, 0);
}

// (t) trees, whose nodes are either all wide or all narrow; the other array is empty.
struct TreeEnsemble {
  std::uint32_t width = 0;                // w: values of a leaf
  std::vector<std::uint32_t> tree_begin;  // (t + 1) where the nodes of each tree begin
  std::vector<std::uint64_t> wide;        // all trees' nodes
  std::vector<std::uint32_t> narrow;
  std::vector<std::uint32_t> leaf;  // one for each node: the leaf's row of `values`; 0 for an inner node
  std::vector<float> values;        // (leaves, leaf_stride(w)), 0 behind the w; equal leaves share a row

  [[nodiscard]] std::size_t n_trees() const { return tree_begin.empty() ? 0 : tree_begin.size() - 1; }
};

// The values of a leaf are padded to whole vectors of four.
[[nodiscard]] constexpr std::size_t leaf_stride(std::size_t width) { return (width + 3) / 4 * 4; }

// Makes wide nodes narrow where all of them can be.
void narrow_nodes(TreeEnsemble& trees);

// The leaf nodes of one tree to which rows come; node numbers count from the tree's root. `codes` has shape
// (n, stride), at least one code a row; `rows` are the rows to walk, `ends` as many.
void walk_tree(const WideNode::Word* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends);

// Rows for add_leaves lie in groups of kGroupRows, each group column by column: (groups, columns,
// kGroupRows). What an incomplete group has behind its rows does not matter.
inline constexpr std::size_t kGroupRows = 8;
[[nodiscard]] constexpr std::size_t grouped_size(std::size_t n, std::size_t columns) {
  return (n + kGroupRows - 1) / kGroupRows * kGroupRows * columns;
}
// Where the codes of row i begin; the next column is kGroupRows further.
[[nodiscard]] constexpr std::size_t grouped_row(std::size_t i, std::size_t columns) {
  return i / kGroupRows * kGroupRows * columns + i % kGroupRows;
}

// Adds, for each of n rows in groups, the leaves of all trees to `sums` (n, leaf_stride(w)), in the order of
// the trees: a row alone gets the same sum as among others. At least one column. Allocates nothing.
void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> groups, std::size_t columns,
                std::size_t n, std::span<float> sums);

// Throws kPolicy, naming `field`, unless every walk over `n_codes` codes ends at a leaf with `width` values.
void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field);

}  // namespace triage
