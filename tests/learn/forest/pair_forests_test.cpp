// Votes of pairs of models: what a vote is worth, what is left out, and what decides where votes are even.
#include "learn/forest/pair_forests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/hash.h"
#include "learn/forest/forest.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr float kNoRun = std::numeric_limits<float>::quiet_NaN();

// Rows of one column of codes.
struct VotingRows {
  std::vector<std::uint8_t> codes;
  std::size_t m;
  std::vector<float> losses;
  std::vector<float> weights = {};
  [[nodiscard]] GrownForest grown(std::size_t trees = 200, unsigned threads = 1) const {
    const TreeRows rows{codes, 1, 1, losses, {}, weights, std::vector<float>(m), lane_shape(m, true), {}};
    return grow_pair_forests(rows, m, 0, trees, 7, threads, {});
  }
};

// Mean over all trees of what a row's leaves hold.
std::vector<double> mean_votes(const GrownForest& forest, std::uint8_t code) {
  TreeEnsemble trees = forest.trees;
  narrow_nodes(trees);
  const std::vector<std::uint8_t> group(grouped_size(1, 1), code);
  WalkBuffers buffers;
  std::vector<float> sums(leaf_stride(trees.width));
  add_leaves(trees, group, 1, 1, nullptr, buffers, sums);
  std::vector<double> votes;
  for (std::size_t j = 0; j < trees.width; ++j) {
    votes.push_back(static_cast<double>(sums[j]) / static_cast<double>(trees.n_trees()));
  }
  return votes;
}

TEST(PairForests, WeighRowsByWhatIsAtStake) {
  VotingRows rows{std::vector<std::uint8_t>(100), 2, {}};
  // The first model is better on 70 rows by 0.1, the other on 30 by 0.9: 7 against 27.
  for (int i = 0; i < 100; ++i) {
    const std::vector<float> row = i < 70 ? std::vector<float>{0, 0.1F} : std::vector<float>{0.9F, 0};
    rows.losses.insert(rows.losses.end(), row.begin(), row.end());
  }
  const auto votes = mean_votes(rows.grown(), 0);
  EXPECT_NEAR(votes[0], -7.0 / 34, 0.02);
  EXPECT_NEAR(votes[1], -27.0 / 34, 0.02);
  // Rows that count thrice where the first is better: 21 against 27.
  for (int i = 0; i < 100; ++i) rows.weights.push_back(i < 70 ? 1.5F : 0.5F);
  EXPECT_NEAR(mean_votes(rows.grown(), 0)[0], -21.0 / 48, 0.02);
}

TEST(PairForests, VoteOncePerTreeAndPair) {
  VotingRows rows{{}, 3, {}};
  Random random(3);
  for (std::size_t i = 0; i < 60; ++i) {
    rows.codes.push_back(static_cast<std::uint8_t>(random.below(5)));
    for (int j = 0; j < 3; ++j) rows.losses.push_back(static_cast<float>(random.uniform()));
  }
  const GrownForest forest = rows.grown(10);
  EXPECT_EQ(forest.trees.n_trees(), 30U);  // of pairs (0, 1), (0, 2), (1, 2)
  const std::size_t left_out[] = {2, 1, 0};
  for (std::size_t t = 0; t < 30; ++t) {
    for (std::size_t node = forest.trees.tree_begin[t]; node < forest.trees.tree_begin[t + 1]; ++node) {
      const auto own = static_cast<std::uint32_t>(node - forest.trees.tree_begin[t]);
      if (forest.trees.wide[node] != leaf_node<WideNode>(own)) continue;
      const float* votes = &forest.trees.values[forest.trees.leaf[node] * leaf_stride(3)];
      EXPECT_NEAR(votes[0] + votes[1] + votes[2], -1, 1e-6);
      EXPECT_EQ(votes[left_out[t / 10]], 0);
    }
  }
}

TEST(PairForests, LearnNothingFromRowsWithoutADifference) {
  VotingRows rows{{0, 0, 1, 1}, 2, {0, 1, 0, 1, 1, 0, 1, 0}};
  const auto before = rows.grown();
  // As many rows at code 2 on which both lose the same, or one is not known.
  for (int i = 0; i < 50; ++i) {
    rows.codes.push_back(2);
    rows.losses.insert(rows.losses.end(), {0.4F, i % 2 == 0 ? 0.4F : kNoRun});
  }
  const auto after = rows.grown();
  EXPECT_EQ(after.trees.wide, before.trees.wide);
  EXPECT_EQ(after.trees.values, before.trees.values);
  EXPECT_EQ(after.n_trees[4], 200U);  // and all trees judge them
  EXPECT_GT(mean_votes(after, 1)[0], -0.2);
  EXPECT_LT(mean_votes(after, 0)[0], -0.8);
}

