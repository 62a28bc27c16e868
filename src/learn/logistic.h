// Logistic regression with an L2 penalty, by Newton's method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stats/standardise.h"

namespace triage {

inline constexpr std::size_t kMaxRegressors = 36;  // columns, without the intercept
inline constexpr double kLogisticPenalty = 10;     // times half the squared weights, of standardised columns

// Columns shifted and scaled to mean 0 and deviation 1 (constant ones to 0), with a leading column of ones.
class Design {
 public:
  // `values` has shape (n, d) row-major; n > 0, d <= kMaxRegressors.
  Design(std::vector<double> values, std::size_t d);
  // Weights (1 + d) for the values as they were: an intercept, then one each. `is_one` has shape (n). The
  // intercept is penalised by 1e-3 only, which keeps it finite when all of `is_one` agree.
  [[nodiscard]] std::vector<double> fit(std::span<const std::uint8_t> is_one) const;

 private:
  std::size_t n_, d_;
  std::vector<double> x_;  // (n, 1 + d)
  Standardisation columns_;
};

// Probability of a one at x (d) by weights (1 + d).
[[nodiscard]] double logistic(std::span<const double> weights, std::span<const double> x);

}  // namespace triage
