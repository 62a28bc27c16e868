// Intervals of shares and means, against published tables.
#include "stats/intervals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/binomial.h"
#include "support/expect_error.h"

namespace triage {
namespace {

TEST(Wilson, IsTheKnownInterval) {
  // Newcombe (1998), table I: 81 of 263.
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 5e-5);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_EQ(wilson_interval(20, 20).high, 1);
  EXPECT_TRUE(std::isnan(wilson_interval(0, 0).low));
}

TEST(ClopperPearson, IsTheKnownInterval) {
  // Newcombe (1998), table I, method 5: 81 of 263, 15 of 148, 0 of 20.
  EXPECT_NEAR(clopper_pearson(81, 263).low, 0.2527, 5e-5);
  EXPECT_NEAR(clopper_pearson(81, 263).high, 0.3676, 5e-5);
  EXPECT_NEAR(clopper_pearson(15, 148).low, 0.0578, 5e-5);
  EXPECT_NEAR(clopper_pearson(15, 148).high, 0.1617, 5e-5);
  EXPECT_EQ(clopper_pearson(0, 20).low, 0);
  EXPECT_NEAR(clopper_pearson(0, 20).high, 1 - std::pow(0.025, 0.05), 1e-12);
  EXPECT_NEAR(clopper_pearson(20, 20).low, std::pow(0.025, 0.05), 1e-12);
  EXPECT_EQ(clopper_pearson(20, 20).high, 1);
}

// At the limit itself, what was seen or less (more) has just that probability.
TEST(ClopperPearson, LimitsInvertTheTails) {
  for (const std::size_t k : {1U, 7U, 19U}) {
    EXPECT_NEAR(1 - binomial_tail(k + 1, 20, upper_share(k, 20, 0.01)), 0.01, 1e-10) << k;
    EXPECT_NEAR(binomial_tail(k, 20, lower_share(k, 20, 0.01)), 0.01, 1e-10) << k;
  }
}

// Two-sided 95 % points of Student's t, as tables have them; squares and n make the standard error 1.
TEST(MeanBound, IsStudentsT) {
  const auto t = [](std::size_t degrees) {
    const auto d = static_cast<double>(degrees);
    return mean_bound95(d * (d + 1), degrees + 1);
  };
  EXPECT_NEAR(t(1), 12.706204736175, 1e-11);
  EXPECT_NEAR(t(4), 2.776445105198, 1e-11);
  EXPECT_NEAR(t(30), 2.042272456301, 1e-11);
  EXPECT_NEAR(t(31), 2.039513446396, 1e-11);
  EXPECT_NEAR(t(99), 1.984216951586, 1e-11);
  EXPECT_NEAR(t(1000000), 1.959966, 1e-6) << "the normal distribution's";
}

TEST(MeanBound, HalvesWithFourTimesTheValuesOfEqualSpread) {
  EXPECT_EQ(mean_bound95(0, 5), 0);
  EXPECT_NEAR(mean_bound95(4 * 999, 4000) / mean_bound95(999, 1000), 0.5, 1e-3);
  EXPECT_TRIAGE_ERROR((void)mean_bound95(0, 1), ErrorCode::kInternal, "n >= 2");
}

}  // namespace
}  // namespace triage
