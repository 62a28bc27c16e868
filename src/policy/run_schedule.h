// Where costs are times up to a cutoff: models that run one after the other on an input, before and after the
// one that was chosen, in shares of the cutoff.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "triage/types.h"

namespace triage {

inline constexpr std::size_t kMaxShortRuns = 8;

struct ShortRun {
  ModelIndex model = kNoModel;
  float share = 0;  // above 0
  bool operator==(const ShortRun&) const = default;
};

// First the short runs, in their order; then the choice, for what is left but the last share, which the
// second choice gets. A model that was stopped and runs again goes on where it was.
struct RunSchedule {
  std::vector<ShortRun> before;  // at most kMaxShortRuns, each of another model; with `last` together below 1
  float last = 0;                // 0: the choice runs to the end

  [[nodiscard]] bool is_empty() const { return before.empty() && last == 0; }
  [[nodiscard]] float share_before() const;
  bool operator==(const RunSchedule&) const = default;
};

struct ScheduleOutcome {
  double time = 1;  // until it was solved, or the whole cutoff
  bool solved = false;
};

// The lowest score but the first choice's; kNoModel where none is left.
[[nodiscard]] ModelIndex second_choice(std::span<const float> score, ModelIndex first);

// What the schedule does on one input where these are chosen (`second` may be kNoModel), of which each alone
// takes `times` (m) and solves it or not. So do policies that hold it.
[[nodiscard]] ScheduleOutcome replay_schedule(const RunSchedule& schedule, ModelIndex first,
                                              ModelIndex second, std::span<const float> times,
                                              std::span<const std::uint8_t> solved);

}  // namespace triage
