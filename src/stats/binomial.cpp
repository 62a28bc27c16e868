#include "stats/binomial.h"

#include <boost/math/distributions/binomial.hpp>

namespace triage {

double binomial_tail(std::size_t k, std::size_t n, double p) {
  if (k == 0) return 1;
  if (k > n) return 0;
  const boost::math::binomial_distribution<double> successes(static_cast<double>(n), p);
  return boost::math::cdf(boost::math::complement(successes, static_cast<double>(k) - 1));
}

}  // namespace triage
