// Metrics by hand.
#include "evaluate/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace triage {
namespace {

const std::vector<std::uint32_t> kSix{0, 1, 2, 3, 4, 5};

TEST(ClassMetrics, AveragesOverClassesWithInputs) {
  // Class 0: 3 inputs, 2 of 3 answers right; class 1: 2 inputs, 1 of 2; class 2: 1 input, never answered;
  // class 3: no input, answered once.
  const std::vector<Label> labels{0, 0, 0, 1, 1, 2};
  const std::vector<std::int32_t> predicted{0, 0, 1, 1, 3, 0};
  const ClassMetrics m = class_metrics(labels, predicted, kSix, 4);
  EXPECT_DOUBLE_EQ(m.precision, (2.0 / 3 + 1.0 / 2 + 0) / 3);
  EXPECT_DOUBLE_EQ(m.recall, (2.0 / 3 + 1.0 / 2 + 0) / 3);
  EXPECT_DOUBLE_EQ(m.f1, (4.0 / 6 + 2.0 / 4 + 0) / 3);
  EXPECT_EQ(m.unsupported, 1);
}

TEST(ClassMetrics, RefusalsLowerRecallAlone) {
  const std::vector<Label> labels{0, 0, 1, 1, 1, 1};
  const std::vector<std::int32_t> predicted{0, kNoLabel, 1, 1, kNoLabel, kNoLabel};
  const ClassMetrics m = class_metrics(labels, predicted, kSix, 2);
  EXPECT_DOUBLE_EQ(m.precision, 1.0);
  EXPECT_DOUBLE_EQ(m.recall, 0.5);
}

TEST(ClassMetrics, UnknownInScoreOnlyTables) {
  const std::vector<Label> labels{0, 1};
  const std::vector<std::int32_t> predicted{kNoLabel, kNoLabel};
  const std::vector<std::uint32_t> rows{0, 1};
  EXPECT_TRUE(std::isnan(class_metrics(labels, predicted, rows, 2).f1));
}

TEST(OverFolds, MeansAndDeviation) {
  std::vector<Metrics> folds(3);
  const double scores[] = {0.5, 0.8, 0.2}, gaps[] = {-0.1, 0.2, 0.2};
  for (std::size_t f = 0; f < 3; ++f) {
    folds[f].score = scores[f];
    folds[f].closed_gap = gaps[f];
  }
  EXPECT_DOUBLE_EQ(arithmetic_mean(folds).score, 0.5);
  EXPECT_NEAR(geometric_mean(folds).score, std::cbrt(0.08), 1e-12);
  EXPECT_NEAR(standard_deviation(folds).score, 0.3, 1e-12);
  EXPECT_NEAR(arithmetic_mean(folds).closed_gap, 0.1, 1e-12);
  EXPECT_TRUE(std::isnan(geometric_mean(folds).closed_gap)) << "a fold is negative";
  EXPECT_TRUE(std::isnan(standard_deviation(std::span(folds).first(1)).score));
}

TEST(OverFolds, AZeroMakesTheGeometricMeanZero) {
  std::vector<Metrics> folds(2);
  folds[0].score = 0;
  folds[1].score = 0.8;
  EXPECT_EQ(geometric_mean(folds).score, 0);
  folds[1].score = kNotMeasured;
  EXPECT_TRUE(std::isnan(geometric_mean(folds).score)) << "a fold is unknown";
}

}  // namespace
}  // namespace triage
