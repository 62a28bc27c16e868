// Columns of different units made comparable.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace triage {

// Shift and scale of d columns to mean 0 and deviation 1, for regressions; constant columns become 0.
struct Standardisation {
  std::vector<double> mean;   // (d)
  std::vector<double> scale;  // (d) 1 / deviation; 0 where constant

  [[nodiscard]] double operator()(std::size_t column, double value) const {
    return (value - mean[column]) * scale[column];
  }
};

// Of n > 0 rows; `value(i, j)` is row i's in column j.
template <class Value>
[[nodiscard]] Standardisation fit_standardisation(std::size_t n, std::size_t d, const Value& value) {
  const auto rows = static_cast<double>(n);
  Standardisation columns{std::vector<double>(d), std::vector<double>(d)};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) columns.mean[j] += value(i, j) / rows;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const double deviation = value(i, j) - columns.mean[j];
      columns.scale[j] += deviation * deviation / rows;
    }
  }
  for (double& scale : columns.scale) scale = scale > 1e-12 ? 1 / std::sqrt(scale) : 0;
  return columns;
}

// Values less their mean, scaled to length 1: Pearson's correlation of two columns is the dot product of
// theirs. The values vary (kInternal otherwise).
[[nodiscard]] std::vector<double> unit_deviations(std::vector<double> values);

}  // namespace triage
