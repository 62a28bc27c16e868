// Rows in a tree of boxes, laid out for vector instructions: near rows share a block, in which features stand
// one behind the other, and sixteen boxes are compared with a query at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace triage {

inline constexpr std::size_t kBlockRows = 32;     // of a block
inline constexpr std::size_t kBoxChildren = 16;   // of a node
inline constexpr std::size_t kMaxTreeLevels = 8;  // enough for 2^32 rows

// The boxes around blocks, or around the nodes of the level before, of which node j has the 16 from 16 j on.
struct BoxLevel {
  std::size_t n_boxes = 0;
  std::vector<float> sides;  // (n_nodes, d, 2, kBoxChildren): lower and upper
};

// n rows, d features.
struct BlockTree {
  std::size_t n = 0;
  std::size_t d = 0;
  std::vector<std::uint32_t> order;  // (n) rows, block by block
  std::vector<float> blocks;         // (n_blocks, d, kBlockRows); what fills the last does not matter
  std::vector<BoxLevel> levels;      // the last one has one node; none without rows

  [[nodiscard]] const float* block(std::size_t i) const { return blocks.data() + i * d * kBlockRows; }
  [[nodiscard]] const float* boxes(std::size_t level, std::size_t node) const {
    return levels[level].sides.data() + node * d * 2 * kBoxChildren;
  }
};

// `rows` has shape (n, d), finite. O(n log n), on two threads where there are many rows.
[[nodiscard]] BlockTree build_block_tree(std::span<const float> rows, std::size_t d);

}  // namespace triage
