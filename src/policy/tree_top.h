// The first levels of a tree for many rows at once. Most of a walk's steps are there, and each of them is the
// same few nodes for all rows: to compare all rows with all of these nodes, by vector instructions, takes a
// fraction of the time of as many steps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "policy/tree_ensemble.h"

namespace triage {

inline constexpr int kTreeTopLevels = 7;
inline constexpr std::size_t kTreeTopEnds = std::size_t{1} << kTreeTopLevels;
inline constexpr std::size_t kTreeTopRows = 64;  // that a kernel takes at a time

// As a full tree: place 1 is the root, the children of place p are 2 p and 2 p + 1. Below a leaf rows go
// left.
struct TreeTop {
  std::array<std::uint8_t, kTreeTopEnds> threshold;
  std::array<std::uint16_t, kTreeTopEnds> column;
  std::array<std::uint32_t, kTreeTopEnds> node;  // of the tree, at each end
};
void find_top(const WideNode* tree, TreeTop& top);
void find_top(const NarrowNode* tree, TreeTop& top);

// `codes` has shape (columns, kTreeTopRows); writes the rows' ends, positions in TreeTop::node.
using PassTreeTop = void (*)(const TreeTop& top, const std::uint8_t* codes, std::uint8_t* ends);
struct TreeTopKernel {
  std::string_view instructions;
  PassTreeTop pass;
};
// Those for this processor, the fastest first. None where its vectors are so narrow that steps are faster.
[[nodiscard]] std::span<const TreeTopKernel> tree_top_kernels();

}  // namespace triage
