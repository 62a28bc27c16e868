// Walks through trees made by hand, and every way in which their arrays may not fit together.
#include "policy/tree_ensemble.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

// Two trees over two codes with leaves of two values: column 1 up to 3 -> (1, 10), else column 0 up to 0 ->
// (2, 20), else (3, 30); and a leaf alone, (100, 200).
template <class Node>
std::vector<typename Node::Word> two_trees_nodes() {
  return {Node::make(0, 1, 3, 1), leaf_node<Node>(1), Node::make(2, 3, 0, 0),
          leaf_node<Node>(3),     leaf_node<Node>(4), leaf_node<Node>(0)};
}
TreeEnsemble wide_trees() {
  return {2,  {0, 5, 6},          two_trees_nodes<WideNode>(),
          {}, {0, 0, 0, 1, 2, 3}, {1, 10, 0, 0, 2, 20, 0, 0, 3, 30, 0, 0, 100, 200, 0, 0}};
}
TreeEnsemble narrow_trees() {
  TreeEnsemble trees = wide_trees();
  trees.wide.clear();
  trees.narrow = two_trees_nodes<NarrowNode>();
  return trees;
}

// Codes (n, columns) in groups.
std::vector<std::uint8_t> grouped(const std::vector<std::uint8_t>& codes, std::size_t columns) {
  const std::size_t n = codes.size() / columns;
  std::vector<std::uint8_t> groups(grouped_size(n, columns), 99);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < columns; ++c)
      groups[grouped_row(i, columns) + c * kGroupRows] = codes[i * columns + c];
  }
  return groups;
}

std::vector<float> sums_of_row(const TreeEnsemble& trees, const std::vector<std::uint8_t>& codes) {
  std::vector<float> sums(leaf_stride(trees.width));
  add_leaves(trees, grouped(codes, codes.size()), codes.size(), 1, sums);
  return sums;
}

// Full trees of a depth with random columns and thresholds; leaf i has the value i.
TreeEnsemble random_trees(std::size_t n, std::uint32_t depth, std::size_t n_codes, std::uint64_t seed) {
  Random random(seed);
  TreeEnsemble trees{1, {0}, {}, {}, {}, {}};
  const std::uint32_t inner = (1U << depth) - 1;
  for (std::size_t t = 0; t < n; ++t) {
    for (std::uint32_t node = 0; node < 2 * inner + 1; ++node) {
      const auto threshold = static_cast<std::uint8_t>(random.below(255));
      const auto column = static_cast<std::uint32_t>(random.below(n_codes));
      trees.wide.push_back(node < inner ? WideNode::make(node, 2 * node + 1, threshold, column)
                                        : leaf_node<WideNode>(node));
      trees.leaf.push_back(node < inner ? 0 : node - inner);
    }
    trees.tree_begin.push_back(static_cast<std::uint32_t>(trees.wide.size()));
  }
  for (std::uint32_t i = 0; i <= inner; ++i) {
    for (const float value : {static_cast<float>(i), 0.0F, 0.0F, 0.0F}) trees.values.push_back(value);
  }
  return trees;
}

TEST(TreeEnsemble, AddsTheLeavesOfAllTrees) {
  for (const TreeEnsemble& trees : {wide_trees(), narrow_trees()}) {
    EXPECT_EQ(sums_of_row(trees, {9, 3}), (std::vector<float>{101, 210, 0, 0}));
    EXPECT_EQ(sums_of_row(trees, {0, 4}), (std::vector<float>{102, 220, 0, 0}));
    EXPECT_EQ(sums_of_row(trees, {1, 254}), (std::vector<float>{103, 230, 0, 0}));
  }
}

TEST(TreeEnsemble, NodesBecomeNarrowWhereAllCanBe) {
  TreeEnsemble trees = wide_trees();
  narrow_nodes(trees);
  EXPECT_TRUE(trees.wide.empty());
  EXPECT_EQ(trees.narrow, narrow_trees().narrow);
  for (const std::uint64_t node : {WideNode::make(0, 1, 3, 256), WideNode::make(0, 65536, 3, 1)}) {
    trees = wide_trees();
    trees.wide[0] = node;
    narrow_nodes(trees);
    EXPECT_EQ(trees.wide[0], node);
    EXPECT_TRUE(trees.narrow.empty());
  }
  trees = wide_trees();
  trees.wide[0] = WideNode::make(0, 65535, 254, 255);
  narrow_nodes(trees);
  EXPECT_EQ(trees.narrow[0], NarrowNode::make(0, 65535, 254, 255));
  EXPECT_EQ(NarrowNode::left(0, trees.narrow[0]), 65535U);
  EXPECT_EQ(NarrowNode::column(trees.narrow[0]), 255U);
}

TEST(TreeEnsemble, AddsToWhatIsThere) {
  std::vector<float> sums{5, 5, 0, 0};
  add_leaves(wide_trees(), grouped({9, 3}, 2), 2, 1, sums);
  EXPECT_EQ(sums, (std::vector<float>{106, 215, 0, 0}));
}

