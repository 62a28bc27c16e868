// The exact test of a mean loss, against enumeration of all outcomes.
#include "stats/paired_loss_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace triage {
namespace {

double log_factorial(std::size_t n) { return std::lgamma(static_cast<double>(n) + 1); }

// Probability of these counts when each pair is worse, better or neither with these probabilities.
double trinomial(std::size_t n, std::size_t worse, std::size_t better, double p_worse, double p_better) {
  const std::size_t rest = n - worse - better;
  const auto power = [](double p, std::size_t k) {
    return k == 0 ? 0.0 : static_cast<double>(k) * std::log(p);
  };
  const double p_rest = 1 - p_worse - p_better;
  if ((p_better == 0 && better > 0) || (p_rest <= 0 && rest > 0)) return 0;
  return std::exp(log_factorial(n) - log_factorial(worse) - log_factorial(better) - log_factorial(rest) +
                  power(p_worse, worse) + power(p_better, better) + power(p_rest, rest));
}

// The promise: at a true mean loss of just the bound, however often the two differ, the hypothesis is
// rejected with probability of at most delta.
TEST(PairedLossTest, RejectsWronglyWithProbabilityOfAtMostDelta) {
  for (const std::size_t n : {10U, 25U}) {
    for (const double bound : {0.05, 0.2}) {
      for (const double delta : {0.05, 0.2}) {
        for (double d = bound; d <= 1; d += 0.1) {
          const double p_worse = (d + bound) / 2, p_better = (d - bound) / 2;
          double rejected = 0;
          for (std::size_t worse = 0; worse <= n; ++worse) {
            for (std::size_t better = 0; worse + better <= n; ++better) {
              if (!is_loss_below({n, worse, better}, bound, delta)) continue;
              rejected += trinomial(n, worse, better, p_worse, p_better);
            }
          }
          EXPECT_LE(rejected, delta) << n << " pairs, bound " << bound << ", delta " << delta << ", d " << d;
        }
      }
    }
  }
}

TEST(PairedLossTest, ByHandWithoutDifferences) {
  // No pair differs. At 200 the limit of the rate, 1 - 0.001^(1/200) = 0.034, is below the bound: only the
  // limit's own error is left.
  EXPECT_NEAR(loss_p_value({200, 0, 0}, 0.05, 0.05), 0.001, 1e-9);
  EXPECT_TRUE(is_loss_below({200, 0, 0}, 0.05, 0.05));
  // At 100 it is 0.067. A sum of at most 0, by enumeration, at that rate.
  const double d = 1 - std::pow(0.001, 0.01), p_worse = (d + 0.05) / 2, p_better = (d - 0.05) / 2;
  double tail = 0;
  for (std::size_t worse = 0; worse <= 50; ++worse) {
    for (std::size_t better = worse; worse + better <= 100; ++better) {
      tail += trinomial(100, worse, better, p_worse, p_better);
    }
  }
  EXPECT_NEAR(loss_p_value({100, 0, 0}, 0.05, 0.05), tail + 0.001, 1e-6);
  EXPECT_FALSE(is_loss_below({20, 0, 0}, 0.05, 0.05)) << "0.95^20 is 0.36";
}

TEST(PairedLossTest, BothFormsAgree) {
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    const std::size_t n = 50 + random.below(500), worse = random.below(n / 8), better = random.below(n / 8);
    const LossCounts counts{n, worse, better};
    EXPECT_EQ(is_loss_below(counts, 0.02, 0.1), loss_p_value(counts, 0.02, 0.1) <= 0.1)
        << n << " " << worse << " " << better;
  }
}

TEST(PairedLossTest, MoreLossIsLessSure) {
  double last = 0;
  for (std::size_t worse = 0; worse < 40; ++worse) {
    const double p = loss_p_value({1000, worse, 10}, 0.02, 0.05);
    EXPECT_GE(p, last - 1e-9);
    last = p;
  }
}

