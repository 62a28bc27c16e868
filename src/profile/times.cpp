// Summaries of measured times.
#include <algorithm>
#include <array>
#include <cmath>

#include "profile/cell.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

// Two-sided 95 % quantile of Student's t for 1 to 30 degrees of freedom.
constexpr std::array<double, 30> kStudent95 = {
    12.70620474, 4.30265273, 3.18244631, 2.77644511, 2.57058184, 2.44691185, 2.36462425, 2.30600414,
    2.26215716,  2.22813885, 2.20098516, 2.17881283, 2.16036866, 2.14478669, 2.13144955, 2.11990530,
    2.10981558,  2.10092204, 2.09302405, 2.08596345, 2.07961384, 2.07387307, 2.06865761, 2.06389856,
    2.05953855,  2.05552944, 2.05183052, 2.04840714, 2.04522964, 2.04227246};

// Linear between the two nearest of the sorted values (type 7 of Hyndman and Fan, as NumPy's default).
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (position - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

// Beyond the table: Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), within 1e-5 from there on.
double student95(std::size_t degrees) {
  if (degrees <= kStudent95.size()) return kStudent95[degrees - 1];
  constexpr double x = 1.959963984540054;
  const double v = static_cast<double>(degrees);
  const double x3 = x * x * x;
  const double x5 = x3 * x * x;
  const double x7 = x5 * x * x;
  return x + (x3 + x) / (4 * v) + (5 * x5 + 16 * x3 + 3 * x) / (96 * v * v) +
         (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / (384 * v * v * v);
}

bool CellTimes::within(double bound) const {
  if (runs < 2) return false;
  const double n = runs;
  const double half_width = student95(static_cast<std::size_t>(runs) - 1) * std::sqrt(m2 / (n - 1) / n);
  return half_width <= bound * mean;
}

TimeSummary summarize_times(std::vector<double> values) {
  TimeSummary summary;
  summary.n = values.size();
  if (values.empty()) {
    summary.mean = summary.bound95 = summary.p50 = summary.p90 = summary.p99 = summary.p999 = kNotMeasured;
    return summary;
  }
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  for (const double value : values) summary.mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.bound95 = values.size() < 2
                        ? kNotMeasured
                        : student95(values.size() - 1) * std::sqrt(squares / (n - 1)) / std::sqrt(n);
  summary.p50 = quantile(values, 0.5);
  summary.p90 = quantile(values, 0.9);
  summary.p99 = quantile(values, 0.99);
  summary.p999 = quantile(values, 0.999);
  return summary;
}

}  // namespace triage
