#include "stats/intervals.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/check.h"

namespace triage {
namespace {

using boost::math::binomial_distribution;

}  // namespace

Interval wilson_interval(double k, double n) {
  if (!(n > 0)) return {};
  constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the normal distribution
  const double p = k / n, z2 = kZ * kZ;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double reach = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {std::max(0.0, centre - reach), std::min(1.0, centre + reach)};
}

double upper_share(std::size_t k, std::size_t n, double error) {
  if (k >= n) return 1;
  return binomial_distribution<double>::find_upper_bound_on_p(static_cast<double>(n), static_cast<double>(k),
                                                              error);
}

double lower_share(std::size_t k, std::size_t n, double error) {
  if (k == 0) return 0;
  return binomial_distribution<double>::find_lower_bound_on_p(static_cast<double>(n), static_cast<double>(k),
                                                              error);
}

Interval clopper_pearson(std::size_t k, std::size_t n) {
  return {lower_share(k, n, 0.025), upper_share(k, n, 0.025)};
}

double mean_bound95(double squares, std::size_t n) {
  TRIAGE_CHECK(n >= 2);
  const double values = static_cast<double>(n), degrees = values - 1;
  const double t = boost::math::quantile(boost::math::students_t_distribution<double>(degrees), 0.975);
  return t * std::sqrt(squares / degrees / values);
}

}  // namespace triage
