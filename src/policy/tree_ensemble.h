// Trees with a vector of values in each leaf, on flat arrays: what training in `learn/forest` leaves for the
// device. What they see is codes (feature_map.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace triage {

// Nodes are counted from the root of their tree. A row whose code in the node's column is at most the
// threshold goes left; the right child is just behind the left one. A leaf is its own left child, with column
// 0 and threshold 255, so that a walk may take steps after its end. A walk reads the fields from memory one
// by one, which takes fewer instructions than to take a word apart. Numbers are 64 bits wide where a walk
// uses them, which spares it conversions.
struct WideNode {
  using Word = std::uint64_t;  // as saved
  static constexpr std::uint64_t kMaxColumn = 65535, kMaxLeft = UINT32_MAX;

  std::uint8_t threshold;
  std::uint8_t unused;  // 0
  std::uint16_t column;
  std::uint32_t left_child;

  static constexpr WideNode make(std::uint64_t /*self*/, std::uint64_t left, std::uint8_t threshold,
                                 std::uint64_t column) {
    return {threshold, 0, static_cast<std::uint16_t>(column), static_cast<std::uint32_t>(left)};
  }
  static constexpr WideNode of(Word word) {
    return {static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
            static_cast<std::uint16_t>(word >> 16), static_cast<std::uint32_t>(word >> 32)};
  }
  [[nodiscard]] constexpr Word word() const {
    return Word{left_child} << 32 | Word{column} << 16 | Word{unused} << 8 | threshold;
  }
  [[nodiscard]] constexpr std::uint64_t left(std::uint64_t /*self*/) const { return left_child; }
  [[nodiscard]] const WideNode* left_in(const WideNode* tree) const { return tree + left_child; }
  bool operator==(const WideNode&) const = default;
};
// Half as much to keep in cache, which a walk waits for; for small trees over few columns.
struct NarrowNode {
  using Word = std::uint32_t;
  static constexpr std::uint64_t kMaxColumn = 255, kMaxLeft = 65535;

  std::uint8_t threshold;
  std::uint8_t column;
  std::uint16_t to_left;  // how far the left child is behind the node

  static constexpr NarrowNode make(std::uint64_t self, std::uint64_t left, std::uint8_t threshold,
                                   std::uint64_t column) {
    return {threshold, static_cast<std::uint8_t>(column), static_cast<std::uint16_t>(left - self)};
  }
  static constexpr NarrowNode of(Word word) {
    return {static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8),
            static_cast<std::uint16_t>(word >> 16)};
  }
  [[nodiscard]] constexpr Word word() const { return Word{to_left} << 16 | Word{column} << 8 | threshold; }
  [[nodiscard]] constexpr std::uint64_t left(std::uint64_t self) const { return self + to_left; }
  [[nodiscard]] const NarrowNode* left_in(const NarrowNode* /*tree*/) const { return this + to_left; }
  bool operator==(const NarrowNode&) const = default;
};
inline constexpr std::uint8_t kLeafThreshold = 255;
template <class Node>
[[nodiscard]] constexpr Node leaf_node(std::uint32_t self) {
  return Node::make(self, self, kLeafThreshold, 0);
}
// The node behind `self`, for a row with `code` in the node's column.
template <class Node>
[[nodiscard, gnu::always_inline]] inline std::uint64_t next_node(std::uint64_t self, const Node& node,
                                                                 std::uint8_t code) {
  return node.left(self) + static_cast<std::uint64_t>(code > node.threshold);
}

template <class Node>
[[nodiscard, gnu::always_inline]] inline const Node* next_node(const Node* tree, const Node* self,
                                                               std::uint8_t code) {
  return self->left_in(tree) + static_cast<std::size_t>(code > self->threshold);
}

// (t) trees, whose nodes are either all wide or all narrow; the other array is empty.
struct TreeEnsemble {
  std::uint32_t width = 0;                // w: values of a leaf
  std::vector<std::uint32_t> tree_begin;  // (t + 1) where the nodes of each tree begin
  std::vector<WideNode> wide;             // all trees' nodes
  std::vector<NarrowNode> narrow;
  std::vector<std::uint32_t> leaf;  // one for each node: the leaf's row of `values`; 0 for an inner node
  std::vector<float> values;        // (leaves, leaf_stride(w)), 0 behind the w; equal leaves share a row

  [[nodiscard]] std::size_t n_trees() const { return tree_begin.empty() ? 0 : tree_begin.size() - 1; }
};

// The values of a leaf are padded to whole vectors of four.
[[nodiscard]] constexpr std::size_t leaf_stride(std::size_t width) { return (width + 3) / 4 * 4; }

template <class Node>
[[nodiscard]] const std::vector<Node>& nodes_of(const TreeEnsemble& trees) {
  if constexpr (std::is_same_v<Node, WideNode>) return trees.wide;
  if constexpr (std::is_same_v<Node, NarrowNode>) return trees.narrow;
}

// Makes wide nodes narrow where all of them can be.
void narrow_nodes(TreeEnsemble& trees);

// The leaf nodes of one tree to which rows come; node numbers count from the tree's root. `codes` has shape
// (n, stride), at least one code a row; `rows` are the rows to walk, `ends` as many.
void walk_tree(const WideNode* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends);

// Throws kPolicy, naming `field`, unless every walk over `n_codes` codes ends at a leaf with `width` values.
void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field);

}  // namespace triage
