// Rank correlations against values by hand.
#include "stats/rank_correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/expect_error.h"
#include "triage/types.h"

namespace triage {
namespace {

using Values = std::vector<double>;

TEST(RankCorrelation, HandComputed) {
  EXPECT_DOUBLE_EQ(spearman(Values{1, 2, 3}, Values{10, 20, 21}), 1);
  EXPECT_DOUBLE_EQ(spearman(Values{1, 2, 3}, Values{3, 2, 1}), -1);
  // Differences of rank 0 1 -1 0 0: 1 - 6 * 2 / (5 * 24).
  EXPECT_DOUBLE_EQ(spearman(Values{1, 2, 3, 4, 5}, Values{1, 3, 2, 4, 5}), 0.9);
  EXPECT_DOUBLE_EQ(kendall(Values{1, 2, 3, 4, 5}, Values{1, 3, 2, 4, 5}), 0.8);  // 9 pairs agree, 1 does not
}

// Ranks 1 2.5 2.5 4 and 1 2 3 4: deviations -1.5 0 0 1.5 and -1.5 -0.5 0.5 1.5; 4.5 / sqrt(4.5 * 5).
// Pairs: 5 agree, one is tied on the left; 5 / sqrt(5 * 6).
TEST(RankCorrelation, TiesShareTheirMeanRank) {
  const Values a = {1, 2, 2, 3}, b = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(spearman(a, b), 4.5 / std::sqrt(22.5));
  EXPECT_DOUBLE_EQ(kendall(a, b), 5 / std::sqrt(30.0));
  EXPECT_DOUBLE_EQ(spearman(b, a), spearman(a, b));
}

TEST(RankCorrelation, WhereThereIsNone) {
  for (const auto correlation : {spearman, kendall}) {
    EXPECT_TRUE(std::isnan(correlation(Values{}, Values{})));
    EXPECT_TRUE(std::isnan(correlation(Values{1}, Values{1})));
    EXPECT_TRUE(std::isnan(correlation(Values{1, 1}, Values{1, 2})));
    EXPECT_TRUE(std::isnan(correlation(Values{1, kNotMeasured}, Values{1, 2})));
    EXPECT_TRIAGE_ERROR(correlation(Values{1, 2}, Values{1}), ErrorCode::kUsage, "lists of 2 and 1 values");
  }
}

}  // namespace
}  // namespace triage
