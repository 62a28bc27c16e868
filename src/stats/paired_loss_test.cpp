#include "stats/paired_loss_test.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/check.h"
#include "stats/intervals.h"
#include "triage/types.h"

namespace triage {
namespace {

using boost::math::binomial_distribution;

constexpr double kSplit = 50;        // delta / kSplit goes to the interval of d
constexpr int kRates = 9;            // values of d that are tried
constexpr double kLeastRate = 1e-3;  // of d, as a share of its limit, where the bound is about 0
constexpr double kDeviations = 8;    // of the number of differing pairs; what lies beyond is below 1e-14

// P(sum <= t) of n pairs that differ with probability d, when the mean loss is `bound`, or -d where that is
// more: given the number of pairs that differ, those that are worse are binomial.
double tail(std::size_t n, double t, double bound, double d) {
  const double pairs = static_cast<double>(n), centre = pairs * d;
  const double reach = kDeviations * std::sqrt(centre * (1 - d)) + 10;
  const double first = std::max(0.0, std::floor(centre - reach)),
               last = std::min(pairs, std::ceil(centre + reach));
  const binomial_distribution<double> differing(pairs, d);
  const double worse_share = std::clamp((1 + bound / d) / 2, 0.0, 1.0);
  double sum = 0;
  for (double k = first; k <= last; ++k) {
    const double most = std::floor((t + k) / 2);  // worse ones that keep the sum at t or below
    if (most < 0) continue;
    const double mass = boost::math::pdf(differing, k);
    sum += most >= k ? mass : mass * boost::math::cdf(binomial_distribution<double>(k, worse_share), most);
  }
  return std::min(1.0, sum + 1e-14);
}

double upper_rate(const LossCounts& counts, double error) {
  return upper_share(counts.worse + counts.better, counts.n, error);
}

void check(const LossCounts& counts, double bound, double delta) {
  TRIAGE_CHECK(counts.n > 0 && counts.worse + counts.better <= counts.n && bound > -1 && bound < 1 &&
               delta > 0 && delta < 1);
}

// The least bound, up to 1e-5, below which the mean loss is shown to lie.
double upper_mean(const LossCounts& counts, double delta) {
  double open = -1, shown = 1;
  while (shown - open > 1e-5) {
    const double middle = (open + shown) / 2;
    (is_loss_below(counts, middle, delta) ? shown : open) = middle;
  }
  return shown;
}

// The largest tail over the rates that are possible, `give_up` once it exceeds that.
double largest_tail(const LossCounts& counts, double bound, double delta, double give_up) {
  const double highest = upper_rate(counts, delta / kSplit);
  if (highest < bound) return 0;  // that many differing pairs cannot lose so much
  const double t = static_cast<double>(counts.worse) - static_cast<double>(counts.better);
  // A mean of `bound` needs at least that rate; below it, and near 0, tails only shrink or tell nothing.
  const double lowest = std::clamp(std::abs(bound), kLeastRate * highest, highest);
  double largest = 0;
  // From the highest rate, whose tail is nearly always the largest, down to the lowest.
  for (int i = 0; i < kRates && largest <= give_up; ++i) {
    const double share = static_cast<double>(i) / (kRates - 1);
    largest = std::max(largest, tail(counts.n, t, bound, highest * std::pow(lowest / highest, share)));
  }
  return largest;
}

}  // namespace

double loss_p_value(const LossCounts& counts, double bound, double delta) {
  check(counts, bound, delta);
  return std::min(1.0, largest_tail(counts, bound, delta, 1) + delta / kSplit);
}

bool is_loss_below(const LossCounts& counts, double bound, double delta) {
  check(counts, bound, delta);
  const double allowed = delta * (1 - 1 / kSplit);
  return largest_tail(counts, bound, delta, allowed) <= allowed;
}

Interval mean_loss_interval(const LossCounts& counts, double delta) {
  check(counts, 0, delta);
  const LossCounts mirrored{counts.n, counts.better, counts.worse};
  return {-upper_mean(mirrored, delta / 2), upper_mean(counts, delta / 2)};
}

double pairs_needed(const LossCounts& counts, double bound, double delta) {
  check(counts, bound, delta);
  const double mean = counts.mean();
  if (mean >= bound) return kNotMeasured;
  const double gap = bound - mean, level = delta * (1 - 1 / kSplit);
  const double tail_z =
      boost::math::quantile(boost::math::complement(boost::math::normal_distribution<double>(), level));
  const double rate = static_cast<double>(counts.worse + counts.better) / static_cast<double>(counts.n);
  // The limit of the rate depends on n, the number sought: a fixed-point iteration, which converges fast.
  double n = static_cast<double>(counts.n);
  for (int i = 0; i < 6; ++i) {
    const auto pairs = static_cast<std::size_t>(std::min(n, 1e9));
    const LossCounts scaled{pairs, static_cast<std::size_t>(rate * static_cast<double>(pairs)), 0};
    const double highest = upper_rate(scaled, delta / kSplit);
    // Where the two hardly ever differ, the binomial's own minimum (the second term) decides.
    const double z = std::max(tail_z, 0.0);
    const double fewest = bound > 0 ? std::log(kSplit / delta) / bound : 1;
    n = std::max(z * z * (highest - mean * mean) / (gap * gap), fewest);
  }
  // The approximation must not claim that the pairs sufficed when the exact test has just failed.
  if (!is_loss_below(counts, bound, delta)) n = std::max(n, static_cast<double>(counts.n) + 1);
  return std::ceil(n);
}

}  // namespace triage
