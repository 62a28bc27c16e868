#include "policy/tree_ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/checks.h"

namespace triage {
namespace {

constexpr std::size_t kWalks = 16;  // rows through one tree, each with codes of its own

template <class Node>
void check_tree(const TreeEnsemble& trees, std::size_t t, std::size_t n_codes, std::string_view field) {
  const std::uint32_t begin = trees.tree_begin[t], size = trees.tree_begin[t + 1] - begin;
  const std::size_t n_leaves = trees.values.size() / leaf_stride(trees.width);
  for (std::uint32_t node = 0; node < size; ++node) {
    const Node& found = nodes_of<Node>(trees)[begin + node];
    const std::uint64_t left = found.left(node);
    const std::uint32_t leaf = trees.leaf[begin + node];
    if (leaf >= n_leaves) {
      fail_field(fmt::format("{}.leaf", field), leaf, fmt::format("rows of {} leaves, from 0", n_leaves));
    }
    // A child comes after its parent, so no walk can loop.
    const bool inner =
        left > node && left < size - 1 && found.column < n_codes && found.threshold != kLeafThreshold;
    if (found != leaf_node<Node>(node) && !inner) {
      fail_field(fmt::format("{}.nodes", field),
                 fmt::format("{:#x} for node {} of {}", found.word(), node, size),
                 "a leaf, or a column with two children behind the node");
    }
  }
}

// Calls work(position, node) for each node, counted from its tree's root, until it says no.
template <class Work>
bool all_wide(const TreeEnsemble& trees, const Work& work) {
  for (std::size_t t = 0; t < trees.n_trees(); ++t) {
    const std::uint32_t begin = trees.tree_begin[t];
    for (std::uint32_t node = 0; begin + node < trees.tree_begin[t + 1]; ++node) {
      if (!work(node, trees.wide[begin + node])) return false;
    }
  }
  return true;
}

}  // namespace

void narrow_nodes(TreeEnsemble& trees) {
  const bool fits = all_wide(trees, [](std::uint32_t self, const WideNode& node) {
    return node.column <= NarrowNode::kMaxColumn && node.left(self) - self <= NarrowNode::kMaxLeft;
  });
  if (!fits) return;
  all_wide(trees, [&](std::uint32_t self, const WideNode& node) {
    trees.narrow.push_back(NarrowNode::make(self, node.left(self), node.threshold, node.column));
    return true;
  });
  trees.wide = {};
}

// All take steps until all are at leaves.
void walk_tree(const WideNode* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends) {
  std::array<const std::uint8_t*, kWalks> row{};
  for (std::size_t first = 0; first < rows.size(); first += kWalks) {
    const std::size_t n = std::min(kWalks, rows.size() - first);
    for (std::size_t i = 0; i < kWalks; ++i) row[i] = codes + rows[first + std::min(i, n - 1)] * stride;
    std::array<std::uint64_t, kWalks> at{};
    for (std::uint8_t least = 0; least != kLeafThreshold;) {
      least = kLeafThreshold;
#pragma GCC unroll 16
      for (std::size_t i = 0; i < kWalks; ++i) {
        const WideNode& node = tree[at[i]];
        least &= node.threshold;  // all its bits stay only where all are leaves
        at[i] = next_node(at[i], node, row[i][node.column]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) ends[first + i] = static_cast<std::uint32_t>(at[i]);
  }
}

void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field) {
  if (trees.width != width || width == 0) {
    fail_field(fmt::format("{}.width", field), trees.width, fmt::format("{} values a leaf", width));
  }
  const auto& begin = trees.tree_begin;
  const std::size_t n_nodes = trees.wide.size() + trees.narrow.size();
  if (!trees.wide.empty() && !trees.narrow.empty()) {
    fail_field(field, fmt::format("{} wide and {} narrow nodes", trees.wide.size(), trees.narrow.size()),
               "only one kind");
  }
  bool rising = begin.size() > 1 && begin.front() == 0 && begin.back() == n_nodes;
  for (std::size_t t = 1; rising && t < begin.size(); ++t) rising = begin[t - 1] < begin[t];
  if (!rising) {
    fail_field(fmt::format("{}.tree_begin", field), fmt::format("{} positions", begin.size()),
               fmt::format("positions that rise from 0 to {}, at least two", n_nodes));
  }
  const std::size_t stride = leaf_stride(width);
  if (trees.leaf.size() != n_nodes || trees.values.size() % stride != 0) {
    fail_field(field, fmt::format("{} leaves and {} values", trees.leaf.size(), trees.values.size()),
               fmt::format("{} leaves and values in rows of {}", n_nodes, stride));
  }
  for (const float value : trees.values) {
    if (!std::isfinite(value)) fail_field(fmt::format("{}.values", field), value, "finite numbers");
  }
  for (std::size_t t = 0; t < trees.n_trees(); ++t) {
    if (trees.wide.empty()) {
      check_tree<NarrowNode>(trees, t, n_codes, field);
    } else {
      check_tree<WideNode>(trees, t, n_codes, field);
    }
  }
}

}  // namespace triage
