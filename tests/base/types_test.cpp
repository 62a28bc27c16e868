#include "triage/types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;

std::vector<std::int32_t> classes(const TopK& top) {
  std::vector<std::int32_t> out;
  for (const ClassProbability& entry : top.entries()) out.push_back(entry.cls);
  return out;
}

TEST(TopK, ListsTheBestFirstAndTiesByLowerClass) {
  const float p[] = {0.1F, 0.4F, 0.4F, 0.1F};
  const TopK top = TopK::from_probabilities(p);
  EXPECT_EQ(classes(top), (std::vector<std::int32_t>{1, 2, 0, 3}));
  EXPECT_EQ(top.best(), 1);
  EXPECT_FLOAT_EQ(static_cast<float>(top.confidence()), 0.4F);
  EXPECT_EQ(top.n_classes(), 4);
  EXPECT_EQ(top.residual(), 0);
  EXPECT_EQ(top.rank(2), 2);
  EXPECT_EQ(top.rank(7), std::nullopt);
}

TEST(TopK, AnEmptyOneSaysNothing) {
  const TopK top;
  EXPECT_TRUE(top.empty());
  EXPECT_EQ(top.best(), kNoLabel);
  EXPECT_TRUE(std::isnan(top.confidence()));
  EXPECT_EQ(top.probability(0), 0);
  EXPECT_TRUE(TopK::from_probabilities({}).empty());
}

// 20 classes: 15 of 0.05, then 0.08, 0.06 and three of 0.03. The best 16 are classes 15, 16 and the first 14
// of those with 0.05; one of 0.05 and three of 0.03 are left over.
TEST(TopK, KeepsSixteenAndTheMassOfTheOthers) {
  std::vector<float> p(20, 0.05F);
  p[15] = 0.08F;
  p[16] = 0.06F;
  p[17] = p[18] = p[19] = 0.03F;
  const TopK top = TopK::from_probabilities(p);
  ASSERT_EQ(top.entries().size(), 16U);
  EXPECT_EQ(top.entries()[0].cls, 15);
  EXPECT_EQ(top.entries()[1].cls, 16);
  EXPECT_EQ(top.entries()[2].cls, 0);
  EXPECT_EQ(top.entries()[15].cls, 13);
  EXPECT_NEAR(top.residual(), 0.14F, 1e-6F);
  // A class that is not listed has the smaller of the last listed probability and an equal share of the rest.
  EXPECT_NEAR(top.probability(14), 0.14 / 4, 1e-6);
  EXPECT_NEAR(top.probability(19), 0.14 / 4, 1e-6);
  EXPECT_NEAR(top.probability(15), 0.08, 1e-6);
}

TEST(TopK, AnUnlistedClassHasNoMoreThanTheLastListed) {
  // 8-bit outputs need not sum to 1: a large residual over one class is bounded by the 16th.
  std::vector<ClassProbability> entries;
  for (int i = 0; i < kTopK; ++i) entries.push_back({i, 0.02F});
  const TopK top = TopK::from_parts(entries, 0.5F, 17);
  EXPECT_FLOAT_EQ(static_cast<float>(top.probability(16)), 0.02F);
}

TEST(TopK, WithSixteenClassesOrFewerNothingIsLeftOver) {
  const std::vector<float> p(16, 0.0625F);
  const TopK top = TopK::from_probabilities(p);
  EXPECT_EQ(top.entries().size(), 16U);
  EXPECT_EQ(top.residual(), 0);
  EXPECT_EQ(top.probability(16), 0);
}

