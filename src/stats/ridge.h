// Ridge regression on standardised columns, factorised once for many right-hand sides.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/standardise.h"

namespace triage {

class Ridge {
 public:
  // `rows` has shape (n, d), n > 0, all finite; `penalty` above 0 is added to the diagonal of the
  // standardised columns' products. The rows must outlive it.
  Ridge(std::span<const float> rows, std::size_t d, double penalty);
  // For values (n): a linear function's (1 + d) weights, the constant first.
  [[nodiscard]] std::vector<double> fit(std::span<const double> values) const;

 private:
  std::span<const float> rows_;
  std::size_t n_, d_;
  Standardisation columns_;
  std::vector<double> factor_;  // (d, d) lower triangle of Cholesky's decomposition
};

}  // namespace triage