void expect_many_rows_are_as_one(const TreeEnsemble& trees, std::size_t n) {
  Random random(n);
  std::vector<std::uint8_t> codes(n * 5);
  for (auto& code : codes) code = static_cast<std::uint8_t>(random.below(255));
  std::vector<float> sums(n * 4);
  add_leaves(trees, grouped(codes, 5), 5, n, sums);
  for (std::size_t i = 0; i < n; i += 1 + n / 100) {
    const auto row = codes.begin() + static_cast<std::ptrdiff_t>(i * 5);
    ASSERT_EQ(sums[i * 4], sums_of_row(trees, {row, row + 5})[0]) << "row " << i << " of " << n;
  }
}

TEST(TreeEnsemble, ManyRowsAreAsOne) {
  for (const std::uint32_t depth :
       {0U, 1U, 6U, 11U, 12U, 13U, 14U}) {  // around the steps that are not counted
    const TreeEnsemble wide = random_trees(105, depth, 5, depth);
    TreeEnsemble narrow = wide;
    narrow_nodes(narrow);
    for (const TreeEnsemble& trees : {wide, narrow}) {
      check_ensemble(trees, 5, 1, "trees");
      for (const std::size_t n : {1U, 7U, 8U, 9U, 33U}) expect_many_rows_are_as_one(trees, n);
    }
  }
  expect_many_rows_are_as_one(random_trees(3, 13, 5, 1), 4100);  // more than a block
}

TEST(TreeEnsemble, WalksChosenRows) {
  const std::vector<std::uint8_t> codes{9, 3, 0, 4, 1, 4};
  std::vector<std::uint32_t> ends(4);
  const std::vector<std::uint32_t> rows{2, 0, 1, 2};
  walk_tree(wide_trees().wide.data(), codes.data(), 2, rows, ends);
  EXPECT_EQ(ends, (std::vector<std::uint32_t>{4, 1, 3, 4}));
}

TEST(TreeEnsemble, IsRefusedUnlessEveryWalkEnds) {
  check_ensemble(wide_trees(), 2, 2, "trees");
  check_ensemble(narrow_trees(), 2, 2, "trees");
  const auto expect_refused = [](const std::function<void(TreeEnsemble&)>& spoil, const char* message) {
    TreeEnsemble trees = wide_trees();
    spoil(trees);
    EXPECT_TRIAGE_ERROR(check_ensemble(trees, 2, 2, "trees"), ErrorCode::kPolicy, message);
  };
  expect_refused([](TreeEnsemble& t) { t.width = 3; }, "trees.width: 3, expected 2");
  expect_refused([](TreeEnsemble& t) { t.tree_begin = {}; }, "trees.tree_begin: 0 positions");
  expect_refused([](TreeEnsemble& t) { t.tree_begin[0] = 1; }, "trees.tree_begin");
  expect_refused([](TreeEnsemble& t) { t.tree_begin[2] = 5; }, "trees.tree_begin");
  expect_refused([](TreeEnsemble& t) { t.tree_begin[1] = 0; }, "trees.tree_begin");
  expect_refused([](TreeEnsemble& t) { t.leaf.pop_back(); }, "trees: 5 leaves");
  expect_refused([](TreeEnsemble& t) { t.values.pop_back(); }, "trees: 6 leaves and 15 values");
  expect_refused([](TreeEnsemble& t) { t.values[5] = std::numeric_limits<float>::quiet_NaN(); },
                 "trees.values: nan");
  expect_refused([](TreeEnsemble& t) { t.leaf[4] = 4; }, "trees.leaf: 4, expected rows of 4 leaves");
  expect_refused([](TreeEnsemble& t) { t.wide[2] = WideNode::make(2, 2, 0, 0); }, "for node 2 of 5");
  expect_refused([](TreeEnsemble& t) { t.wide[2] = WideNode::make(2, 4, 0, 0); }, "for node 2 of 5");
  expect_refused([](TreeEnsemble& t) { t.wide[0] = WideNode::make(0, 1, 3, 2); }, "for node 0 of 5");
  expect_refused([](TreeEnsemble& t) { t.wide[0] = WideNode::make(0, 1, 255, 1); }, "for node 0 of 5");
  expect_refused([](TreeEnsemble& t) { t.narrow = {1}; },
                 "trees: 6 wide and 1 narrow nodes, expected only one kind");
  TreeEnsemble narrow = narrow_trees();
  narrow.narrow[2] = NarrowNode::make(2, 4, 0, 0);
  EXPECT_TRIAGE_ERROR(check_ensemble(narrow, 2, 2, "trees"), ErrorCode::kPolicy, "for node 2 of 5");
  EXPECT_TRIAGE_ERROR(check_ensemble({0, {0, 1}, {leaf_node<WideNode>(0)}, {}, {0}, {}}, 2, 0, "trees"),
                      ErrorCode::kPolicy, "trees.width: 0");
}

}  // namespace
}  // namespace triage
