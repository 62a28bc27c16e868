// Means and spread by hand.
#include "stats/mean.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace triage {
namespace {

using Values = std::vector<double>;

TEST(Mean, OfNumbersOfAnyKind) {
  EXPECT_EQ(mean(Values{1, 2, 6}), 3);
  EXPECT_EQ(mean(std::array<std::int8_t, 4>{-1, 0, 1, 1}), 0.25);
  EXPECT_EQ(mean(std::vector<float>{0.5F, 1.5F}), 1);
  EXPECT_TRUE(std::isnan(mean(Values{})));
}

TEST(Mean, SumsInDouble) {
  // In float the ones would be lost behind 2^24.
  std::vector<float> values(101, 1);
  values[0] = 16777216;
  EXPECT_EQ(mean(values), (16777216.0 + 100) / 101);
}

TEST(Mean, OfSomeRowsAndOfColumns) {
  const std::vector<std::uint32_t> rows{0, 2};
  EXPECT_EQ(mean_of(Values{1, 100, 4}, rows), 2.5);
  EXPECT_TRUE(std::isnan(mean_of(Values{1}, {})));
  EXPECT_EQ(column_means(std::vector<Values>{{1, 2}, {3, 4}}), (Values{1.5, 3.5}));
}

TEST(GeometricMean, ByHand) {
  EXPECT_NEAR(geometric_mean(Values{1, 2, 4}), 2, 1e-15);
  EXPECT_EQ(geometric_mean(Values{0, 5}), 0);
  EXPECT_TRUE(std::isnan(geometric_mean(Values{})));
  EXPECT_TRUE(std::isnan(geometric_mean(Values{2, -1})));
  EXPECT_TRUE(std::isnan(geometric_mean(Values{2, kNotMeasured})));
}

TEST(StandardDeviation, IsThatOfASample) {
  // Mean 4; deviations -3 -1 0 1 3.
  const Values values{1, 3, 4, 5, 7};
  EXPECT_EQ(squared_deviations(values, 4), 20);
  EXPECT_EQ(standard_deviation(values), std::sqrt(5.0));
  EXPECT_TRUE(std::isnan(standard_deviation(Values{1})));
}

}  // namespace
}  // namespace triage
