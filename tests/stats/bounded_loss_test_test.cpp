// Bets on losses from -1 to 1: by hand, by every path there is, and by simulation.
#include "stats/bounded_loss_test.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "base/hash.h"
#include "stats/mean.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using Losses = std::vector<float>;

TEST(BoundedLossTest, ByHand) {
  // The stake is at its cap of 0.9: 1.9 times as much after each loss of -1.
  EXPECT_NEAR(bounded_loss_p_value(Losses{-1}, 0, 0.05), 1 / 1.9, 1e-12);
  EXPECT_NEAR(bounded_loss_p_value(Losses{-1, -1}, 0, 0.05), 1 / (1.9 * 1.9), 1e-12);
  // At a bound of 0.5 the cap is 1.8, and a loss of 0 wins 0.9.
  EXPECT_NEAR(bounded_loss_p_value(Losses{0}, 0.5, 0.05), 1 / 1.9, 1e-12);
  // The first stake is sqrt(2 log(1 / 0.9) / (2 * 0.25)) = 0.649, of which a loss of 0.5 takes half; what is
  // missing is then 0.498, and the second stake would be 2.0.
  const double first = 1 - 0.5 * std::sqrt(2 * -std::log(0.9) / 0.5);
  EXPECT_NEAR(bounded_loss_p_value(Losses{0.5F, -1}, 0, 0.9), 1 / (first * 1.9), 1e-12);
  EXPECT_TRUE(is_bounded_loss_below(Losses{0.5F, -1}, 0, 0.9));
  EXPECT_NEAR(bounded_loss_p_value(Losses{1, 1}, 0, 0.05), 1, 1e-12) << "never more than in the beginning";
}

TEST(BoundedLossTest, PassesWhereThePValueIsAtMostDelta) {
  Random random(3);
  int passed = 0;
  for (int run = 0; run < 300; ++run) {
    Losses losses;
    for (int i = 0; i < 80; ++i) losses.push_back(static_cast<float>(2 * random.uniform() - 1.2));
    for (const double bound : {-0.2, 0.0, 0.1}) {
      const double p = bounded_loss_p_value(losses, bound, 0.05);
      EXPECT_EQ(is_bounded_loss_below(losses, bound, 0.05), p <= 0.05);
      EXPECT_GT(p, 0);
      EXPECT_LE(p, 1);
      passed += p <= 0.05 ? 1 : 0;
    }
  }
  EXPECT_GT(passed, 100);
  EXPECT_LT(passed, 800);
}

// Every path of a distribution on two values whose mean is just the bound, with its probability: the chance
// to pass is at most delta, whatever the level.
TEST(BoundedLossTest, IsFooledByNoMoreThanDelta) {
  constexpr std::size_t kLosses = 14;
  struct TwoValues {
    float low, high;
    double p_high;
  };
  constexpr std::array<TwoValues, 5> kAll{
      {{-1, 1, 0.5}, {0, 1, 0.05}, {-0.2F, 0.9F, 0.3}, {-1, 0.1F, 0.9}, {-0.01F, 1, 0.02}}};
  for (const auto& [low, high, p_high] : kAll) {
    const double bound = p_high * static_cast<double>(high) + (1 - p_high) * static_cast<double>(low);
    for (const double delta : {0.01, 0.05, 0.2}) {
      double fooled = 0, at_most_half = 0;
      for (std::uint32_t path = 0; path < 1U << kLosses; ++path) {
        Losses losses;
        double probability = 1;
        for (std::size_t i = 0; i < kLosses; ++i) {
          const bool is_high = (path >> i & 1U) != 0;
          losses.push_back(is_high ? high : low);
          probability *= is_high ? p_high : 1 - p_high;
        }
        const double p = bounded_loss_p_value(losses, bound, delta);
        if (p <= delta) fooled += probability;
        if (p <= delta / 2) at_most_half += probability;
      }
      EXPECT_LE(fooled, delta * (1 + 1e-9)) << low << " " << high << " " << delta;
      EXPECT_LE(at_most_half, delta / 2 * (1 + 1e-9)) << "a p-value at every level";
    }
  }
}

// Draws of a mean of 0.
using Draw = std::function<float(Random&)>;
const std::array<Draw, 3>& draws() {
  static const std::array<Draw, 3> all{
      [](Random& random) { return static_cast<float>(2 * random.uniform() - 1); },
      // Mostly nothing, a few of any size.
      [](Random& random) {
        return random.uniform() < 0.7 ? 0.0F : static_cast<float>(random.uniform() - 0.5);
      },
      // Rare large losses against many small gains.
      [](Random& random) { return random.uniform() < 0.1 ? 0.9F : -0.1F; }};
  return all;
}
Losses draw_losses(const Draw& draw, std::size_t n, Random& random) {
  Losses losses;
  for (std::size_t i = 0; i < n; ++i) losses.push_back(draw(random));
  return losses;
}

