// Binomial tails by hand.
#include "stats/binomial.h"

#include <gtest/gtest.h>

#include <cmath>

namespace triage {
namespace {

TEST(BinomialTail, MatchesHandComputedValues) {
  EXPECT_EQ(binomial_tail(0, 10, 0.3), 1.0);
  EXPECT_NEAR(binomial_tail(1, 2, 0.5), 0.75, 1e-12);
  EXPECT_NEAR(binomial_tail(2, 2, 0.1), 0.01, 1e-12);
  EXPECT_NEAR(binomial_tail(3, 4, 0.25), 4 * 0.015625 * 0.75 + 0.00390625, 1e-12);
  EXPECT_EQ(binomial_tail(3, 2, 0.5), 0.0);
  EXPECT_EQ(binomial_tail(1, 2, 0.0), 0.0);
  EXPECT_EQ(binomial_tail(2, 2, 1.0), 1.0);
  EXPECT_LT(binomial_tail(900, 1000, 0.001), 1e-100);
}

TEST(BinomialTail, SumsTheProbabilities) {
  double sum = 0;
  for (std::size_t k = 50; k-- > 0;) {
    const auto x = static_cast<double>(k);
    sum += std::exp(std::lgamma(50.0) - std::lgamma(x + 1) - std::lgamma(50 - x) + x * std::log(0.3) +
                    (49 - x) * std::log(0.7));
    EXPECT_NEAR(binomial_tail(k, 49, 0.3), sum, 1e-12) << k;
  }
}

}  // namespace
}  // namespace triage
