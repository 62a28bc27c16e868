// Frontiers by hand.
#include "evaluate/hull.h"

#include <gtest/gtest.h>

#include <cmath>

namespace triage {
namespace {

FrontierPoint at(double ms, double score) { return {ms, score, kNotMeasured}; }

TEST(Hull, KeepsTheUpperLeftCorners) {
  // (2, .6) lies under the line from (1, .5) to (3, .9); (4, .8) is dominated; (5, 1) is the best.
  const std::vector<FrontierPoint> points{at(5, 1.0), at(3, 0.9), at(2, 0.6), at(1, 0.5), at(4, 0.8)};
  EXPECT_EQ(hull_of(points), (std::vector<std::size_t>{3, 1, 0}));
}

TEST(Hull, OfEqualTimesTheBetterOfEqualScoresTheCheaper) {
  const std::vector<FrontierPoint> points{at(1, 0.5), at(1, 0.6), at(2, 0.6), at(2, 0.7)};
  EXPECT_EQ(hull_of(points), (std::vector<std::size_t>{1, 3}));
  EXPECT_TRUE(hull_of({}).empty());
}

TEST(Hull, ReadsScoreAndTime) {
  const std::vector<FrontierPoint> hull{at(1, 0.5), at(3, 0.9)};
  EXPECT_DOUBLE_EQ(hull_score(hull, 2), 0.7);
  EXPECT_DOUBLE_EQ(hull_score(hull, 9), 0.9);
  EXPECT_TRUE(std::isnan(hull_score(hull, 0.5)));
  EXPECT_DOUBLE_EQ(hull_time(hull, 0.7), 2);
  EXPECT_DOUBLE_EQ(hull_time(hull, 0.1), 1);
  EXPECT_TRUE(std::isnan(hull_time(hull, 0.95)));
}

TEST(Hull, AreaIsTheMeanHeight) {
  const std::vector<FrontierPoint> hull{at(1, 0.5), at(3, 0.9)};
  EXPECT_DOUBLE_EQ(hull_area(hull, 1, 3), 0.7);
  EXPECT_DOUBLE_EQ(hull_area(hull, 1, 5), (0.7 * 2 + 0.9 * 2) / 4);
  EXPECT_DOUBLE_EQ(hull_area(hull, 0, 2), (0 + 0.6) / 2) << "nothing is reached before the first point";
  EXPECT_TRUE(std::isnan(hull_area(hull, 2, 2)));
}

TEST(ZeroRouter, MixesTheTwoNeighboursOnTheHull) {
  // Model 1 lies under the line between the others.
  const std::vector<double> costs{1, 2, 3}, scores{0.5, 0.6, 0.9};
  const ZeroRouter router = zero_router(costs, scores);
  EXPECT_EQ(router.models, (std::vector<ModelIndex>{0, 2}));
  const Mix mix = router.at(1.5);
  EXPECT_EQ(mix.cheap, 0);
  EXPECT_EQ(mix.dear, 2);
  EXPECT_DOUBLE_EQ(mix.share_dear, 0.25);
  EXPECT_EQ(router.at(0.1).dear, 0);
  EXPECT_EQ(router.at(9).cheap, 2);
  EXPECT_DOUBLE_EQ(router.at(3).share_dear, 0);
}

}  // namespace
}  // namespace triage
