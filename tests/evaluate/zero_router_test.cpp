// The zero router by hand.
#include "evaluate/zero_router.h"

#include <gtest/gtest.h>

namespace triage {
namespace {

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
