#include "stats/bounded_loss_test.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "stats/mean.h"
#include "triage/types.h"

namespace triage {
namespace {

constexpr double kMostAtStake = 0.9;  // of the money, were the loss 1
constexpr double kFirstSquare = 0.25;
const double kNextAim = std::log(10.0);  // beyond the one that is reached
constexpr double kGridSteps = 100;       // in 1 / sqrt(n)

void check_bounded(std::span<const float> losses, double bound, double delta) {
  TRIAGE_CHECK(!losses.empty() && bound > -1 && bound < 1 && delta > 0 && delta < 1);
}

// Logarithm of the most that the bettor ever has. Stops at 1 / delta where that is `enough`.
double most_wealth(std::span<const float> losses, double bound, double delta, bool enough) {
  const double cap = kMostAtStake / (1 - bound);
  double wealth = 0, most = 0, aim = -std::log(delta), squares = kFirstSquare;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double left = static_cast<double>(losses.size() - i), seen = static_cast<double>(i + 1);
    const double stake = std::min(cap, std::sqrt(2 * (aim - wealth) * seen / (left * squares)));
    const double won = bound - static_cast<double>(losses[i]);
    wealth += std::log1p(stake * won);
    squares += won * won;
    most = std::max(most, wealth);
    if (wealth < aim) continue;
    if (enough) break;
    while (wealth >= aim) aim += kNextAim;
  }
  return most;
}

// The least bound of the grid below which the mean is shown to lie, with all above it; 1 where there is none.
double least_shown(std::span<const float> losses, double delta) {
  const double step = 1 / (kGridSteps * std::sqrt(static_cast<double>(losses.size())));
  const auto n_steps = static_cast<std::size_t>(2 / step);
  double shown = 1;
  for (std::size_t i = 1; i < n_steps; ++i) {
    const double bound = 1 - static_cast<double>(i) * step;
    if (!is_bounded_loss_below(losses, bound, delta)) break;
    shown = bound;
  }
  return shown;
}

}  // namespace

double bounded_loss_p_value(std::span<const float> losses, double bound, double delta) {
  check_bounded(losses, bound, delta);
  return std::exp(-most_wealth(losses, bound, delta, false));
}

bool is_bounded_loss_below(std::span<const float> losses, double bound, double delta) {
  check_bounded(losses, bound, delta);
  return most_wealth(losses, bound, delta, true) >= -std::log(delta);
}

Interval bounded_loss_interval(std::span<const float> losses, double delta) {
  check_bounded(losses, 0, delta);
  std::vector<float> mirrored(losses.begin(), losses.end());
  for (float& loss : mirrored) loss = -loss;
  return {-least_shown(mirrored, delta / 2), least_shown(losses, delta / 2)};
}

double bounded_losses_needed(std::span<const float> losses, double bound, double delta) {
  check_bounded(losses, bound, delta);
  const double centre = mean(losses), gap = bound - centre;
  if (gap <= 0) return kNotMeasured;
  double squares = 0;
  for (const float loss : losses) squares += std::pow(static_cast<double>(loss) - bound, 2);
  const double variance = squares / static_cast<double>(losses.size()) - gap * gap;
  const double z = boost::math::quantile(
      boost::math::complement(boost::math::normal_distribution<double>(), std::min(delta, 0.5)));
  // Or what the largest stake needs, where the losses vary too little for more than that to matter.
  const double cap = kMostAtStake / (1 - bound);
  const double fewest = -std::log(delta) / std::log1p(cap * gap);
  double n = std::max(z * z * variance / (gap * gap), fewest);
  if (!is_bounded_loss_below(losses, bound, delta)) n = std::max(n, static_cast<double>(losses.size()) + 1);
  return std::ceil(n);
}

}  // namespace triage
