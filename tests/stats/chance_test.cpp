// What guessing reaches, and what is more than that; values by hand.
#include "stats/chance.h"

#include <gtest/gtest.h>

#include <vector>

namespace triage {
namespace {

using Labels = std::vector<std::int32_t>;

TEST(ChanceRate, IsTheCommonestLabelsOrThatOfEvenClasses) {
  EXPECT_DOUBLE_EQ(chance_rate(Labels{0, 1, 1, 1}, 4), 0.75);
  EXPECT_DOUBLE_EQ(chance_rate(Labels{0, 1, 2, 3}, 2), 0.5);
  EXPECT_DOUBLE_EQ(chance_rate(Labels{3, 3, 3}, 8), 1.0);
  EXPECT_DOUBLE_EQ(chance_rate(Labels{}, 8), 0.125);
}

TEST(IsAtChance, NeedsEnoughAnswers) {
  EXPECT_TRUE(is_at_chance(12, 100, 0.125));
  EXPECT_TRUE(is_at_chance(0, 100, 0.125)) << "below it, too";
  EXPECT_FALSE(is_at_chance(30, 100, 0.125));
  EXPECT_FALSE(is_at_chance(0, 19, 0.125));
  EXPECT_TRUE(is_at_chance(0, 20, 0.125));
  EXPECT_FALSE(is_at_chance(20, 20, 1.0)) << "nothing beats certainty";
}

}  // namespace
}  // namespace triage
