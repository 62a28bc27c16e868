// Summaries of measured times.
#include "profile/cell.h"
#include "stats/intervals.h"
#include "stats/mean.h"
#include "stats/quantile.h"
#include "triage/tools/profile.h"

namespace triage {
bool CellTimes::within(double bound) const {
  if (runs < 2) return false;
  return mean_bound95(m2, static_cast<std::size_t>(runs)) <= bound * mean;
}

TimeSummary summarize_times(std::vector<double> values) {
  TimeSummary summary;
  summary.n = values.size();
  if (values.empty()) {
    summary.mean = summary.bound95 = summary.p50 = summary.p90 = summary.p99 = summary.p999 = kNotMeasured;
    return summary;
  }
  summary.mean = mean(values);
  summary.bound95 = values.size() < 2 ? kNotMeasured
                                      : mean_bound95(squared_deviations(values, summary.mean), values.size());
  summary.p50 = interpolated_quantile(values, 0.5);
  summary.p90 = interpolated_quantile(values, 0.9);
  summary.p99 = interpolated_quantile(values, 0.99);
  summary.p999 = interpolated_quantile(values, 0.999);
  return summary;
}

}  // namespace triage
