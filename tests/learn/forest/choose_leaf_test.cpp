// The size of leaves: large where scores vary from row to row as features cannot tell.
#include "learn/forest/choose_leaf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/hash.h"

namespace triage {
namespace {

// Two models, one feature; the first is better where it is below a half. `sure`: losses say so outright, else
// as the chance of a wrong answer, 0.4 against 0.6.
struct TwoModels {
  std::vector<float> features, losses;
  TwoModels(std::size_t n, bool sure) {
    Random random(5);
    for (std::size_t i = 0; i < n; ++i) {
      const double x = random.uniform();
      features.push_back(static_cast<float>(x));
      for (const double chance : {x < 0.5 ? 0.4 : 0.6, x < 0.5 ? 0.6 : 0.4}) {
        losses.push_back(static_cast<float>(sure ? chance : (random.uniform() < chance ? 1 : 0)));
      }
    }
  }
  [[nodiscard]] std::size_t leaf_rows(const ForestOptions& options = {.trees = 40, .threads = 1}) const {
    const ForestData data{.features = features, .d = 1, .losses = losses, .m = 2, .costs = {}, .weights = {}};
    return choose_leaf_rows(data, options, std::vector<double>{0}, {});
  }
};

TEST(ChooseLeafRows, AreManyWhereScoresAreNoisy) { EXPECT_GE(TwoModels(2'000, false).leaf_rows(), 20U); }

TEST(ChooseLeafRows, IsOneWhereFeaturesTellAll) { EXPECT_EQ(TwoModels(2'000, true).leaf_rows(), 1U); }

TEST(ChooseLeafRows, IsOneForRunTimes) {
  EXPECT_EQ(TwoModels(2'000, false).leaf_rows({.is_time = true, .trees = 40, .threads = 1}), 1U);
}

TEST(ChooseLeafRows, LeavesTenLeavesAtLeast) { EXPECT_LE(TwoModels(120, false).leaf_rows(), 5U); }

TEST(ChooseLeafRows, IsOneWhereTheSampleLacksAModel) {
  TwoModels models(20'000, false);
  // The second model ran on one row alone, which a sample of 6,000 is unlikely to have.
  for (std::size_t i = 3; i < models.losses.size(); i += 2) {
    models.losses[i] = std::numeric_limits<float>::quiet_NaN();
  }
  EXPECT_EQ(models.leaf_rows(), 1U);
}

}  // namespace
}  // namespace triage
