// Sums of leaves: by hand, and many rows, with each kind of instructions, as a plain walk of each row alone.
#include "policy/leaf_sums.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace triage {
namespace {

using Codes = std::vector<std::uint8_t>;

// Two trees over two codes with leaves of two values: column 1 up to 3 -> (1, 10), else column 0 up to 0 ->
// (2, 20), else (3, 30); and a leaf alone, (100, 200).
template <class Node>
std::vector<Node> pair_nodes() {
  return {Node::make(0, 1, 3, 1), leaf_node<Node>(1), Node::make(2, 3, 0, 0),
          leaf_node<Node>(3),     leaf_node<Node>(4), leaf_node<Node>(0)};
}
TreeEnsemble wide_pair() {
  return {2,  {0, 5, 6},          pair_nodes<WideNode>(),
          {}, {0, 0, 0, 1, 2, 3}, {1, 10, 0, 0, 2, 20, 0, 0, 3, 30, 0, 0, 100, 200, 0, 0}};
}
TreeEnsemble narrow_pair() {
  TreeEnsemble trees = wide_pair();
  trees.wide.clear();
  trees.narrow = pair_nodes<NarrowNode>();
  return trees;
}

Codes grouped(const Codes& codes, std::size_t columns) {
  const std::size_t n = codes.size() / columns;
  Codes groups(grouped_size(n, columns), 99);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < columns; ++c)
      groups[grouped_row(i, columns) + c * kGroupRows] = codes[i * columns + c];
  }
  return groups;
}

std::vector<float> sums_of(const TreeEnsemble& trees, const Codes& codes, std::size_t columns,
                           const TreeTopKernel* kernel = nullptr) {
  const std::size_t n = codes.size() / columns;
  std::vector<float> sums(n * leaf_stride(trees.width));
  WalkBuffers buffers;
  add_leaves(trees, grouped(codes, columns), columns, n, kernel, buffers, sums);
  return sums;
}

std::vector<const TreeTopKernel*> kernels_and_none() {
  std::vector<const TreeTopKernel*> kernels{nullptr};
  for (const TreeTopKernel& kernel : tree_top_kernels()) kernels.push_back(&kernel);
  return kernels;
}

std::uint8_t random_threshold(Random& random) { return static_cast<std::uint8_t>(random.below(255)); }

// Trees grown at random leaves, of depths that differ much, up to chains. Leaf i has the values i and 0.1 i.
TreeEnsemble random_trees(std::size_t n, std::size_t n_splits, std::size_t n_codes, std::uint64_t seed,
                          bool chains = false) {
  Random random(seed);
  TreeEnsemble trees{2, {0}, {}, {}, {}, {}};
  std::uint32_t n_leaves = 0;
  for (std::size_t t = 0; t < n; ++t) {
    std::vector<WideNode> nodes{leaf_node<WideNode>(0)};
    std::vector<std::uint32_t> leaves{0};
    for (std::size_t split = 0; split < n_splits; ++split) {
      const std::size_t place = chains ? leaves.size() - 1 : random.below(leaves.size());
      const std::uint32_t node = leaves[place], left = static_cast<std::uint32_t>(nodes.size());
      nodes[node] = WideNode::make(node, left, random_threshold(random), random.below(n_codes));
      nodes.push_back(leaf_node<WideNode>(left));
      nodes.push_back(leaf_node<WideNode>(left + 1));
      leaves[place] = left;
      leaves.push_back(left + 1);
    }
    for (std::uint32_t node = 0; node < nodes.size(); ++node)
      trees.leaf.push_back(nodes[node] == leaf_node<WideNode>(node) ? n_leaves++ : 0);
    trees.wide.insert(trees.wide.end(), nodes.begin(), nodes.end());
    trees.tree_begin.push_back(static_cast<std::uint32_t>(trees.wide.size()));
  }
  for (std::uint32_t i = 0; i < n_leaves; ++i) {
    const auto value = static_cast<float>(i);
    trees.values.insert(trees.values.end(), {value, 0.1F * value, 0, 0});
  }
  return trees;
}

