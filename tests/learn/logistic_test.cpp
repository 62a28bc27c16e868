#include "learn/logistic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"

namespace triage {
namespace {

// n rows of d numbers, and ones drawn with the probabilities that `weights` give.
struct Drawn {
  std::vector<double> x;
  std::vector<std::uint8_t> is_one;
};
Drawn draw(std::size_t n, std::span<const double> weights, std::uint64_t seed) {
  Random random(seed);
  const std::size_t d = weights.size() - 1;
  Drawn out;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j)
      out.x.push_back(4 * random.uniform() - 2 + 10 * static_cast<double>(j));
    out.is_one.push_back(random.uniform() < logistic(weights, std::span(out.x).last(d)) ? 1 : 0);
  }
  return out;
}

TEST(Logistic, IsTheSigmoidOfALinearFunction) {
  const std::vector<double> weights{1, 2}, x{-0.5};
  EXPECT_DOUBLE_EQ(logistic(weights, x), 0.5);
  EXPECT_NEAR(logistic(weights, std::vector{0.0}), 1 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_DOUBLE_EQ(logistic(std::vector{0.0}, {}), 0.5);
}

TEST(Logistic, FindsTheWeightsThatMadeTheData) {
  const std::vector<double> truth{8, 1.5, -0.8};
  const Drawn data = draw(20001, truth, 3);  // no multiple of the rows added at once
  const auto found = Design(data.x, 2).fit(data.is_one);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_NEAR(found[1], truth[1], 0.06);  // three standard errors
  EXPECT_NEAR(found[2], truth[2], 0.06);
  EXPECT_NEAR(found[0], truth[0], 0.6);
}

TEST(Logistic, IsCalibratedOnWhatItWasFittedTo) {
  const Drawn data = draw(501, std::vector<double>{3, 1}, 5);
  const auto weights = Design(data.x, 1).fit(data.is_one);
  double predicted = 0, ones = 0;
  for (std::size_t i = 0; i < data.is_one.size(); ++i) {
    predicted += logistic(weights, std::span(data.x).subspan(i, 1));
    ones += data.is_one[i];
  }
  EXPECT_NEAR(predicted, ones, 0.5);
}

TEST(Logistic, SeparableConstantAndOneSidedDataGiveFiniteWeights) {
  std::vector<double> x;
  std::vector<std::uint8_t> sides, ones(40, 1);
  for (int i = 0; i < 40; ++i) {
    x.insert(x.end(), {static_cast<double>(i), 7.0});
    sides.push_back(i < 20 ? 0 : 1);
  }
  const Design design(x, 2);
  for (const auto& target : {sides, ones}) {
    for (const double weight : design.fit(target)) EXPECT_TRUE(std::isfinite(weight));
  }
  const auto weights = design.fit(sides);
  EXPECT_DOUBLE_EQ(weights[2], 0);
  EXPECT_LT(logistic(weights, std::vector{2.0, 7.0}), 0.3);
  EXPECT_GT(logistic(weights, std::vector{37.0, 7.0}), 0.7);
  EXPECT_GT(logistic(design.fit(ones), std::vector{0.0, 7.0}), 0.95);
}

}  // namespace
}  // namespace triage
