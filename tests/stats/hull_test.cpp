// Hulls by hand and by what they promise.
#include "stats/hull.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "support/expect_error.h"
#include "triage/types.h"

namespace triage {
namespace {

CostValue at(double cost, double value) { return {cost, value}; }

TEST(Hull, KeepsTheUpperLeftCorners) {
  // (2, .6) lies under the line from (1, .5) to (3, .9); (4, .8) is dominated; (5, 1) is the best.
  const std::vector<CostValue> points{at(5, 1.0), at(3, 0.9), at(2, 0.6), at(1, 0.5), at(4, 0.8)};
  EXPECT_EQ(upper_hull(points), (std::vector<std::size_t>{3, 1, 0}));
}

TEST(Hull, OfEqualCostsTheBetterOfEqualValuesTheCheaper) {
  const std::vector<CostValue> points{at(1, 0.5), at(1, 0.6), at(2, 0.6), at(2, 0.7)};
  EXPECT_EQ(upper_hull(points), (std::vector<std::size_t>{1, 3}));
  EXPECT_TRUE(upper_hull(std::vector<CostValue>{}).empty());
}

TEST(Hull, ReadsValueAndCost) {
  const std::vector<CostValue> hull{at(1, 0.5), at(3, 0.9)};
  EXPECT_DOUBLE_EQ(hull_value(hull, 2), 0.7);
  EXPECT_DOUBLE_EQ(hull_value(hull, 9), 0.9);
  EXPECT_TRUE(std::isnan(hull_value(hull, 0.5)));
  EXPECT_DOUBLE_EQ(hull_cost(hull, 0.7), 2);
  EXPECT_DOUBLE_EQ(hull_cost(hull, 0.1), 1);
  EXPECT_TRUE(std::isnan(hull_cost(hull, 0.95)));
}

TEST(Hull, AreaIsTheMeanHeight) {
  const std::vector<CostValue> hull{at(1, 0.5), at(3, 0.9)};
  EXPECT_DOUBLE_EQ(hull_area(hull, 1, 3), 0.7);
  EXPECT_DOUBLE_EQ(hull_area(hull, 1, 5), (0.7 * 2 + 0.9 * 2) / 4);
  EXPECT_DOUBLE_EQ(hull_area(hull, 0, 2), (0 + 0.6) / 2) << "nothing is reached before the first point";
  EXPECT_TRUE(std::isnan(hull_area(hull, 2, 2)));
}

// No point lies above the hull, and each of its corners is one of them.
TEST(Hull, CoversEveryPoint) {
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    std::vector<CostValue> points(1 + random.below(40)), hull;
    for (CostValue& p : points) {
      p = {static_cast<double>(random.below(20)), static_cast<double>(random.below(20))};
    }
    for (const std::size_t i : upper_hull(points)) hull.push_back(points[i]);
    for (const CostValue& p : points) EXPECT_LE(p.value, hull_value(hull, p.cost) + 1e-12);
    for (std::size_t i = 1; i < hull.size(); ++i) {
      EXPECT_LT(hull[i - 1].cost, hull[i].cost);
      EXPECT_LT(hull[i - 1].value, hull[i].value);
    }
    for (std::size_t i = 2; i < hull.size(); ++i) {
      EXPECT_GT(hull[i - 1].value, (hull[i - 2].value * (hull[i].cost - hull[i - 1].cost) +
                                    hull[i].value * (hull[i - 1].cost - hull[i - 2].cost)) /
                                       (hull[i].cost - hull[i - 2].cost))
          << "a corner";
    }
  }
}

TEST(Hull, LeavesOutWhatLiesOnALineAndEqualPointsButTheFirst) {
  const std::vector<double> costs{1, 2, 3, 1, 3}, values{0.25, 0.5, 0.75, 0.25, 0.75};
  EXPECT_EQ(upper_hull(costs, values), (std::vector<std::size_t>{0, 2}));
  EXPECT_TRIAGE_ERROR((void)upper_hull(costs, {}), ErrorCode::kInternal, "costs.size() == values.size()");
}

TEST(Undominated, AreThoseWorthMoreThanAllCheaperOnes) {
  std::vector<std::pair<int, double>> points{{1, 0.2}, {1, 0.1}, {2, 0.2}, {3, 0.5}, {4, 0.4}, {5, 0.6}};
  keep_undominated(points, [](const auto& point) { return point.second; });
  EXPECT_EQ(points, (std::vector<std::pair<int, double>>{{1, 0.2}, {3, 0.5}, {5, 0.6}}));
}

}  // namespace
}  // namespace triage
