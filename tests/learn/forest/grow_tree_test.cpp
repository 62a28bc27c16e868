// Trees by hand, and their splits against a search in double over all columns and thresholds.
#include "learn/forest/grow_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/hash.h"
#include "policy/tree_ensemble.h"

namespace triage {
namespace {

constexpr float kNotRun = std::numeric_limits<float>::quiet_NaN();

struct TreeData {
  std::vector<std::uint8_t> codes;
  std::size_t c;
  std::vector<float> targets;
  std::size_t m;
  std::vector<float> means, costs = {}, weights = {};

  [[nodiscard]] TreeRows rows() const {
    bool sparse = false;
    for (const float target : targets) sparse = sparse || std::isnan(target);
    return {codes, c, c, targets, costs, weights, means, lane_shape(m, sparse)};
  }
  [[nodiscard]] std::size_t n() const { return targets.size() / m; }
};

// Grown on each row once.
GrownTree grown(const TreeData& data, SplitRule rule = SplitRule::kVariance, float min_weight = 0) {
  return grow_tree(data.rows(), {rule, data.c, min_weight}, std::vector<std::uint32_t>(data.n(), 1), 1);
}

std::vector<float> leaf_of(const GrownTree& tree, const TreeData& data, std::uint32_t row) {
  std::uint32_t end = 0;
  walk_tree(tree.nodes.data(), data.codes.data(), data.c, {&row, 1}, {&end, 1});
  const auto first = tree.values.begin() + static_cast<std::ptrdiff_t>(tree.leaf[end] * data.means.size());
  return {first, first + static_cast<std::ptrdiff_t>(data.means.size())};
}

TEST(GrowTree, SplitsInTheMiddleOfAGapUntilLeavesArePure) {
  // Two models; column 0 parts the rows, column 1 is constant.
  const TreeData data{{0, 5, 2, 5, 7, 5, 8, 5}, 2, {0, 1, 0, 1, 1, 0, 1, 0}, 2, {0.5F, 0.5F}};
  const GrownTree tree = grown(data);
  EXPECT_EQ(tree.nodes, (std::vector<WideNode>{WideNode::make(0, 1, 4, 0), leaf_node<WideNode>(1),
                                               leaf_node<WideNode>(2)}));
  EXPECT_EQ(tree.leaf, (std::vector<std::uint32_t>{0, 0, 1}));
  EXPECT_EQ(tree.values, (std::vector<float>{0, 1, 1, 0}));
}

TEST(GrowTree, ALeafOfRowsThatNoColumnPartsIsTheirMean) {
  TreeData data{{1, 1, 1}, 1, {0, 1, 0.5F, 1, 1, 4}, 2, {0.5F, 2}};
  EXPECT_EQ(grown(data).values, (std::vector<float>{0.5F, 2}));
  data.weights = {0.5F, 0.5F, 2};
  EXPECT_EQ(grown(data).values, (std::vector<float>{0.75F, 3}));
  const GrownTree twice =
      grow_tree(data.rows(), {SplitRule::kVariance, 1, 0}, std::vector<std::uint32_t>{4, 4, 0}, 1);
  EXPECT_EQ(twice.values, (std::vector<float>{0.25F, 1}));
}

TEST(GrowTree, GrowsOneRowAndRowsWithoutColumns) {
  EXPECT_EQ(grown({{3}, 1, {0.5F}, 1, {0.5F}}).values, std::vector<float>{0.5F});
  const TreeData data{{0, 0}, 1, {0, 1}, 1, {0.5F}};
  TreeRows rows = data.rows();
  rows.n_codes = 0;
  const GrownTree tree = grow_tree(rows, {SplitRule::kVariance, 1, 0}, std::vector<std::uint32_t>{1, 1}, 1);
  EXPECT_EQ(tree.nodes, std::vector<WideNode>{leaf_node<WideNode>(0)});
  EXPECT_EQ(tree.values, std::vector<float>{0.5F});
}

TEST(GrowTree, LeavesHaveTheirLeastWeight) {
  TreeData data{{0, 1, 2, 3, 4, 5}, 1, {0, 1, 2, 3, 4, 5}, 1, {2.5F}};
  EXPECT_EQ(grown(data, SplitRule::kVariance, 3).values, (std::vector<float>{1, 4}));
  EXPECT_EQ(grown(data, SplitRule::kVariance, 4).values, (std::vector<float>{2.5F}));
  EXPECT_EQ(grown(data, SplitRule::kVariance, 1).values.size(), 6U);
}

TEST(GrowTree, BestSingleSplitsWhereAnotherModelIsBest) {
  // The variance is between rows 0, 1 and 2, 3; the best model changes behind row 0.
  const TreeData data{{0, 1, 2, 3}, 1, {0, 1, 1, 0, 9, 8, 9, 8}, 2, {4.75F, 4.25F}};
  EXPECT_EQ(grown(data, SplitRule::kVariance).nodes[0], WideNode::make(0, 1, 1, 0));
  EXPECT_EQ(grown(data, SplitRule::kBestSingle).nodes[0], WideNode::make(0, 1, 0, 0));
}

TEST(GrowTree, BestSingleStopsWhereTheSameModelStaysBest) {
  const TreeData data{{0, 1, 2, 3}, 1, {0.1F, 0.2F, 0.3F, 0.4F, 0, 0.9F, 0.7F, 0.8F}, 2, {0.275F, 0.575F}};
  EXPECT_EQ(grown(data, SplitRule::kBestSingle).nodes, std::vector<WideNode>{leaf_node<WideNode>(0)});
  EXPECT_EQ(grown(data, SplitRule::kVariance).nodes.size(), 7U);
}

TEST(GrowTree, AbsentTargetsCountNowhere) {
  // Column 0 parts rows 0, 1 from 2, 3; the second model was run on row 1 alone.
  const TreeData data{{0, 0, 1, 1}, 1, {1, kNotRun, 3, 8, 5, kNotRun, 7, kNotRun}, 2, {4, 8}};
  const GrownTree tree = grown(data);
  EXPECT_EQ(leaf_of(tree, data, 0), (std::vector<float>{2, 8}));
  EXPECT_EQ(leaf_of(tree, data, 2), (std::vector<float>{6, 8}));  // its parent's mean
}

TEST(GrowTree, AModelOutsideTheSampleHasItsMeanOverAllRows) {
  const TreeData data{{0, 1}, 1, {1, kNotRun, 3, 8}, 2, {2, 9}};
  const GrownTree tree =
      grow_tree(data.rows(), {SplitRule::kVariance, 1, 0}, std::vector<std::uint32_t>{2, 0}, 1);
  EXPECT_EQ(tree.values, (std::vector<float>{1, 9}));
}

TEST(GrowTree, LeavesHaveMeansOfCostsToo) {
  const TreeData data{{0, 0, 1, 1}, 1, {1, 1, 2, 2}, 1, {1.5F, 20}, {10, 30, kNotRun, kNotRun}};
  const GrownTree tree = grown(data);
  EXPECT_EQ(leaf_of(tree, data, 0), (std::vector<float>{1, 20}));
  EXPECT_EQ(leaf_of(tree, data, 3), (std::vector<float>{2, 20}));
}

TEST(GrowTree, EveryRowComesToItsOwnLeaf) {
  for (const std::size_t m : {1U, 3U, 4U, 8U, 15U, 30U, 70U, 255U}) {
    TreeData data{{}, 3, {}, m, std::vector<float>(m, 0.5F)};
    Random random(m);
    for (std::size_t i = 0; i < 60; ++i) {
      data.codes.push_back(static_cast<std::uint8_t>(i));
      for (int c = 0; c < 2; ++c) data.codes.push_back(static_cast<std::uint8_t>(random.below(255)));
      for (std::size_t j = 0; j < m; ++j) data.targets.push_back(static_cast<float>(random.uniform()));
    }
    for (const auto rule : {SplitRule::kVariance, SplitRule::kRandomVariance}) {
      const GrownTree tree = grown(data, rule);
      for (std::uint32_t i = 0; i < 60; ++i) {
        const auto row = data.targets.begin() + static_cast<std::ptrdiff_t>(i * m);
        ASSERT_EQ(leaf_of(tree, data, i), (std::vector<float>(row, row + static_cast<std::ptrdiff_t>(m))));
      }
    }
  }
}

TEST(GrowTree, BootstrapDrawsAsManyAsThereAreRows) {
  const auto counts = bootstrap_counts(10000, 1);
  std::size_t sum = 0, none = 0;
  for (const std::uint32_t count : counts) {
    sum += count;
    none += count == 0 ? 1 : 0;
  }
  EXPECT_EQ(sum, 10000U);
  EXPECT_NEAR(static_cast<double>(none), 10000 / std::exp(1.0), 150);
  EXPECT_NE(counts, bootstrap_counts(10000, 2));
}

// The quality of a split in double, in the way the rule is written.
double quality_of(const TreeData& data, SplitRule rule, std::uint32_t column, std::size_t threshold) {
  double quality = 0;
  for (const bool left : {true, false}) {
    std::vector<double> sum(data.m), weight(data.m);
    double rows = 0;
    for (std::size_t i = 0; i < data.n(); ++i) {
      if ((data.codes[i * data.c + column] <= threshold) != left) continue;
      const double w = static_cast<double>(data.weights[i]);
      rows += w;
      for (std::size_t j = 0; j < data.m; ++j) {
        const float target = data.targets[i * data.m + j];
        if (std::isnan(target)) continue;
        const double centre = rule == SplitRule::kBestSingle ? 0 : static_cast<double>(data.means[j]);
        sum[j] += w * (static_cast<double>(target) - centre);
        weight[j] += w;
      }
    }
    if (rows == 0) return -std::numeric_limits<double>::infinity();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < data.m; ++j) {
      if (weight[j] == 0) continue;
      if (rule == SplitRule::kBestSingle) least = std::min(least, sum[j] / weight[j] * rows);
      if (rule != SplitRule::kBestSingle) quality += sum[j] * sum[j] / weight[j];
    }
    if (rule == SplitRule::kBestSingle) quality -= least;
  }
  return quality;
}

TreeData random_data(std::size_t m, bool sparse, std::uint64_t seed) {
  Random random(seed);
  TreeData data{{}, 4, {}, m, std::vector<float>(m, 0.5F)};
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t c = 0; c < 4; ++c)
      data.codes.push_back(static_cast<std::uint8_t>(random.below(c == 0 ? 2 : 255)));
    for (std::size_t j = 0; j < m; ++j) {
      const bool absent = sparse && random.uniform() < 0.4;
      data.targets.push_back(absent ? kNotRun : static_cast<float>(random.uniform()));
    }
    data.weights.push_back(static_cast<float>(0.5 + random.uniform()));
  }
  return data;
}

TEST(GrowTree, FindsTheBestOfAllSplits) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const auto rule : {SplitRule::kVariance, SplitRule::kBestSingle}) {
      const TreeData data = random_data(2 + seed % 8, seed % 2 == 1, seed);
      double best = -std::numeric_limits<double>::infinity();
      for (std::uint32_t c = 0; c < data.c; ++c) {
        for (std::size_t t = 0; t < 255; ++t) best = std::max(best, quality_of(data, rule, c, t));
      }
      const WideNode root = grown(data, rule).nodes[0];
      const double found = quality_of(data, rule, root.column, root.threshold);
      ASSERT_NEAR(found, best, 1e-4) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace triage
