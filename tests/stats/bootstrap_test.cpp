// The bootstrap against what theory says.
#include "stats/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/hash.h"

namespace triage {
namespace {

std::vector<double> random_values(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(n);
  for (double& v : values) v = random.uniform();
  return values;
}

double mean_value(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Bootstrap, VarianceOfTheMeanIsTheAnalyticOne) {
  const std::vector<std::vector<double>> columns{random_values(500, 1)};
  const auto means = bootstrap_means(columns, 4000, 7);
  ASSERT_EQ(means.size(), 4000U);
  double variance = 0;
  for (const double v : columns[0]) variance += std::pow(v - mean_value(columns[0]), 2) / 500;
  double spread = 0;
  for (const double m : means) spread += std::pow(m - mean_value(means), 2) / 4000;
  // Four standard errors of a variance from 4,000 draws are 9 %.
  EXPECT_NEAR(spread / (variance / 500), 1.0, 0.09);
  const Interval interval = bootstrap_interval(means, 1, [](std::span<const double> m) { return m[0]; });
  const double half = 1.96 * std::sqrt(variance / 500);
  EXPECT_NEAR(interval.low, mean_value(columns[0]) - half, 0.12 * half);
  EXPECT_NEAR(interval.high, mean_value(columns[0]) + half, 0.12 * half);
}

TEST(Bootstrap, IsPaired) {
  std::vector<std::vector<double>> columns{random_values(200, 1), {}};
  for (const double v : columns[0]) columns[1].push_back(v - 0.25);
  const auto means = bootstrap_means(columns, 300, 3);
  const Interval interval =
      bootstrap_interval(means, 2, [](std::span<const double> m) { return m[0] - m[1]; });
  EXPECT_NEAR(interval.low, 0.25, 1e-12);
  EXPECT_NEAR(interval.high, 0.25, 1e-12);
}

TEST(Bootstrap, DependsOnTheSeedAlone) {
  const std::vector<std::vector<double>> columns{random_values(100, 1)};
  EXPECT_EQ(bootstrap_means(columns, 50, 3), bootstrap_means(columns, 50, 3));
  EXPECT_NE(bootstrap_means(columns, 50, 3), bootstrap_means(columns, 50, 4));
  // More resamples begin with the same ones.
  const auto more = bootstrap_means(columns, 60, 3), few = bootstrap_means(columns, 10, 3);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
}

TEST(Bootstrap, NoResamplesNoInterval) {
  const std::vector<std::vector<double>> columns{random_values(10, 1)};
  const auto means = bootstrap_means(columns, 0, 3);
  EXPECT_TRUE(means.empty());
  EXPECT_TRUE(std::isnan(bootstrap_interval(means, 1, [](auto m) { return m[0]; }).low));
}

}  // namespace
}  // namespace triage
