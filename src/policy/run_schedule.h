// Where costs are times up to a cutoff: models that run one after the other on an input, before and after the
// one that was chosen, in shares of the cutoff.
#pragma once

#include <cstdint>
#include <span>

#include "triage/types.h"

namespace triage {

// First the presolver, for its slice; then the choice, for what is left but the last share, which the second
// choice gets. A choice that is the presolver runs on where it is.
struct RunSchedule {
  ModelIndex presolver = kNoModel;
  float slice = 0;  // 0 without a presolver; below 1 - last
  float last = 0;   // 0: the choice runs to the end
};

struct ScheduleOutcome {
  double time = 1;  // until it was solved, or the whole cutoff
  bool solved = false;
};

// The lowest score but the first choice's; not the presolver's either, unless the last share is longer than
// its slice was. kNoModel where none is left.
[[nodiscard]] ModelIndex second_choice(const RunSchedule& schedule, std::span<const float> score,
                                       ModelIndex first);

// What the schedule does on one input: `score` (m) ranks the models, of which each alone takes `times` (m)
// and solves it or not.
[[nodiscard]] ScheduleOutcome replay_schedule(const RunSchedule& schedule, std::span<const float> score,
                                              std::span<const float> times,
                                              std::span<const std::uint8_t> solved);

}  // namespace triage
