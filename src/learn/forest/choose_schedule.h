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

// Judged by PAR10: the time, or ten cutoffs for a row that is not solved. Of all presolvers and slices (0.5
// to 20 %) the best is taken when it is better than none by at least one standard error of the difference;
// then the last share (5 or 10 %) likewise. Ties: the lower model, then the shorter.
[[nodiscard]] RunSchedule choose_schedule(const ScheduleData& data);

}  // namespace triage
