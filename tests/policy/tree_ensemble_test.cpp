// Nodes and walks in trees made by hand, and every way in which their arrays may not fit together.
#include "policy/tree_ensemble.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "support/expect_error.h"

namespace triage {
namespace {

// Two trees over two codes with leaves of two values: column 1 up to 3 -> (1, 10), else column 0 up to 0 ->
// (2, 20), else (3, 30); and a leaf alone, (100, 200).
template <class Node>
std::vector<Node> two_trees_nodes() {
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

TEST(TreeEnsemble, NodesBecomeNarrowWhereAllCanBe) {
  TreeEnsemble trees = wide_trees();
  narrow_nodes(trees);
  EXPECT_TRUE(trees.wide.empty());
  EXPECT_EQ(trees.narrow, narrow_trees().narrow);
  for (const WideNode node : {WideNode::make(0, 1, 3, 256), WideNode::make(0, 65536, 3, 1)}) {
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
  EXPECT_EQ(trees.narrow[0].left(0), 65535U);
  EXPECT_EQ(trees.narrow[0].column, 255U);
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
  expect_refused([](TreeEnsemble& t) { t.narrow = {NarrowNode::of(1)}; },
                 "trees: 6 wide and 1 narrow nodes, expected only one kind");
  TreeEnsemble narrow = narrow_trees();
  narrow.narrow[2] = NarrowNode::make(2, 4, 0, 0);
  EXPECT_TRIAGE_ERROR(check_ensemble(narrow, 2, 2, "trees"), ErrorCode::kPolicy, "for node 2 of 5");
  EXPECT_TRIAGE_ERROR(check_ensemble({0, {0, 1}, {leaf_node<WideNode>(0)}, {}, {0}, {}}, 2, 0, "trees"),
                      ErrorCode::kPolicy, "trees.width: 0");
}

}  // namespace
}  // namespace triage
