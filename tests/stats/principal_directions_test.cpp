#include "stats/principal_directions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"
#include "stats/paired_lead.h"

namespace triage {
namespace {

SparseRows sparse(std::size_t width, const std::vector<std::vector<float>>& dense) {
  SparseRows rows{.width = width};
  for (const auto& row : dense) {
    for (std::uint32_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      rows.column.push_back(j);
      rows.value.push_back(row[j]);
    }
    rows.begin.push_back(rows.column.size());
  }
  return rows;
}

TEST(PrincipalDirections, OfKnownRows) {
  // Squares 50 along (3, 4, 0) / 5, 4 along (0, 0, 1), nothing else.
  const auto rows = sparse(3, {{3, 4, 0}, {-3, -4, 0}, {0, 0, 2}});
  const auto found = principal_directions(rows, 3, 1);
  ASSERT_EQ(found.size(), 9U);
  EXPECT_NEAR(std::abs(found[0]), 0.6, 1e-5);
  EXPECT_NEAR(std::abs(found[3]), 0.8, 1e-5);
  EXPECT_NEAR(found[6], 0, 1e-5);
  EXPECT_NEAR(std::abs(found[7]), 1, 1e-5);
  for (const std::size_t i : {2U, 5U, 8U}) EXPECT_EQ(found[i], 0);  // beyond the rank
}

TEST(PrincipalDirections, AreOrthonormalAndTheSameAtAnyThreadCount) {
  Random random(3);
  std::vector<std::vector<float>> dense(400, std::vector<float>(90, 0.0F));
  for (auto& row : dense) {
    const auto strength = static_cast<float>(random.uniform());
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (random.uniform() < 0.2) row[j] = static_cast<float>(random.uniform()) + (j < 5 ? 4 * strength : 0);
    }
  }
  const auto rows = sparse(90, dense);
  constexpr std::size_t kR = 10;
  const auto found = principal_directions(rows, kR, 7, 1);
  EXPECT_EQ(found, principal_directions(rows, kR, 7, 3));
  EXPECT_NE(found, principal_directions(rows, kR, 8, 1));
  std::vector<double> squares(kR);
  for (std::size_t a = 0; a < kR; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0;
      for (std::size_t i = 0; i < 90; ++i)
        product += static_cast<double>(found[i * kR + a] * found[i * kR + b]);
      EXPECT_NEAR(product, a == b ? 1 : 0, 1e-4);
    }
    for (const auto& row : dense) {
      double product = 0;
      for (std::size_t i = 0; i < 90; ++i) product += static_cast<double>(row[i] * found[i * kR + a]);
      squares[a] += product * product;
    }
    if (a > 0) {
      EXPECT_LE(squares[a], squares[a - 1] * 1.001);
    }
  }
}

TEST(PairedLead, ByHand) {
  const std::vector<double> first{1, 2, 3, std::nan("")}, second{2, 2, 5, 9};
  // Differences 1, 0, 2: mean 1, deviation 1.
  EXPECT_NEAR(paired_lead(first, second), std::sqrt(3.0), 1e-12);
  EXPECT_EQ(paired_lead(first, first), 0);
}

}  // namespace
}  // namespace triage
