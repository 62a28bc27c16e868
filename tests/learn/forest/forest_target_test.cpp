// Targets by hand.
#include "learn/forest/forest_target.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace triage {
namespace {

constexpr float kAbsent = std::numeric_limits<float>::quiet_NaN();

void expect_target(ForestTarget target, bool is_time, const std::vector<float>& losses, std::size_t m,
                   const std::vector<double>& expected) {
  const std::vector<float> found = forest_target(losses, m, target, is_time);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(found[i])) << i;
    } else {
      EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
    }
  }
}

TEST(ForestTarget, OfTimes) {
  // Solved after a tenth of the cutoff, at once, and not at all.
  const std::vector<float> losses{0.01F, 0, 1};
  expect_target(ForestTarget::kRaw, true, losses, 3, {0.01, 0, 1});
  expect_target(ForestTarget::kLog, true, losses, 3, {-1, -6, 1});
  expect_target(ForestTarget::kSoftLog, true, losses, 3, {std::log10(0.101), -3, std::log10(10.001)});
  expect_target(ForestTarget::kRegret, true, {0.25F, 0.5F, 1}, 3, {0, 0.25, 0.75});
  expect_target(ForestTarget::kScaled, true, {0.25F, 0.5F, 0.75F}, 3, {0, 0.5, 1});
}

TEST(ForestTarget, OfQualitiesSpansTheTrainingRows) {
  const std::vector<float> losses{0.2F, 0.3F, 0.4F, 0.6F};
  for (const auto target : {ForestTarget::kRaw, ForestTarget::kLog, ForestTarget::kSoftLog}) {
    expect_target(target, false, losses, 2, {0, 0.25, 0.5, 1});
  }
  expect_target(ForestTarget::kRegret, false, losses, 2, {0, 0.25, 0, 0.5});
  expect_target(ForestTarget::kScaled, false, losses, 2, {0, 1, 0, 1});
  const LossScale scale = loss_scale(losses, false);
  EXPECT_NEAR(scale.low, 0.2, 1e-7);
  EXPECT_NEAR(scale.range, 0.4, 1e-7);
}

TEST(ForestTarget, OfEqualLossesIsZero) {
  for (const auto target : {ForestTarget::kRaw, ForestTarget::kRegret, ForestTarget::kScaled}) {
    expect_target(target, false, {0.5F, 0.5F}, 2, {0, 0});
  }
  expect_target(ForestTarget::kScaled, true, {0.5F, 0.5F}, 2, {0, 0});
}

TEST(ForestTarget, LeavesOutWhatWasNotRun) {
  const double nan = std::nan("");
  const std::vector<float> losses{kAbsent, 0.5F, 0.75F, kAbsent, kAbsent, kAbsent};
  expect_target(ForestTarget::kRegret, true, losses, 3, {nan, 0, 0.25, nan, nan, nan});
  expect_target(ForestTarget::kScaled, true, losses, 3, {nan, 0, 1, nan, nan, nan});
  expect_target(ForestTarget::kRaw, false, losses, 3, {nan, 0, 1, nan, nan, nan});
  for (const auto target : {ForestTarget::kLog, ForestTarget::kSoftLog}) {
    EXPECT_TRUE(std::isnan(forest_target(losses, 3, target, true)[0]));
  }
}

}  // namespace
}  // namespace triage