// Tree by tree and step by step.
std::vector<float> plain_sums(const TreeEnsemble& trees, const Codes& codes, std::size_t columns) {
  const std::size_t n = codes.size() / columns, width = leaf_stride(trees.width);
  std::vector<float> sums(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t t = 0; t < trees.n_trees(); ++t) {
      const WideNode* tree = &trees.wide[trees.tree_begin[t]];
      std::uint64_t at = 0;
      while (tree[at].threshold != kLeafThreshold)
        at = next_node(at, tree[at], codes[i * columns + tree[at].column]);
      const float* values = &trees.values[trees.leaf[trees.tree_begin[t] + at] * width];
      for (std::size_t j = 0; j < width; ++j) sums[i * width + j] += values[j];
    }
  }
  return sums;
}

void expect_sums_are_plain(const TreeEnsemble& wide, std::size_t columns, std::size_t n) {
  Random random(n);
  Codes codes(n * columns);
  for (auto& code : codes) code = random_threshold(random);
  const std::vector<float> expected = plain_sums(wide, codes, columns);
  TreeEnsemble narrow = wide;
  narrow_nodes(narrow);
  for (const TreeEnsemble& trees : {wide, narrow}) {
    check_ensemble(trees, columns, 2, "trees");
    for (const TreeTopKernel* kernel : kernels_and_none()) {
      ASSERT_EQ(sums_of(trees, codes, columns, kernel), expected)
          << n << " rows, " << (kernel == nullptr ? "no kernel" : kernel->instructions);
    }
  }
}

TEST(LeafSums, AddTheLeavesOfAllTrees) {
  for (const TreeEnsemble& trees : {wide_pair(), narrow_pair()}) {
    EXPECT_EQ(sums_of(trees, {9, 3}, 2), (std::vector<float>{101, 210, 0, 0}));
    EXPECT_EQ(sums_of(trees, {0, 4}, 2), (std::vector<float>{102, 220, 0, 0}));
    EXPECT_EQ(sums_of(trees, {1, 254}, 2), (std::vector<float>{103, 230, 0, 0}));
  }
}

TEST(LeafSums, AddToWhatIsThere) {
  std::vector<float> sums{5, 5, 0, 0};
  WalkBuffers buffers;
  add_leaves(wide_pair(), grouped({9, 3}, 2), 2, 1, nullptr, buffers, sums);
  EXPECT_EQ(sums, (std::vector<float>{106, 215, 0, 0}));
}

// Rows around those of groups and blocks, and around how many a vector takes.
TEST(LeafSums, AreThoseOfPlainWalks) {
  for (const std::size_t n : {1U, 7U, 8U, 9U, 255U, 256U, 257U, 300U, 700U}) {
    expect_sums_are_plain(random_trees(11, 200, 5, n), 5, n);
    expect_sums_are_plain(random_trees(3, 60, 5, n, true), 5, n);  // deeper than what is counted
    expect_sums_are_plain(random_trees(9, 3, 5, n), 5, n);         // leaves above the vectors' last level
    expect_sums_are_plain(random_trees(1, 0, 1, n), 1, n);         // leaves alone
  }
  expect_sums_are_plain(random_trees(2, 300, 255, 1), 255, 300);
  expect_sums_are_plain(random_trees(105, 20, 5, 1), 5, 3);    // more trees than a row takes at once
  expect_sums_are_plain(random_trees(3, 500, 5, 1), 5, 8300);  // more than a block
}

TEST(LeafSums, OfOneBufferAreThoseOfAnother) {
  WalkBuffers buffers;
  for (const std::size_t columns : {3U, 40U, 5U}) {
    const TreeEnsemble trees = random_trees(5, 100, columns, columns);
    Random random(columns);
    Codes codes(500 * columns);
    for (auto& code : codes) code = random_threshold(random);
    for (const TreeTopKernel* kernel : kernels_and_none()) {
      std::vector<float> sums(500 * 4);
      add_leaves(trees, grouped(codes, columns), columns, 500, kernel, buffers, sums);
      ASSERT_EQ(sums, plain_sums(trees, codes, columns));
    }
  }
}

}  // namespace
}  // namespace triage
