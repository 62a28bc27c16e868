// For two classes the sum of squares that trees minimise is Gini's impurity, so the trees are the ordinary
// ones, of a single target: 1 where the first model is better, else 0.
#include "learn/forest/pair_forests.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/hash.h"
#include "learn/forest/leaf_table.h"

namespace triage {
namespace {

// Which of two models is better on each row, and how much is at stake.
struct PairRows {
  std::vector<float> targets;        // (n)
  std::vector<float> weights;        // (n), with mean 1 over those that are drawn
  std::vector<std::uint32_t> drawn;  // rows on which the models differ
  float mean = 0;                    // of the targets, weighted
};

PairRows pair_rows(const TreeRows& rows, std::size_t m, std::size_t a, std::size_t b) {
  const std::size_t n = rows.targets.size() / m;
  PairRows pair{std::vector<float>(n), std::vector<float>(n), {}, 0};
  double sum = 0, sum_of_first = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const float difference = rows.targets[i * m + b] - rows.targets[i * m + a];
    if (std::isnan(difference) || difference == 0) continue;
    const float weight = std::abs(difference) * (rows.weights.empty() ? 1.0F : rows.weights[i]);
    if (!(weight > 0)) continue;  // rounded to nothing
    pair.drawn.push_back(i);
    pair.targets[i] = difference > 0 ? 1.0F : 0.0F;
    pair.weights[i] = weight;
    sum += static_cast<double>(weight);
    if (difference > 0) sum_of_first += static_cast<double>(weight);
  }
  if (pair.drawn.empty()) return pair;
  pair.mean = static_cast<float>(sum_of_first / sum);
  const auto scale = static_cast<float>(static_cast<double>(pair.drawn.size()) / sum);
  for (float& weight : pair.weights) weight *= scale;
  return pair;
}

class VoteAssembly {
 public:
  VoteAssembly(std::size_t n, std::size_t m) : m_(m), leaves_(all_.trees) {
    all_.trees.width = static_cast<std::uint32_t>(m);
    all_.trees.tree_begin.push_back(0);
    all_.means.resize(n * m);
    all_.n_trees.resize(n);
  }

  // `forest` says the share of rows where `a` is better than `b`.
  void add(const GrownForest& forest, std::size_t a, std::size_t b) {
    ++n_pairs_;
    TreeEnsemble& trees = all_.trees;
    const auto first = static_cast<std::uint32_t>(trees.wide.size());
    trees.wide.insert(trees.wide.end(), forest.trees.wide.begin(), forest.trees.wide.end());
    for (std::size_t t = 1; t < forest.trees.tree_begin.size(); ++t) {
      trees.tree_begin.push_back(first + forest.trees.tree_begin[t]);
    }
    std::vector<float> votes(m_);
    for (std::size_t t = 0; t < forest.trees.n_trees(); ++t) {
      const std::uint32_t begin = forest.trees.tree_begin[t];
      for (std::uint32_t node = begin; node < forest.trees.tree_begin[t + 1]; ++node) {
        const bool is_leaf = forest.trees.wide[node] == leaf_node<WideNode>(node - begin);
        if (is_leaf) cast(forest.trees.values[forest.trees.leaf[node] * leaf_stride(1)], a, b, votes);
        trees.leaf.push_back(is_leaf ? leaves_.row_of(votes) : 0);
      }
    }
    for (std::size_t i = 0; i < all_.n_trees.size(); ++i) {
      if (forest.n_trees[i] == 0) continue;
      all_.n_trees[i] += forest.n_trees[i];
      all_.means[i * m_ + a] -= forest.means[i];
      all_.means[i * m_ + b] -= 1 - forest.means[i];
    }
  }

  GrownForest finish() {
    if (n_pairs_ == 0) {  // the models are alike: one tree of one leaf, which says so
      all_.trees.wide.push_back(leaf_node<WideNode>(0));
      all_.trees.leaf.push_back(leaves_.row_of(std::vector<float>(m_)));
      all_.trees.tree_begin.push_back(1);
      std::fill(all_.n_trees.begin(), all_.n_trees.end(), 1U);
    }
    const float per_pair = 1.0F / static_cast<float>(std::max<std::size_t>(1, n_pairs_));
    for (float& mean : all_.means) mean *= per_pair;
    return std::move(all_);
  }

 private:
  static void cast(float share, std::size_t a, std::size_t b, std::vector<float>& votes) {
    votes[a] = -share;
    votes[b] = share - 1;
  }

  std::size_t m_, n_pairs_ = 0;
  GrownForest all_;
  LeafTable leaves_;
};

}  // namespace

GrownForest grow_pair_forests(const TreeRows& rows, std::size_t m, float min_weight, std::size_t trees,
                              std::uint64_t seed, unsigned threads, const std::stop_token& stop) {
  const std::size_t n = rows.targets.size() / m;
  VoteAssembly votes(n, m);
  // 1 + log2, rounded down.
  const auto tried = static_cast<std::size_t>(std::max(1, static_cast<int>(std::bit_width(rows.n_codes))));
  for (std::size_t b = 1; b < m; ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      const PairRows pair = pair_rows(rows, m, a, b);
      if (pair.drawn.empty()) continue;
      const TreeRows own{rows.codes,   rows.stride, rows.n_codes,         pair.targets, {},
                         pair.weights, {pair.mean}, lane_shape(1, false), pair.drawn};
      votes.add(grow_forest(own, {SplitRule::kVariance, tried, min_weight}, trees,
                            mix64(mix64(seed) + b * m + a), threads, stop),
                a, b);
    }
  }
  return votes.finish();
}

}  // namespace triage