// Maurer, Pontil 2009, for values in a range of 2.
double bernstein_width(const Losses& losses, double delta) {
  const auto n = static_cast<double>(losses.size());
  const double centre = mean(losses);
  double squares = 0;
  for (const float loss : losses) squares += std::pow(static_cast<double>(loss) - centre, 2);
  const double log_term = std::log(4 / delta);
  return 2 * (std::sqrt(2 * squares / (n - 1) * log_term / n) + 2 * 7 * log_term / (3 * (n - 1)));
}

TEST(BoundedLossInterval, HoldsTheTrueMean) {
  for (const Draw& draw : draws()) {
    std::size_t missed = 0;
    for (std::uint64_t run = 0; run < 100; ++run) {
      Random random(mix64(run + 1));
      const Interval interval = bounded_loss_interval(draw_losses(draw, 250, random), 0.1);
      missed += interval.low > 0 || interval.high < 0 ? 1 : 0;
    }
    EXPECT_LE(missed, 19U) << "10 % and three standard errors of 100";
  }
}

TEST(BoundedLossInterval, IsNarrow) {
  constexpr double kDelta = 0.1;
  constexpr std::size_t kLosses = 1500;
  for (const Draw& draw : draws()) {
    double width = 0, bernstein = 0, normal = 0;
    for (std::uint64_t run = 0; run < 6; ++run) {
      Random random(mix64(run + 1));
      const Losses losses = draw_losses(draw, kLosses, random);
      const Interval interval = bounded_loss_interval(losses, kDelta);
      EXPECT_LT(interval.low, mean(losses));
      EXPECT_GT(interval.high, mean(losses));
      width += interval.high - interval.low;
      bernstein += bernstein_width(losses, kDelta);
      const std::vector<double> values(losses.begin(), losses.end());
      normal += 2 * 1.645 * standard_deviation(values) / std::sqrt(static_cast<double>(kLosses));
    }
    EXPECT_LT(width, 0.8 * bernstein);
    EXPECT_LT(width, 1.25 * normal) << "what no valid interval could be much below";
  }
}

TEST(BoundedLossInterval, IsTheFirstBoundThatIsLeftOpenFromEitherSide) {
  Random random(5);
  const Losses losses = draw_losses(draws()[1], 400, random);
  const Interval interval = bounded_loss_interval(losses, 0.05);
  const double step = 1 / (100 * 20.0);
  EXPECT_TRUE(is_bounded_loss_below(losses, interval.high, 0.025));
  EXPECT_FALSE(is_bounded_loss_below(losses, interval.high - step, 0.025));
  for (double bound = interval.high; bound < 1; bound += step) {
    ASSERT_TRUE(is_bounded_loss_below(losses, bound, 0.025)) << bound;
  }
  Losses mirrored = losses;
  for (float& loss : mirrored) loss = -loss;
  const Interval other = bounded_loss_interval(mirrored, 0.05);
  EXPECT_DOUBLE_EQ(other.low, -interval.high);
  EXPECT_DOUBLE_EQ(other.high, -interval.low);
  const Interval nothing = bounded_loss_interval(Losses{0.5F}, 0.05);
  EXPECT_EQ(nothing.low, -1);
  EXPECT_EQ(nothing.high, 1);
}

TEST(BoundedLossesNeeded, AboutHalfOfSuchSamplesPass) {
  for (const Draw& draw : draws()) {
    Random random(7);
    const Losses typical = draw_losses(draw, 4000, random);
    const double bound = mean(typical) + 0.03;
    const auto n = static_cast<std::size_t>(bounded_losses_needed(typical, bound, 0.05));
    int passed = 0;
    for (std::uint64_t run = 0; run < 100; ++run) {
      Random again(mix64(run + 1));
      Losses losses;
      for (std::size_t i = 0; i < n; ++i) losses.push_back(typical[again.below(typical.size())]);
      passed += is_bounded_loss_below(losses, bound, 0.05) ? 1 : 0;
    }
    EXPECT_GT(passed, 20);
    EXPECT_LT(passed, 80);
  }
  EXPECT_TRUE(std::isnan(bounded_losses_needed(Losses{0.5F, 0.1F}, 0.3, 0.05)));
  EXPECT_GE(bounded_losses_needed(Losses{-0.5F, 0.1F}, 0.3, 0.05), 3) << "two have just failed";
}

TEST(BoundedLossTest, RefusesWhatIsOutOfRange) {
  EXPECT_TRIAGE_ERROR((void)bounded_loss_p_value(Losses{}, 0, 0.05), ErrorCode::kInternal);
  EXPECT_TRIAGE_ERROR((void)bounded_loss_p_value(Losses{0}, 1, 0.05), ErrorCode::kInternal);
  EXPECT_TRIAGE_ERROR((void)bounded_loss_p_value(Losses{0}, 0, 1), ErrorCode::kInternal);
}

}  // namespace
}  // namespace triage
