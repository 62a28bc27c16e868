#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <numeric>

#include "triage/profile.h"

namespace triage {
namespace {

// Mean 4; deviations -3 -1 0 1 3, squares 20, s = sqrt(20/4) = 2.23607, s/sqrt(5) = 1; t(4) = 2.77645.
TEST(SummarizeTimes, HandComputed) {
  const TimeSummary summary = summarize_times({7, 1, 4, 3, 5});
  EXPECT_EQ(summary.n, 5U);
  EXPECT_NEAR(summary.mean, 4.0, 1e-12);
  EXPECT_NEAR(summary.bound95, 2.776445, 1e-6);
  EXPECT_DOUBLE_EQ(summary.p50, 4.0);
  EXPECT_DOUBLE_EQ(summary.p90, 6.2);  // position 3.6 between 5 and 7
  EXPECT_DOUBLE_EQ(summary.p99, 6.92);
  EXPECT_NEAR(summary.p999, 6.992, 1e-12);
}

// 0..n-1: s^2 = n (n + 1) / 12; t(99) = 1.9842169.
TEST(SummarizeTimes, BeyondTheTableOfStudentsT) {
  std::vector<double> values(100);
  std::iota(values.begin(), values.end(), 0.0);
  const TimeSummary summary = summarize_times(values);
  EXPECT_NEAR(summary.mean, 49.5, 1e-9);
  EXPECT_NEAR(summary.bound95, 1.9842169 * std::sqrt(100.0 * 101.0 / 12.0) / 10.0, 1e-5);
  // The first degree of freedom that is computed: t(31) = 2.0395134.
  values.resize(32);
  EXPECT_NEAR(summarize_times(values).bound95, 2.0395134 * std::sqrt(32.0 * 33.0 / 12.0) / std::sqrt(32.0),
              2e-5);
}

TEST(SummarizeTimes, OneValueHasNoBoundAndNoneHasNothing) {
  const TimeSummary one = summarize_times({2.5});
  EXPECT_EQ(one.mean, 2.5);
  EXPECT_EQ(one.p50, 2.5);
  EXPECT_EQ(one.p999, 2.5);
  EXPECT_TRUE(std::isnan(one.bound95));
  const TimeSummary none = summarize_times({});
  EXPECT_EQ(none.n, 0U);
  EXPECT_TRUE(std::isnan(none.mean));
  EXPECT_TRUE(std::isnan(none.p50));
}

TEST(Machine, IsOneLineWithoutTheHostsName) {
  const std::string text = machine_description();
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_NE(text.find(" cores, "), std::string::npos) << text;
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  if (std::string_view(host.data()).size() > 6) {  // a short one may be part of another word
    EXPECT_EQ(text.find(host.data()), std::string::npos) << text;
  }
  EXPECT_GE(load_per_core(), 0.0);
}

}  // namespace
}  // namespace triage
