#include "stats/ridge.h"

#include <cmath>

#include "base/check.h"
#include "stats/mean.h"

namespace triage {

Ridge::Ridge(std::span<const float> rows, std::size_t d, double penalty)
    : rows_(rows), n_(d == 0 ? 0 : rows.size() / d), d_(d), factor_(d * d, 0.0) {
  TRIAGE_CHECK(d > 0 && n_ > 0 && penalty > 0);
  columns_ = fit_standardisation(
      n_, d_, [&](std::size_t i, std::size_t j) { return static_cast<double>(rows[i * d_ + j]); });
  std::vector<double> row(d_);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < d_; ++j) row[j] = columns_(j, static_cast<double>(rows[i * d_ + j]));
    for (std::size_t j = 0; j < d_; ++j) {
      for (std::size_t l = 0; l <= j; ++l) factor_[j * d_ + l] += row[j] * row[l];
    }
  }
  for (std::size_t j = 0; j < d_; ++j) {
    factor_[j * d_ + j] += penalty;
    for (std::size_t i = j; i < d_; ++i) {
      double sum = factor_[i * d_ + j];
      for (std::size_t l = 0; l < j; ++l) sum -= factor_[i * d_ + l] * factor_[j * d_ + l];
      factor_[i * d_ + j] = i == j ? std::sqrt(sum) : sum / factor_[j * d_ + j];
    }
  }
}

std::vector<double> Ridge::fit(std::span<const double> values) const {
  TRIAGE_CHECK(values.size() == n_);
  const double centre = mean(values);
  std::vector<double> x(d_, 0.0);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < d_; ++j) {
      x[j] += (values[i] - centre) * columns_(j, static_cast<double>(rows_[i * d_ + j]));
    }
  }
  for (std::size_t j = 0; j < d_; ++j) {
    for (std::size_t l = 0; l < j; ++l) x[j] -= factor_[j * d_ + l] * x[l];
    x[j] /= factor_[j * d_ + j];
  }
  for (std::size_t j = d_; j-- > 0;) {
    for (std::size_t l = j + 1; l < d_; ++l) x[j] -= factor_[l * d_ + j] * x[l];
    x[j] /= factor_[j * d_ + j];
  }
  std::vector<double> weights(1 + d_, 0.0);
  weights[0] = centre;
  for (std::size_t j = 0; j < d_; ++j) {
    weights[1 + j] = x[j] * columns_.scale[j];
    weights[0] -= weights[1 + j] * columns_.mean[j];
  }
  return weights;
}

}  // namespace triage
