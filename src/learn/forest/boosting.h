// Gradient-boosted trees of one output, grown by XGBoost (Chen, Guestrin 2016), which stays in this file;
// what it leaves is trees like our own, over codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/tree_ensemble.h"

namespace triage {

// Rows of codes (policy/feature_map.h), n of them with a target.
struct BoostRows {
  std::span<const std::uint8_t> codes;  // (n, stride)
  std::size_t stride = 0;
  std::size_t n_codes = 0;  // columns that vary; at most `stride`
  std::vector<float> targets;
  std::vector<float> weights;  // above 0. Empty: all 1
};

enum class BoostLoss {
  kSquares,   // of numbers
  kLogistic,  // of 0 and 1; trees sum to the log-odds of 1
};

// XGBoost's own defaults but for a lower rate. At any number of threads the trees are the same, since each
// training has one.
struct BoostOptions {
  BoostLoss loss = BoostLoss::kSquares;
  std::size_t trees = 100;
  double rate = 0.1;
  int depth = 6;
};

struct BoostedTrees {
  struct Tree {
    std::vector<WideNode> nodes;
    std::vector<float> value;  // one for each node; 0 for an inner node
  };
  float base = 0;  // what a prediction begins with
  std::vector<Tree> trees;
};
[[nodiscard]] BoostedTrees boost_trees(const BoostRows& rows, const BoostOptions& options);

// Of each row of codes, base and leaves summed in the order of the trees.
[[nodiscard]] std::vector<float> predict_boosted(const BoostedTrees& boosted,
                                                 std::span<const std::uint8_t> codes, std::size_t stride);

}  // namespace triage
