#include "stats/crossed_error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "triage/types.h"

namespace triage {
namespace {

// Of the sum of the deviations, by groups of which `group_of(value)` gives the number; 0 for a single group.
template <class GroupOf>
double clustered_variance(std::span<const CrossedValue> values, double mean, GroupOf group_of) {
  std::uint32_t last = 0;
  for (const CrossedValue& v : values) last = std::max(last, group_of(v));
  std::vector<double> sums(static_cast<std::size_t>(last) + 1);
  std::vector<bool> seen(sums.size());
  for (const CrossedValue& v : values) {
    sums[group_of(v)] += v.value - mean;
    seen[group_of(v)] = true;
  }
  const auto groups = static_cast<double>(std::count(seen.begin(), seen.end(), true));
  if (groups < 2) return 0;
  double squares = 0;
  for (const double sum : sums) squares += sum * sum;
  return squares * groups / (groups - 1);
}

}  // namespace

double crossed_error(std::span<const CrossedValue> values) {
  if (values.size() < 2) return kNotMeasured;
  const auto n = static_cast<double>(values.size());
  double mean = 0, cells = 0;
  for (const CrossedValue& v : values) mean += v.value / n;
  for (const CrossedValue& v : values) cells += (v.value - mean) * (v.value - mean);
  const double rows = clustered_variance(values, mean, [](const CrossedValue& v) { return v.row; });
  const double columns = clustered_variance(values, mean, [](const CrossedValue& v) { return v.column; });
  // What is neither of a row nor of a column was counted in both.
  const double both = rows + columns - cells * n / (n - 1);
  return std::sqrt(std::max({both, rows, columns})) / n;
}

}  // namespace triage