TEST(TopK, ClampsAndRejectsNan) {
  const float p[] = {-0.5F, 1.5F};
  const TopK top = TopK::from_probabilities(p);
  EXPECT_EQ(top.entries()[0].probability, 1);
  EXPECT_EQ(top.entries()[1].probability, 0);
  const float nan[] = {0.5F, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_TRIAGE_ERROR(TopK::from_probabilities(nan), kEngine, "class 1 is NaN");
}

TEST(TopK, AgreesWithSorting) {
  Random random(11);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<float> p(1 + random.below(60));
    for (float& value : p) value = static_cast<float>(random.below(12)) / 16.0F;  // many ties
    std::vector<std::int32_t> order(p.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return p[static_cast<std::size_t>(a)] > p[static_cast<std::size_t>(b)];
    });
    for (std::size_t i = 0; i < order.size(); ++i)
      ASSERT_EQ(rank_of(p, order[i]), static_cast<std::int32_t>(i) + 1);
    order.resize(std::min<std::size_t>(order.size(), kTopK));
    const TopK top = TopK::from_probabilities(p);
    ASSERT_EQ(classes(top), order);
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    double listed = static_cast<double>(top.residual());
    for (const ClassProbability& entry : top.entries()) listed += static_cast<double>(entry.probability);
    ASSERT_NEAR(listed, sum, 1e-5);
    const TopK again = TopK::from_parts(top.entries(), top.residual(), top.n_classes());
    ASSERT_EQ(classes(again), order);
  }
}

TEST(TopK, FromPartsRejectsWhatCannotBe) {
  using Entries = std::vector<ClassProbability>;
  const auto reject = [](const Entries& entries, float residual, std::int32_t n_classes,
                         std::string_view what) {
    EXPECT_TRIAGE_ERROR(TopK::from_parts(entries, residual, n_classes), kProfile, what);
  };
  reject(Entries(17), 0, 100, "17 classes, expected at most 16");
  reject({{0, 0.5F}, {1, 0.5F}}, 0, 1, "more entries than classes");
  reject({{0, 0.5F}}, -0.1F, 5, "residual");
  reject({{0, 0.5F}}, std::numeric_limits<float>::quiet_NaN(), 5, "residual");
  reject({{5, 0.5F}}, 0, 5, "class 5, expected 0 to 4");
  reject({{-1, 0.5F}}, 0, 5, "class -1");
  reject({{0, 1.5F}}, 0, 5, "probability 1.5");
  reject({{0, 0.2F}, {1, 0.3F}}, 0, 5, "out of order");
  reject({{1, 0.3F}, {0, 0.3F}}, 0, 5, "out of order");
  reject({{1, 0.3F}, {1, 0.3F}}, 0, 5, "out of order");
}

TEST(RankOf, CountsHigherAndEqualLower) {
  const float p[] = {0.2F, 0.5F, 0.2F, 0.1F};
  EXPECT_EQ(rank_of(p, 1), 1);
  EXPECT_EQ(rank_of(p, 0), 2);
  EXPECT_EQ(rank_of(p, 2), 3);
  EXPECT_EQ(rank_of(p, 3), 4);
}

TEST(Score, OfARank) {
  EXPECT_EQ(score_of_rank(1, Criterion::kTop1), 1);
  EXPECT_EQ(score_of_rank(2, Criterion::kTop1), 0);
  EXPECT_EQ(score_of_rank(5, Criterion::kTop5), 1);
  EXPECT_EQ(score_of_rank(6, Criterion::kTop5), 0);
  EXPECT_EQ(score_of_rank(0, Criterion::kTop5), 0);
}

TEST(Criterion, ParsesItsOwnNames) {
  for (const Criterion criterion : {Criterion::kTop1, Criterion::kTop5})
    EXPECT_EQ(parse_criterion(to_string(criterion)), criterion);
  EXPECT_TRIAGE_ERROR(parse_criterion("top3"), kUsage, "'top3'", "top1 or top5");
}

TEST(Cost, UnmeasuredEnergyStaysUnmeasured) {
  Cost sum{1, 2};
  sum += Cost{3, 4};
  EXPECT_EQ(sum.ms, 4);
  EXPECT_EQ(sum.j, 6);
  sum += Cost{1};
  EXPECT_EQ(sum.ms, 5);
  EXPECT_TRUE(std::isnan(sum.j));
}

