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
TreeEnsemble two_trees() {
  return {2,
          {0, 5, 6},
          {tree_node(1, 3, 1), leaf_node(1), tree_node(3, 0, 0), leaf_node(3), leaf_node(4), leaf_node(0)},
          {0, 0, 0, 1, 2, 3},
          {1, 10, 0, 0, 2, 20, 0, 0, 3, 30, 0, 0, 100, 200, 0, 0}};
}

std::vector<float> sums_of_row(const TreeEnsemble& trees, const std::vector<std::uint8_t>& codes) {
  std::vector<float> sums(leaf_stride(trees.width));
  add_leaves(trees, codes, codes.size(), sums);
  return sums;
}

// Full trees of a depth with random columns and thresholds; leaf i has the value i.
TreeEnsemble random_trees(std::size_t n, std::uint32_t depth, std::size_t n_codes, std::uint64_t seed) {
  Random random(seed);
  TreeEnsemble trees{1, {0}, {}, {}, {}};
  const std::uint32_t inner = (1U << depth) - 1;
  for (std::size_t t = 0; t < n; ++t) {
    for (std::uint32_t node = 0; node < 2 * inner + 1; ++node) {
      trees.nodes.push_back(node < inner
                                ? tree_node(2 * node + 1, static_cast<std::uint8_t>(random.below(255)),
                                            static_cast<std::uint16_t>(random.below(n_codes)))
                                : leaf_node(node));
      trees.leaf.push_back(node < inner ? 0 : node - inner);
    }
    trees.tree_begin.push_back(static_cast<std::uint32_t>(trees.nodes.size()));
  }
  for (std::uint32_t i = 0; i <= inner; ++i) {
    for (const float value : {static_cast<float>(i), 0.0F, 0.0F, 0.0F}) trees.values.push_back(value);
  }
  return trees;
}

TEST(TreeEnsemble, AddsTheLeavesOfAllTrees) {
  EXPECT_EQ(sums_of_row(two_trees(), {9, 3}), (std::vector<float>{101, 210, 0, 0}));
  EXPECT_EQ(sums_of_row(two_trees(), {0, 4}), (std::vector<float>{102, 220, 0, 0}));
  EXPECT_EQ(sums_of_row(two_trees(), {1, 254}), (std::vector<float>{103, 230, 0, 0}));
}

TEST(TreeEnsemble, AddsToWhatIsThere) {
  std::vector<float> sums{5, 5, 0, 0};
  add_leaves(two_trees(), std::array<std::uint8_t, 2>{9, 3}, 2, sums);
  EXPECT_EQ(sums, (std::vector<float>{106, 215, 0, 0}));
}

TEST(TreeEnsemble, ManyRowsAreAsOne) {
  const TreeEnsemble trees = random_trees(37, 6, 5, 1);
  check_ensemble(trees, 5, 1, "trees");
  for (const std::size_t n : {1U, 15U, 16U, 33U, 8200U}) {
    Random random(n);
    std::vector<std::uint8_t> codes(n * 5);
    for (auto& code : codes) code = static_cast<std::uint8_t>(random.below(255));
    std::vector<float> sums(n * 4);
    add_leaves(trees, codes, 5, sums);
    for (std::size_t i = 0; i < n; i += 1 + n / 100) {
      const auto row = codes.begin() + static_cast<std::ptrdiff_t>(i * 5);
      ASSERT_EQ(sums[i * 4], sums_of_row(trees, {row, row + 5})[0]) << "row " << i << " of " << n;
    }
  }
}

TEST(TreeEnsemble, WalksChosenRows) {
  const std::vector<std::uint8_t> codes{9, 3, 0, 4, 1, 4};
  std::vector<std::uint32_t> ends(4);
  const std::vector<std::uint32_t> rows{2, 0, 1, 2};
  walk_tree(two_trees().nodes.data(), codes.data(), 2, rows, ends);
  EXPECT_EQ(ends, (std::vector<std::uint32_t>{4, 1, 3, 4}));
}

TEST(TreeEnsemble, IsRefusedUnlessEveryWalkEnds) {
  check_ensemble(two_trees(), 2, 2, "trees");
  const auto expect_refused = [](const std::function<void(TreeEnsemble&)>& spoil, const char* message) {
    TreeEnsemble trees = two_trees();
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
  expect_refused([](TreeEnsemble& t) { t.nodes[2] = tree_node(2, 0, 0); }, "for node 2 of 5");
  expect_refused([](TreeEnsemble& t) { t.nodes[2] = tree_node(4, 0, 0); }, "for node 2 of 5");
  expect_refused([](TreeEnsemble& t) { t.nodes[0] = tree_node(1, 3, 2); }, "for node 0 of 5");
  EXPECT_TRIAGE_ERROR(check_ensemble({0, {0, 1}, {leaf_node(0)}, {0}, {}}, 2, 0, "trees"), ErrorCode::kPolicy,
                      "trees.width: 0");
}

}  // namespace
}  // namespace triage
