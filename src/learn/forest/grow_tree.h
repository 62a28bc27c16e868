// Grows one tree of a forest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "learn/forest/split_search.h"
#include "policy/tree_ensemble.h"

namespace triage {

// Of n training rows, m models.
struct TreeRows {
  std::span<const std::uint8_t> codes;  // (n, stride)
  std::size_t stride = 0;
  std::size_t n_codes = 0;         // columns that vary; at most `stride`
  std::span<const float> targets;  // (n, m); NaN where absent
  std::span<const float> costs;    // (n, m), of which leaves also get means; NaN where absent. Empty: none
  std::span<const float> weights;  // (n) above 0, with mean 1. Empty: all 1
  std::vector<float> means;        // of each model's targets, then of its costs; a column has at least one
  LaneShape shape;
  // Of which samples are drawn, at least one; others are known to no tree, and what they have does not
  // matter. Empty: all.
  std::span<const std::uint32_t> drawn = {};
  [[nodiscard]] std::size_t n() const { return targets.size() / shape.m; }
};

struct TreeGrowth {
  SplitRule rule = SplitRule::kVariance;
  std::size_t tried = 1;  // columns that a node draws; then as many again, while none of them splits it
  float min_weight = 0;   // of the rows in a leaf
};

// Wide nodes, as in TreeEnsemble.
struct GrownTree {
  std::vector<WideNode> nodes;
  std::vector<std::uint32_t> leaf;  // as long: leaves have numbers in the order of nodes; 0 for an inner node
  std::vector<float> values;        // (leaves, means.size()): weighted means of the leaf's rows
};

// How often a bootstrap sample has each of n rows: of n draws, or of as many as `drawn`, of these rows alone.
[[nodiscard]] std::vector<std::uint32_t> bootstrap_counts(std::size_t n, std::uint64_t seed,
                                                          std::span<const std::uint32_t> drawn = {});

// Grows on each row as often as `counts` says, until the targets of a node's rows are equal or no column
// parts them. A leaf with no value of a model takes the mean of the nearest node above that has one, else
// `means`.
[[nodiscard]] GrownTree grow_tree(const TreeRows& rows, const TreeGrowth& growth,
                                  std::span<const std::uint32_t> counts, std::uint64_t seed);

}  // namespace triage
