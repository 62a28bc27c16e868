#include "stats/mean.h"

#include <cmath>

namespace triage {

double mean_of(std::span<const double> values, std::span<const std::uint32_t> rows) {
  double sum = 0;
  for (const std::uint32_t i : rows) sum += values[i];
  return rows.empty() ? kNotMeasured : sum / static_cast<double>(rows.size());
}

std::vector<double> column_means(std::span<const std::vector<double>> columns) {
  std::vector<double> means;
  means.reserve(columns.size());
  for (const auto& column : columns) means.push_back(mean(column));
  return means;
}

double geometric_mean(std::span<const double> values) {
  double logs = 0;
  for (const double value : values) {
    if (!(value >= 0)) return kNotMeasured;
    logs += std::log(value);  // of 0: minus infinity, which makes the mean 0
  }
  return values.empty() ? kNotMeasured : std::exp(logs / static_cast<double>(values.size()));
}

double squared_deviations(std::span<const double> values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares;
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNotMeasured;
  return std::sqrt(squared_deviations(values, mean(values)) / static_cast<double>(values.size() - 1));
}

}  // namespace triage
