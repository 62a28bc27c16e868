// Means and spread. Sums are in order and in double, so that a result has the same bits everywhere.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "triage/types.h"

namespace triage {

// Of any numbers; NaN for none.
template <class Values>
[[nodiscard]] double mean(const Values& values) {
  double sum = 0;
  for (const auto value : values) sum += static_cast<double>(value);
  return std::size(values) == 0 ? kNotMeasured : sum / static_cast<double>(std::size(values));
}

// Of the values at `rows`; NaN for no rows.
[[nodiscard]] double mean_of(std::span<const double> values, std::span<const std::uint32_t> rows);

// One mean a column.
[[nodiscard]] std::vector<double> column_means(std::span<const std::vector<double>> columns);

// 0 when one of the values is 0; NaN for none, and when one is negative or NaN.
[[nodiscard]] double geometric_mean(std::span<const double> values);

// Squared deviations from the mean, summed.
[[nodiscard]] double squared_deviations(std::span<const double> values, double mean);

// Of a sample (n - 1); NaN for fewer than two values.
[[nodiscard]] double standard_deviation(std::span<const double> values);

}  // namespace triage