TEST(PairedLossTest, SaysHowManyPairsAreNeeded) {
  // One point better than the bound, differing on 4 % of the pairs.
  const LossCounts few{500, 10, 10};
  ASSERT_FALSE(is_loss_below(few, 0.01, 0.05));
  const double needed = pairs_needed(few, 0.01, 0.05);
  EXPECT_NEAR(needed, 1.65 * 1.65 * 0.055 / 1e-4, 150) << "at the limit of a rate of 0.04";
  const auto as_many = [&](double n) {
    const auto k = static_cast<std::size_t>(0.02 * n);
    return LossCounts{static_cast<std::size_t>(n), k, k};
  };
  EXPECT_TRUE(is_loss_below(as_many(1.3 * needed), 0.01, 0.05));
  EXPECT_FALSE(is_loss_below(as_many(0.7 * needed), 0.01, 0.05));
  EXPECT_TRUE(std::isnan(pairs_needed({500, 15, 10}, 0.01, 0.05))) << "no number would do";
  for (const LossCounts& failed : {LossCounts{510, 6, 4}, {300, 3, 0}}) {
    const double bound = failed.n == 510 ? 0.02 : 0.03;
    ASSERT_FALSE(is_loss_below(failed, bound, 0.05));
    EXPECT_GT(pairs_needed(failed, bound, 0.05), static_cast<double>(failed.n));
  }
}

// Coverage by enumeration, for true means of either sign and however often the two differ.
TEST(PairedLossTest, TheIntervalMissesTheMeanWithProbabilityOfAtMostDelta) {
  constexpr std::size_t kPairs = 10;
  constexpr double kDelta = 0.1;
  std::vector<std::pair<LossCounts, Interval>> outcomes;
  for (std::size_t worse = 0; worse <= kPairs; ++worse) {
    for (std::size_t better = 0; worse + better <= kPairs; ++better) {
      const LossCounts counts{kPairs, worse, better};
      outcomes.emplace_back(counts, mean_loss_interval(counts, kDelta));
    }
  }
  for (const double mean : {-0.6, -0.3, -0.05, 0.0, 0.02, 0.2, 0.5}) {
    for (double d = std::abs(mean); d <= 1; d += 0.2) {
      double missed = 0;
      for (const auto& [counts, interval] : outcomes) {
        if (interval.low <= mean && mean <= interval.high) continue;
        missed += trinomial(kPairs, counts.worse, counts.better, (d + mean) / 2, (d - mean) / 2);
      }
      EXPECT_LE(missed, kDelta) << "mean " << mean << ", d " << d;
    }
  }
}

TEST(PairedLossTest, TheIntervalHoldsTheMeanThatIsSeen) {
  Random random(5);
  for (int i = 0; i < 12; ++i) {
    const std::size_t n = 20 + random.below(400), worse = random.below(n / 2), better = random.below(n / 2);
    const LossCounts counts{n, worse, better};
    const Interval interval = mean_loss_interval(counts, 0.05);
    EXPECT_LE(interval.low, counts.mean());
    EXPECT_GE(interval.high, counts.mean());
    const Interval mirrored = mean_loss_interval({n, better, worse}, 0.05);
    EXPECT_NEAR(mirrored.low, -interval.high, 1e-12);
    const Interval sure = mean_loss_interval(counts, 0.001);
    EXPECT_LE(sure.low, interval.low);
    EXPECT_GE(sure.high, interval.high);
  }
}

TEST(PairedLossTest, TheIntervalAtTheEdges) {
  const Interval equal = mean_loss_interval({200, 0, 0}, 0.05);
  EXPECT_NEAR(equal.low, -equal.high, 1e-12);
  EXPECT_NEAR(equal.high, 1 - std::pow(0.0005, 1.0 / 200), 0.015)
      << "about where 200 equal pairs are unlikely";
  EXPECT_NEAR(mean_loss_interval({50, 50, 0}, 0.05).high, 1, 1e-4);
  EXPECT_GT(mean_loss_interval({50, 50, 0}, 0.05).low, 0.7);
  EXPECT_GT(mean_loss_interval({1, 1, 0}, 0.05).low, -1) << "one pair tells nearly nothing";
}

TEST(PairedLossTest, SaysHowManyPairsTellApart) {
  const LossCounts few{400, 8, 12};
  ASSERT_FALSE(is_loss_below(few, 0, 0.025));
  const double needed = pairs_needed(few, 0, 0.025);
  const auto as_many = [&](double n) {
    const auto hundreds = static_cast<std::size_t>(n / 100);
    return LossCounts{100 * hundreds, 2 * hundreds, 3 * hundreds};
  };
  EXPECT_TRUE(is_loss_below(as_many(1.3 * needed), 0, 0.025));
  EXPECT_FALSE(is_loss_below(as_many(0.7 * needed), 0, 0.025));
}

}  // namespace
}  // namespace triage
