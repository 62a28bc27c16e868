// Summaries of measured times, and which of them count.
#include <algorithm>
#include <cmath>

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

bool Standstills::stood_still(const CellRun& run) {
  constexpr double kWaits = 0.5;  // share of the time without the processor, from which on it is its nature
  constexpr double kNoticeMs = 0.1;     // above what waking up other threads takes
  constexpr double kNoticeShare = 0.1;  // of the processor time
  const double idle = std::max(0.0, run.wall_ms - run.cpu_ms);
  const bool judged = std::isfinite(least_idle_ms_) && least_idle_share_ < kWaits;
  const bool still = judged && idle > least_idle_ms_ + kNoticeMs + kNoticeShare * run.cpu_ms;
  least_idle_ms_ = std::min(least_idle_ms_, idle);
  least_idle_share_ = std::min(least_idle_share_, run.wall_ms > 0 ? idle / run.wall_ms : 0.0);
  return still;
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
