// The drift test: how often it cries without cause, and how soon it finds a change.
#include "stats/drift_test.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

// Values from 0 to 1, higher for a higher power.
double drawn(Random& random, double power) { return std::pow(random.uniform(), 1 / power); }

TEST(DriftTest, CriesSeldomWithoutCause) {
  // Few values, so that ties matter; the test looks after every value.
  for (const std::size_t levels : {std::size_t{3}, std::size_t{4096}}) {
    int cries = 0;
    for (std::uint64_t stream = 0; stream < 400; ++stream) {
      Random random(stream + 1);
      DriftTest test({.reference = 50, .levels = levels, .false_alarm = 0.05, .seed = stream});
      for (int i = 0; i < 2'000; ++i) test.add(level_of_share(drawn(random, 3), levels));
      cries += test.is_alarm() ? 1 : 0;
    }
    EXPECT_LE(cries, 27) << levels;  // 20 expected at most; P(more than 27 of 400) = 0.05
  }
}

TEST(DriftTest, FindsAChangeOfPlaceAndOfSpread) {
  for (const bool spreads : {false, true}) {
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      Random random(stream + 1);
      DriftTest test({.reference = 500, .levels = 4096, .false_alarm = 0.01, .seed = stream});
      const auto add = [&](bool is_changed) {
        const double u = random.uniform();
        const double moved = spreads ? 0.5 + 0.5 * (u - 0.5) : std::sqrt(u);
        test.add(level_of_share(is_changed ? moved : u, 4096));
      };
      for (int i = 0; i < 3'000; ++i) add(false);
      ASSERT_FALSE(test.is_alarm()) << stream;
      for (int i = 0; i < 300; ++i) add(true);
      EXPECT_TRUE(test.is_alarm()) << spreads << " " << stream;
      EXPECT_GT(test.alarm_at().value_or(0), 3'000U);
    }
  }
}

TEST(DriftTest, IsSilentAboutConstantsAndWithinTheReference) {
  DriftTest constant({.reference = 10, .levels = 8});
  for (int i = 0; i < 5'000; ++i) constant.add(3);
  EXPECT_FALSE(constant.is_alarm());
  DriftTest early({.reference = 1'000, .levels = 8});
  for (std::size_t i = 0; i < 1'000; ++i) early.add(i < 500 ? 0 : 99);
  EXPECT_EQ(early.evidence(), 1);
}

TEST(DriftTest, LevelsKeepTheOrderOfNumbers) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::array<float, 9> rising{-kInfinity, -1e20F, -3, -1e-20F, 1e-20F, 0.5F, 3, 1e20F, kInfinity};
  std::size_t before = level_of_number(std::nanf(""));
  EXPECT_EQ(before, 0U);
  for (const float value : rising) {
    EXPECT_GT(level_of_number(value), before) << value;
    before = level_of_number(value);
  }
  EXPECT_LT(before, kNumberLevels);
  EXPECT_EQ(level_of_share(1, 10), 9U);
  EXPECT_EQ(level_of_share(std::nan(""), 10), 0U);
}

TEST(DriftTest, RefusesOptionsOutOfRange) {
  EXPECT_TRIAGE_ERROR(DriftTest({.levels = 1}), ErrorCode::kUsage, "levels");
  EXPECT_TRIAGE_ERROR(DriftTest({.reference = 0}), ErrorCode::kUsage, "reference");
  EXPECT_TRIAGE_ERROR(DriftTest({.false_alarm = 2}), ErrorCode::kUsage, "delta");
}

}  // namespace
}  // namespace triage
