// Does it matter whether times were taken once or until the mean was known? One table against another of some
// of its inputs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "triage/clock.h"
#include "triage/error.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

constexpr std::string_view kCheapOwner = "the profile beside which an exhaustive one stands";

}  // namespace

void check_timing(const Table& cheap, const Table& exhaustive) {
  if (cheap.timing.mode != TimingMode::kCheap || exhaustive.timing.mode != TimingMode::kExhaustive) {
    throw Error(ErrorCode::kUsage,
                fmt::format("timing: profiles timed '{}' and '{}', expected a cheap one and beside it an "
                            "exhaustive one; make that with 'triage profile'",
                            to_string(cheap.timing.mode), to_string(exhaustive.timing.mode)));
  }
  (void)rows_of_inputs(cheap, exhaustive.ids, kCheapOwner);
}

TimingDifference judge_timing(const Table& cheap, const Table& exhaustive,
                              std::span<const NamedTrainer> trainers, const StabilityOptions& given) {
  check_timing(cheap, exhaustive);
  const FakeClock clock;
  StabilityOptions options = given;
  options.clock = unowned(clock);
  const Table slice = select_table_inputs(cheap, rows_of_inputs(cheap, exhaustive.ids, kCheapOwner));
  TimingDifference difference;
  difference.inputs = exhaustive.n_inputs();
  difference.timing = exhaustive.timing;
  difference.to_exhaustive = judge_stability(slice, exhaustive, trainers, options);
  difference.to_cheap = judge_stability(exhaustive, slice, trainers, options);
  const auto& models = difference.to_exhaustive.models;
  double logs = 0;
  difference.least_ratio = difference.greatest_ratio = models.front().used_ms / models.front().trained_ms;
  for (const StableModel& model : models) {
    const double ratio = model.used_ms / model.trained_ms;
    difference.least_ratio = std::min(difference.least_ratio, ratio);
    difference.greatest_ratio = std::max(difference.greatest_ratio, ratio);
    logs += std::log(ratio) / static_cast<double>(models.size());
  }
  difference.mean_ratio = std::exp(logs);
  return difference;
}

}  // namespace triage
