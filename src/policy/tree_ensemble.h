// Trees with a vector of values in each leaf, on flat arrays: what training in `learn/forest` leaves for the
// device. What they see is codes (feature_map.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace triage {

// (t) trees. A node is one word, so that a step reads one: bits 0 to 31 the left child, counted from the root
// of its tree, with the right child just behind it; bits 32 to 39 the threshold, a code up to which the walk
// goes left; bits 48 to 63 the column. A leaf is its own left child, with threshold 255 and column 0, so that
// a walk may take steps after its end.
struct TreeEnsemble {
  std::uint32_t width = 0;                // w: values of a leaf
  std::vector<std::uint32_t> tree_begin;  // (t + 1) where the nodes of each tree begin
  std::vector<std::uint64_t> nodes;       // all trees' nodes
  std::vector<std::uint32_t> leaf;        // as long: the leaf's row of `values`; 0 for an inner node
  std::vector<float> values;  // (leaves, leaf_stride(w)), 0 behind the w; equal leaves share a row

  [[nodiscard]] std::size_t n_trees() const { return tree_begin.empty() ? 0 : tree_begin.size() - 1; }
};

// The values of a leaf are padded to whole vectors of four.
[[nodiscard]] constexpr std::size_t leaf_stride(std::size_t width) { return (width + 3) / 4 * 4; }

[[nodiscard]] constexpr std::uint64_t tree_node(std::uint32_t left, std::uint8_t threshold,
                                                std::uint16_t column) {
  return left | static_cast<std::uint64_t>(threshold) << 32 | static_cast<std::uint64_t>(column) << 48;
}
[[nodiscard]] constexpr std::uint64_t leaf_node(std::uint32_t self) { return tree_node(self, 255, 0); }

// The leaf nodes of one tree to which rows come; node numbers count from the tree's root. `codes` has shape
// (n, stride), at least one code a row; `rows` are the rows to walk, `ends` as many.
void walk_tree(const std::uint64_t* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends);

// Adds, for each row of `codes` (n, stride), the leaves of all trees to `sums` (n, leaf_stride(w)), in the
// order of the trees: a row alone gets the same sum as among others. Allocates nothing.
void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> codes, std::size_t stride,
                std::span<float> sums);

// Throws kPolicy, naming `field`, unless every walk over `n_codes` codes ends at a leaf with `width` values.
void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field);

}  // namespace triage