// ---- costs ----

void expect_bad_cost(std::string_view text, std::string_view message) {
  EXPECT_TRIAGE_ERROR((void)parse_cost(text), kUsage,
                      std::string("cost: '") + std::string(text) + "', expected " + std::string(message));
}

TEST(CostWeights, AreReadFromSums) {
  EXPECT_EQ(parse_cost("time"), kTimeCost);
  EXPECT_EQ(parse_cost("ms"), kTimeCost);
  EXPECT_EQ(parse_cost("1 ms"), kTimeCost);
  EXPECT_EQ(parse_cost("1.0ms + 0 j"), kTimeCost);
  EXPECT_EQ(parse_cost("energy"), kEnergyCost);
  EXPECT_EQ(parse_cost("j"), kEnergyCost);
  EXPECT_EQ(parse_cost("J"), kEnergyCost);
  EXPECT_EQ(parse_cost("ms + 40 j"), (CostWeights{1, 40}));
  EXPECT_EQ(parse_cost("  0.5J+ms "), (CostWeights{1, 0.5}));
  EXPECT_EQ(parse_cost("1e-3 ms+2.5e+2 j"), (CostWeights{0.001, 250}));
}

TEST(CostWeights, TextsThatAreNone) {
  expect_bad_cost("money", "time, energy, or a sum such as 'ms + 40 j'");
  expect_bad_cost("", "time, energy, or a sum such as 'ms + 40 j'");
  expect_bad_cost("ms + 40 x", "ms or j at 'x'");
  expect_bad_cost("ms +", "ms or j at ''");
  expect_bad_cost("40", "ms or j at ''");
  expect_bad_cost("ms + -1 j", "finite weights of 0 or more at '-1 j'");
  expect_bad_cost("1e999 j", "finite weights of 0 or more at '1e999 j'");
  expect_bad_cost("ms + ms", "each of ms and j at most once");
  expect_bad_cost("ms 40 j", "'+' or the end at '40 j'");
  expect_bad_cost("0 ms + 0 j", "a weight above 0");
  expect_bad_cost("inf ms", "time, energy, or a sum such as 'ms + 40 j'");
}

TEST(CostWeights, AreCalledAsTheyAreRead) {
  EXPECT_EQ(to_string(kTimeCost), "time");
  EXPECT_EQ(unit_name(kTimeCost), "ms");
  EXPECT_EQ(to_string(kEnergyCost), "energy");
  EXPECT_EQ(unit_name(kEnergyCost), "J");
  for (const CostWeights weights :
       {CostWeights{1, 40}, CostWeights{0.1, 1}, CostWeights{2, 0}, CostWeights{0, 1e-7}}) {
    EXPECT_EQ(parse_cost(to_string(weights)), weights);
    EXPECT_EQ(unit_name(weights), to_string(weights));
  }
  EXPECT_EQ(unit_name({1, 40}), "ms + 40 j");
  EXPECT_EQ(unit_name({0.1, 1}), "0.1 ms + j");
}

TEST(CostWeights, WhatDoesNotCountNeedNotBeKnown) {
  EXPECT_EQ((CostWeights{1, 40}.of(3, 0.5)), 23);
  EXPECT_EQ(kTimeCost.of(3, kNotMeasured), 3);
  EXPECT_EQ(kEnergyCost.of(kNotMeasured, 0.5), 0.5);
  EXPECT_TRUE(std::isnan(CostWeights{1, 40}.of(3, kNotMeasured)));
}

TEST(Precision, ReadsWhatItWrites) {
  for (const Precision precision : all_precisions())
    EXPECT_EQ(parse_precision(to_string(precision)), precision);
  EXPECT_TRIAGE_ERROR(parse_precision("fp16"), kUsage,
                      "precision 'fp16': not known, expected one of f32, auto, bf16, f16, i8");
}

}  // namespace
}  // namespace triage
