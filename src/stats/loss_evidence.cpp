#include "stats/loss_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "triage/types.h"

namespace triage {
namespace {

constexpr std::size_t kStakes = 8;  // each half of the one before
using Growths = std::array<double, kStakes>;

// Logarithms of what each fraction has grown by, for counts that need not be whole.
Growths growths_of(double worse, double better, double equal, double bound) {
  Growths growths;
  double fraction = 1 / (1 - bound);  // a pair that is worse would cost all
  for (double& growth : growths) {
    fraction /= 2;
    growth = worse * std::log1p(fraction * (bound - 1)) + better * std::log1p(fraction * (bound + 1)) +
             equal * std::log1p(fraction * bound);
  }
  return growths;
}

Growths growths_of(std::span<const float> losses, double bound) {
  TRIAGE_CHECK(bound > -1 && bound < 1);
  Growths growths{};
  for (const float loss : losses) {
    double fraction = 1 / (1 - bound);
    for (double& growth : growths) {
      fraction /= 2;
      growth += std::log1p(fraction * (bound - static_cast<double>(loss)));
    }
  }
  return growths;
}

Growths growths_of(const LossCounts& counts, double bound) {
  TRIAGE_CHECK(counts.worse + counts.better <= counts.n && bound > -1 && bound < 1);
  return growths_of(static_cast<double>(counts.worse), static_cast<double>(counts.better),
                    static_cast<double>(counts.n - counts.worse - counts.better), bound);
}

// Of the mean of the grown parts, without overflow; `n` times the growths.
double log_mean(const Growths& growths, double n = 1) {
  const double most = n * *std::max_element(growths.begin(), growths.end());
  double sum = 0;
  for (const double growth : growths) sum += std::exp(n * growth - most);
  return most + std::log(sum / kStakes);
}

double p_value_of(double log_evidence) { return std::min(1.0, std::exp(-log_evidence)); }

// Of growths on n pairs.
double needed_pairs(const Growths& growths, std::size_t n, double delta) {
  TRIAGE_CHECK(n > 0 && delta > 0 && delta < 1);
  if (*std::max_element(growths.begin(), growths.end()) <= 0) return kNotMeasured;
  const auto enough = [&](double share) { return log_mean(growths, share) >= -std::log(delta); };
  double few = 0, many = 1;  // in shares of these pairs
  while (!enough(many)) {
    few = many;
    many *= 2;
  }
  for (int i = 0; i < 40; ++i) {
    const double middle = (few + many) / 2;
    (enough(middle) ? many : few) = middle;
  }
  return std::ceil(many * static_cast<double>(n));
}

}  // namespace

double log_loss_evidence(const LossCounts& counts, double bound) {
  return log_mean(growths_of(counts, bound));
}

double log_loss_evidence(std::span<const float> losses, double bound) {
  return log_mean(growths_of(losses, bound));
}

double anytime_loss_p_value(const LossCounts& counts, double bound) {
  return p_value_of(log_loss_evidence(counts, bound));
}

double anytime_loss_p_value(std::span<const float> losses, double bound) {
  return p_value_of(log_loss_evidence(losses, bound));
}

double anytime_pairs_needed(const LossCounts& counts, double bound, double delta) {
  return needed_pairs(growths_of(counts, bound), counts.n, delta);
}

double anytime_pairs_needed(std::span<const float> losses, double bound, double delta) {
  return needed_pairs(growths_of(losses, bound), losses.size(), delta);
}

}  // namespace triage
