// Both ways to standardise columns.
#include "stats/standardise.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

TEST(Standardisation, GivesMeanZeroAndDeviationOne) {
  Random random(1);
  std::vector<double> rows(3 * 50);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = i % 3 == 2 ? 7 : 100 * static_cast<double>(i % 3) + random.uniform() * 1e-3;
  }
  const auto columns =
      fit_standardisation(50, 3, [&](std::size_t i, std::size_t j) { return rows[i * 3 + j]; });
  for (std::size_t j = 0; j < 3; ++j) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      const double x = columns(j, rows[i * 3 + j]);
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum, 0, 1e-7);
    EXPECT_NEAR(squares, j == 2 ? 0 : 50, 1e-6) << "the last is constant";
  }
  EXPECT_EQ(columns(2, 9), 0) << "a column that was constant says nothing later either";
}

TEST(Standardisation, ByHand) {
  const std::vector<double> x{1, 3};
  const auto columns = fit_standardisation(2, 1, [&](std::size_t i, std::size_t) { return x[i]; });
  EXPECT_EQ(columns.mean[0], 2);
  EXPECT_EQ(columns.scale[0], 1);
  EXPECT_EQ(columns(0, 5), 3);
}

TEST(UnitDeviations, HaveLengthOneAndCorrelateAsPearsonSays) {
  const auto a = unit_deviations({1, 2, 3}), b = unit_deviations({10, 30, 20});
  const auto dot = [](const auto& x, const auto& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  EXPECT_NEAR(dot(a, a), 1, 1e-15);
  EXPECT_NEAR(dot(a, b), 0.5, 1e-15);  // deviations -1 0 1 and -10 10 0: 10 / sqrt(2 * 200)
  EXPECT_TRIAGE_ERROR((void)unit_deviations({2, 2}), ErrorCode::kInternal, "length > 0");
}

}  // namespace
}  // namespace triage
