#include "evaluate/reliability.h"

#include <algorithm>
#include <cmath>

#include "stats/intervals.h"
#include "stats/mean.h"
#include "table/row_order.h"

namespace triage {
namespace {

constexpr std::size_t kInputsPerBin = 100, kFewestBins = 5, kMostBins = 20;

}  // namespace

Reliability measure_reliability(const Table& table, const Replay& replay) {
  Reliability out;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    if (replay.model[i] != kNoModel && std::isfinite(replay.confidence[i])) rows.push_back(i);
  }
  out.inputs = rows.size();
  if (rows.empty()) return out;
  rows = rows_by_value(table, rows, replay.confidence);
  out.confidence = mean_of(replay.confidence, rows);
  out.right = mean_of(replay.top1, rows);
  out.ece = 0;
  const std::size_t n = rows.size();
  const std::size_t n_bins = std::min(n, std::clamp(n / kInputsPerBin, kFewestBins, kMostBins));
  for (std::size_t b = 0; b < n_bins; ++b) {
    const std::size_t from = b * n / n_bins, to = (b + 1) * n / n_bins;
    const Rows own = Rows(rows).subspan(from, to - from);
    ReliabilityBin bin;
    bin.inputs = own.size();
    bin.confidence = mean_of(replay.confidence, own);
    bin.right = mean_of(replay.top1, own);
    const auto size = static_cast<double>(own.size());
    bin.interval = wilson_interval(bin.right * size, size);
    out.ece += size / static_cast<double>(n) * std::abs(bin.confidence - bin.right);
    out.bins.push_back(bin);
  }
  return out;
}

}  // namespace triage
