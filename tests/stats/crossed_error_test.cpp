// Standard errors of values that share rows and columns, by hand.
#include "stats/crossed_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace triage {
namespace {

TEST(CrossedError, OfValuesThatShareNothingIsTheUsualOne) {
  const std::vector<CrossedValue> values{{0, 4, 1}, {3, 0, 2}, {7, 1, 6}};
  // Deviations -2, -1, 3: a variance of 14 / 2.
  EXPECT_NEAR(crossed_error(values), std::sqrt(7.0 / 3), 1e-12);
}

TEST(CrossedError, AddsWhatRowsAndColumnsHaveInCommon) {
  std::vector<CrossedValue> values;
  for (std::uint32_t row = 0; row < 3; ++row) {
    for (std::uint32_t column = 0; column < 3; ++column) values.push_back({row, column, 1.0 * row + column});
  }
  // By rows 3^2 + 0 + 3^2, times 3 / 2, and by columns too; the cells' squares are 12, times 9 / 8.
  EXPECT_NEAR(crossed_error(values), std::sqrt(27 + 27 - 13.5) / 9, 1e-12);
}

TEST(CrossedError, IsNeverLessThanByRowsAlone) {
  const std::vector<CrossedValue> values{{0, 0, 1}, {0, 1, 3}, {1, 0, 5}, {1, 1, 7}};
  // By rows 64, by columns 16, cells 80 / 3.
  EXPECT_NEAR(crossed_error(values), 8.0 / 4, 1e-12);
}

TEST(CrossedError, OfOneColumnIsThatByRows) {
  const std::vector<CrossedValue> values{{0, 5, 1}, {1, 5, 2}, {2, 5, 6}};
  EXPECT_NEAR(crossed_error(values), std::sqrt(7.0 / 3), 1e-12);
}

TEST(CrossedError, OfEqualValuesIsZeroAndOfOneUnknown) {
  EXPECT_EQ(crossed_error(std::vector<CrossedValue>{{0, 0, 2}, {1, 1, 2}}), 0);
  EXPECT_TRUE(std::isnan(crossed_error(std::vector<CrossedValue>{{0, 0, 2}})));
  EXPECT_TRUE(std::isnan(crossed_error({})));
}

}  // namespace
}  // namespace triage
