// What bets of fixed fractions win on counts, against the bets themselves and against simulation.
#include "stats/loss_evidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hash.h"

namespace triage {
namespace {

// +1 with this probability, -1 with that, else 0.
int draw(Random& random, double p_worse, double p_better) {
  const double u = random.uniform();
  return u < p_worse ? 1 : u < p_worse + p_better ? -1 : 0;
}

// Eight bettors, pair after pair.
double by_bets(const std::vector<int>& losses, double bound) {
  double sum = 0;
  for (int k = 1; k <= 8; ++k) {
    const double fraction = std::pow(0.5, k) / (1 - bound);
    double wealth = 1.0 / 8;
    for (const int loss : losses) wealth *= 1 + fraction * (bound - loss);
    sum += wealth;
  }
  return sum;
}

TEST(LossEvidence, IsWhatTheBetsWinInAnyOrder) {
  Random random(1);
  for (const double bound : {-0.2, 0.0, 0.01, 0.3}) {
    std::vector<int> losses;
    LossCounts counts;
    for (int i = 0; i < 60; ++i) {
      losses.push_back(draw(random, 0.1, 0.2));
      counts.add(losses.back());
      EXPECT_NEAR(std::exp(log_loss_evidence(counts, bound)), by_bets(losses, bound),
                  1e-9 * by_bets(losses, bound));
    }
    std::sort(losses.begin(), losses.end());
    EXPECT_NEAR(std::exp(log_loss_evidence(counts, bound)), by_bets(losses, bound),
                1e-9 * by_bets(losses, bound));
  }
}

// Its expectation is 1 at a mean of just the bound, by enumeration.
TEST(LossEvidence, IsAFairGameAtTheBound) {
  constexpr std::size_t kPairs = 12;
  for (const double bound : {0.05, -0.1}) {
    const double p_worse = 0.3 + bound / 2, p_better = 0.3 - bound / 2;
    double expected = 0;
    for (std::size_t worse = 0; worse <= kPairs; ++worse) {
      for (std::size_t better = 0; worse + better <= kPairs; ++better) {
        const auto n = static_cast<double>(kPairs), w = static_cast<double>(worse),
                   b = static_cast<double>(better);
        const double log_ways =
            std::lgamma(n + 1) - std::lgamma(w + 1) - std::lgamma(b + 1) - std::lgamma(n - w - b + 1);
        expected += std::exp(log_ways + w * std::log(p_worse) + b * std::log(p_better) +
                             (n - w - b) * std::log(0.4) + log_loss_evidence({kPairs, worse, better}, bound));
      }
    }
    EXPECT_NEAR(expected, 1, 1e-9);
  }
}

// Looked at after every pair, it is fooled with probability of at most delta; a test for one look is not so
// lucky.
TEST(LossEvidence, MayBeLookedAtAfterEveryPair) {
  constexpr double kBound = 0.1, kDelta = 0.1;
  int fooled = 0, fooled_fixed = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    Random random(mix64(run + 1));
    LossCounts counts;
    bool crossed = false, crossed_fixed = false;
    for (int i = 1; i <= 1000; ++i) {
      counts.add(draw(random, 0.15, 0.05));
      crossed = crossed || anytime_loss_p_value(counts, kBound) <= kDelta;
      if (i % 50 == 0) crossed_fixed = crossed_fixed || is_loss_below(counts, kBound, kDelta);
    }
    fooled += crossed ? 1 : 0;
    fooled_fixed += crossed_fixed ? 1 : 0;
  }
  // Three standard errors of a share of 0.1 of 200 are 13.
  EXPECT_LE(fooled, 20 + 13);
  EXPECT_GT(fooled_fixed, 20 + 13);
}

TEST(LossEvidence, SaysHowManyPairsAreNeeded) {
  const LossCounts few{500, 10, 10};
  ASSERT_GT(anytime_loss_p_value(few, 0.01), 0.05);
  const double needed = anytime_pairs_needed(few, 0.01, 0.05);
  const auto as_many = [&](double n) {
    const auto k = static_cast<std::size_t>(n / 50);
    return LossCounts{50 * k, k, k};
  };
  EXPECT_LE(anytime_loss_p_value(as_many(needed + 50), 0.01), 0.05);
  EXPECT_GT(anytime_loss_p_value(as_many(needed - 50), 0.01), 0.05);
  EXPECT_GT(needed, pairs_needed(few, 0.01, 0.05)) << "the price of looking at any time";
  EXPECT_TRUE(std::isnan(anytime_pairs_needed({500, 15, 10}, 0.01, 0.05))) << "no number would do";
}

TEST(LossEvidence, DoesNotOverflow) {
  EXPECT_EQ(anytime_loss_p_value({100'000'000, 0, 90'000'000}, 0.5), 0);
  EXPECT_TRUE(std::isfinite(log_loss_evidence({100'000'000, 90'000'000, 0}, 0.5)));
  EXPECT_EQ(anytime_loss_p_value({100'000'000, 90'000'000, 0}, 0.5), 1);
}

}  // namespace
}  // namespace triage
