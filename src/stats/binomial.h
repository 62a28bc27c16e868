// The binomial distribution.
#pragma once

#include <cstddef>

namespace triage {

// P(X >= k) for X ~ Binomial(n, p), p in 0..1.
[[nodiscard]] double binomial_tail(std::size_t k, std::size_t n, double p);

}  // namespace triage
