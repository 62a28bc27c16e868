// Newton's method on functions whose minimum is known, and the linear systems behind it.
#include "stats/newton.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

TEST(Solve, ReadsTheLowerTriangleOfTheLeadingPart) {
  // 4 2 / 2 5 times (1, 2) is (8, 12); the rest is not looked at.
  const std::array<std::array<double, 3>, 3> a{{{4, -99, -99}, {2, 5, -99}, {-99, -99, -99}}};
  const auto x = solve(a, std::array<double, 3>{8, 12, 7}, 2);
  EXPECT_NEAR(x[0], 1, 1e-15);
  EXPECT_NEAR(x[1], 2, 1e-15);
  EXPECT_EQ(x[2], 7);
}

TEST(Solve, InvertsWhatItIsGiven) {
  Random random(4);
  std::array<std::array<double, 6>, 6> root{}, a{};
  std::array<double, 6> truth{}, b{};
  for (auto& row : root) {
    for (double& value : row) value = random.uniform() - 0.5;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    truth[i] = static_cast<double>(i) - 2;
    for (std::size_t j = 0; j < 6; ++j) {
      for (std::size_t l = 0; l < 6; ++l) a[i][j] += root[i][l] * root[j][l];
    }
    a[i][i] += 0.1;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) b[i] += a[i][j] * truth[j];
  }
  const auto x = solve(a, b);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(x[i], truth[i], 1e-12);
}

TEST(Solve, RefusesWhatIsNotPositiveDefinite) {
  const std::array<std::array<double, 2>, 2> a{{{1, 0}, {2, 1}}};
  EXPECT_TRIAGE_ERROR((void)solve(a, std::array<double, 2>{1, 1}), ErrorCode::kInternal, "sum > 0");
}

// (w0 - 3)^2 + 2 (w1 + 1)^2 + (w0 - 3)(w1 + 1), and how often it was asked.
struct Bowl {
  int asked = 0;
  SecondOrder<2> operator()(std::span<const double> w) {
    ++asked;
    const double x = w[0] - 3, y = w[1] + 1;
    return {x * x + 2 * y * y + x * y, {2 * x + y, 4 * y + x}, {{{2, 0}, {1, 4}}}};
  }
};

TEST(Minimise, TakesOneStepToTheBottomOfAParabola) {
  Bowl bowl;
  std::vector<double> w{100, 100};
  minimise<2>([&](std::span<const double> at) { return bowl(at); }, {.max_steps = 1}, w);
  EXPECT_NEAR(w[0], 3, 1e-12);
  EXPECT_NEAR(w[1], -1, 1e-12);
  EXPECT_EQ(bowl.asked, 2);
}

TEST(Minimise, StopsBeforeAStepThatGainsTooLittle) {
  Bowl bowl;
  std::vector<double> w{3.01, -1};
  // The step would gain 1e-4; the decrement is twice that.
  minimise<2>([&](std::span<const double> at) { return bowl(at); }, {.least_decrement = 2.1e-4}, w);
  EXPECT_EQ(w[0], 3.01);
  EXPECT_EQ(bowl.asked, 1);
  minimise<2>([&](std::span<const double> at) { return bowl(at); }, {.least_decrement = 1.9e-4}, w);
  EXPECT_NEAR(w[0], 3, 1e-12);
}

TEST(Minimise, StopsAfterAStepThatMovesLittle) {
  Bowl bowl;
  std::vector<double> w{3.01, -1};
  minimise<2>([&](std::span<const double> at) { return bowl(at); }, {.least_change = 0.011}, w);
  EXPECT_NEAR(w[0], 3, 1e-12) << "the step itself is taken";
  EXPECT_EQ(bowl.asked, 2);
}

// sqrt(1 + w^2): from beyond 1 a full step lands farther out on the other side each time.
TEST(Minimise, HalvesStepsThatOvershoot) {
  std::vector<double> w{3};
  double last = 10;
  bool ever_rose = false;
  minimise<1>(
      [&](std::span<const double> at) -> SecondOrder<1> {
        const double root = std::sqrt(1 + at[0] * at[0]);
        ever_rose = ever_rose || root > last;
        last = root;
        return {root, {at[0] / root}, {{{1 / (root * root * root)}}}};
      },
      {.max_steps = 50, .least_change = 1e-9}, w);
  EXPECT_NEAR(w[0], 0, 1e-9);
  EXPECT_TRUE(ever_rose) << "no step was halved";
}

// A gradient of the wrong sign, as rounding may leave it: no step descends.
TEST(Minimise, StaysWhereNoStepDescends) {
  std::vector<double> w{1};
  int asked = 0;
  minimise<1>(
      [&](std::span<const double> at) -> SecondOrder<1> {
        ++asked;
        return {at[0] * at[0], {-2 * at[0]}, {{{2}}}};
      },
      {}, w);
  EXPECT_EQ(w[0], 1);
  EXPECT_LT(asked, 30);
}

}  // namespace
}  // namespace triage