TEST(PairForests, HaveNoVoteOnModelsThatAreAlike) {
  const VotingRows alike{{0, 1, 0, 1}, 2, {1, 1, 2, 2, 3, 3, kNoRun, 1}};
  EXPECT_EQ(mean_votes(alike.grown(5), 0), (std::vector<double>{0, 0}));
  EXPECT_EQ(alike.grown(5).trees.n_trees(), 1U);
  // Models 0 and 1 are alike, 2 is worse: two pairs have a vote, and each of its trees counts.
  const VotingRows two{{0, 1}, 3, {1, 1, 2, 3, 3, 4}};
  const auto votes = mean_votes(two.grown(5), 0);
  EXPECT_NEAR(votes[0], -0.5, 1e-6);
  EXPECT_NEAR(votes[1], -0.5, 1e-6);
  EXPECT_EQ(votes[2], 0);
}

TEST(PairForests, PredictEachRowByTreesThatDidNotSeeIt) {
  // Each row has a code of its own, so a tree that saw it would vote as it says.
  VotingRows rows{{}, 2, {}};
  Random random(5);
  for (std::size_t i = 0; i < 200; ++i) {
    rows.codes.push_back(static_cast<std::uint8_t>(i));
    const bool first = random.below(2) == 0;
    rows.losses.insert(rows.losses.end(), {first ? 0.0F : 1.0F, first ? 1.0F : 0.0F});
  }
  const GrownForest forest = rows.grown(50);
  double right = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    const bool first = forest.means[2 * i] < forest.means[2 * i + 1];
    right += first == (rows.losses[2 * i] == 0) ? 1 : 0;
  }
  EXPECT_NEAR(right / 200, 0.5, 0.15);
}

TEST(PairForests, DependOnNoThreads) {
  VotingRows rows{{}, 4, {}};
  Random random(9);
  for (std::size_t i = 0; i < 80; ++i) {
    rows.codes.push_back(static_cast<std::uint8_t>(random.below(200)));
    for (int j = 0; j < 4; ++j) rows.losses.push_back(static_cast<float>(random.uniform()));
  }
  const GrownForest one = rows.grown(7, 1), three = rows.grown(7, 3);
  EXPECT_EQ(one.trees.wide, three.trees.wide);
  EXPECT_EQ(one.trees.values, three.trees.values);
  EXPECT_EQ(one.means, three.means);
}

// Each model beats the next on the rows where both are known, so that each has one vote of three.
TEST(PairwiseTraining, LossesDecideWhereVotesAreEven) {
  std::vector<float> features, losses;
  for (int i = 0; i < 30; ++i) {
    features.insert(features.end(), {1, 1, 1});
    losses.insert(losses.end(), {0.3F, 0.5F, kNoRun, kNoRun, 0.5F, 0.6F, 0.9F, kNoRun, 0.1F});
  }
  const ForestData data{features, 1, losses, 3, {}, {}};
  const auto trained = train_forests(data, {.learner = ForestsLearner::kPairwise, .trees = 10, .threads = 1});
  check_forests(trained.forests, "forests");
  std::vector<float> score(3), loss(3);
  ForestBuffers buffers;
  predict_rows(trained.forests, std::vector<float>{1}, buffers, {score, loss, {}});
  // Mean losses are 0.6, 0.5 and 0.35; votes alone would take the first.
  EXPECT_EQ(choose_model(score, {}, {}, 0), 2);
  EXPECT_LT(score[1], score[0]);
  EXPECT_NEAR(score[0], score[2], 1);
}

TEST(PairwiseTraining, RefusesMoreModelsThanItCanPair) {
  const std::vector<float> features(4, 1), losses(4 * 65, 0.5F);
  const ForestData data{features, 1, losses, 65, {}, {}};
  EXPECT_TRIAGE_ERROR(train_forests(data, {.learner = ForestsLearner::kPairwise, .trees = 1}),
                      ErrorCode::kUsage, "models: 65, expected 1 to 64 for pairwise");
  EXPECT_TRIAGE_ERROR(train_forests(data, {.learner = ForestsLearner::kBoostedRegression, .trees = 1}),
                      ErrorCode::kUsage, "models: 65, expected 1 to 64 for boosted-regression");
}

}  // namespace
}  // namespace triage
