// Both definitions of a quantile.
#include "stats/quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

double interpolated(std::vector<double> values, double p) { return interpolated_quantile(values, p); }
double covering(std::vector<double> values, double p) { return covering_quantile(values, p); }

TEST(InterpolatedQuantile, IsLinearBetweenOrderStatistics) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(interpolated(values, 0.0), 1);
  EXPECT_DOUBLE_EQ(interpolated(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(interpolated(values, 0.9), 3.7);
  EXPECT_DOUBLE_EQ(interpolated(values, 1.0), 4);
}

TEST(InterpolatedQuantile, IsInfiniteBetweenAFigureAndInfinity) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values{1, kInfinity, kInfinity};
  EXPECT_EQ(interpolated(values, 0), 1);
  EXPECT_EQ(interpolated(values, 0.1), kInfinity);
  EXPECT_EQ(interpolated(values, 0.9), kInfinity) << "not NaN";
}

TEST(CoveringQuantile, IsTheSmallestThatEnoughDoNotExceed) {
  EXPECT_EQ(covering({4, 1, 3, 2}, 0), 1);
  EXPECT_EQ(covering({4, 1, 3, 2}, 0.5), 2);
  EXPECT_EQ(covering({4, 1, 3, 2}, 0.51), 3);
  EXPECT_EQ(covering({4, 1, 3, 2}, 1), 4);
}

TEST(CoveringQuantile, CoversTheShareAndNoSmallerValueDoes) {
  Random random(1);
  std::vector<double> values(237);
  for (double& value : values) value = static_cast<double>(random.below(100));
  for (const double p : {0.001, 0.3, 0.5, 0.9, 0.999}) {
    const double limit = covering(values, p);
    const auto share_to = [&](auto is_in) {
      return static_cast<double>(std::count_if(values.begin(), values.end(), is_in)) / 237;
    };
    EXPECT_GE(share_to([&](double v) { return v <= limit; }), p);
    EXPECT_LT(share_to([&](double v) { return v < limit; }), p);
  }
}

TEST(Quantiles, OfNothingAndOutsideTheRange) {
  for (const auto quantile : {interpolated, covering}) {
    EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
    EXPECT_EQ(quantile({7}, 0.3), 7);
    EXPECT_TRIAGE_ERROR((void)quantile({1, 2}, 1.1), ErrorCode::kInternal, "p <= 1");
    EXPECT_TRIAGE_ERROR((void)quantile({1, 2}, -0.1), ErrorCode::kInternal, "p >= 0");
  }
}

}  // namespace
}  // namespace triage
