// Times of one cell (the features of an input, a recipe or a model on it), and how often it is timed.
#pragma once

#include <algorithm>
#include <limits>
#include <stop_token>

#include "triage/tools/table.h"

namespace triage {

// Mean and spread of times, by Welford's updates.
struct CellTimes {
  int runs = 0;
  double mean = 0;         // milliseconds
  double m2 = 0;           // sum of squared deviations from the mean
  int retries = 0;         // runs that were given up because the process stood still
  bool disturbed = false;  // it stood still once too often, and such a run is among those that count

  void add(double ms) {
    ++runs;
    const double deviation = ms - mean;
    mean += deviation / runs;
    m2 += deviation * (ms - mean);
  }
  // Whether half the width of the mean's 95 % interval is at most `bound` times the mean. False after a
  // single run.
  [[nodiscard]] bool within(double bound) const;
};

// One run of a cell: what is recorded of it, and the time and the processor time that passed around it.
struct CellRun {
  double ms = 0;
  double wall_ms = 0;
  double cpu_ms = 0;
};

// Tells the runs of one network (or recipe, or of the features) during which the process stood still: it was
// stopped or suspended, or others had the processor. Such a run says nothing of the network.
class Standstills {
 public:
  // Whether it stood still during this run, judged by the runs before; the first one cannot be judged. What
  // mostly waits by nature, for an accelerator, say, is not judged either: its processor time tells nothing.
  bool stood_still(const CellRun& run);

 private:
  double least_idle_ms_ = std::numeric_limits<double>::infinity();
  double least_idle_share_ = 1;
};

// Runs of a cell that are given up because the process stood still; after that they are taken as they come.
inline constexpr int kMaxRetries = 4;

// Times a cell as the mode says; `once` runs it and returns a CellRun, `keep` is called after each run that
// counts. Ends early when `stop` is raised, after one run at least.
template <class Once, class Keep>
CellTimes time_cell(const Timing& timing, const std::stop_token& stop, Standstills& standstills,
                    const Once& once, const Keep& keep) {
  CellTimes cell;
  do {
    const CellRun run = once();
    if (standstills.stood_still(run)) {
      cell.disturbed = cell.retries == kMaxRetries || stop.stop_requested();
      if (!cell.disturbed) {
        ++cell.retries;
        continue;
      }
    }
    cell.add(run.ms);
    keep();
  } while (cell.runs < timing.max_runs &&
           (cell.runs < std::max(1, timing.min_runs) || !cell.within(timing.bound)) &&
           (cell.runs == 0 || !stop.stop_requested()));
  return cell;
}
template <class Once>
CellTimes time_cell(const Timing& timing, const std::stop_token& stop, Standstills& standstills,
                    const Once& once) {
  return time_cell(timing, stop, standstills, once, [] {});
}

}  // namespace triage
