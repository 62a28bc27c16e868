#include "learn/worth.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "triage/tools/learn.h"

namespace triage {
namespace {

constexpr double kWorthOfGain = 0.25;

// Mean of min(x, 0) for x normal.
double mean_loss(double mean, double error) {
  if (!(error > 0)) return std::min(mean, 0.0);
  const double z = mean / error;
  const double below = 0.5 * std::erfc(z / std::numbers::sqrt2);
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return mean * below - error * density;
}

}  // namespace

double expected_worth(double gain, double error, double cost_ratio) {
  return kWorthOfGain * gain + (1 - kWorthOfGain) * mean_loss(gain, error) + kWorthOfTime * (1 - cost_ratio);
}

}  // namespace triage
