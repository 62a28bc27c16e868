// Chooses a schedule (policy/run_schedule.h) on predictions for rows that their trees did not see.
#pragma once

#include <cstdint>
#include <span>

#include "policy/run_schedule.h"

namespace triage {

// All (n, m): out-of-bag scores (lower is better; NaN for a row without), times as shares of the cutoff (NaN
// where a model was not run) and whether it was solved. Rows with a NaN are left out.
struct ScheduleData {
  std::size_t m = 0;
  std::span<const float> score;
  std::span<const float> times;
  std::span<const std::uint8_t> solved;
};

inline constexpr std::size_t kMostRunsLearned = 3;

// Greedy, judged by PAR10: the time, or ten cutoffs for a row that is not solved. Of all models and shares
// (0.1 to 20 % of the cutoff) that one comes behind the short runs so far whose gain, less one and a half of
// its standard errors, is highest, as long as that is above 0; then the last share (5 or 10 %) likewise.
// Ties: the lower model, then the shorter. The errors keep out what helped by luck, which the best of many
// candidates did, and make a short run win against a longer one that solves hardly more.
[[nodiscard]] RunSchedule choose_schedule(const ScheduleData& data);

}  // namespace triage
