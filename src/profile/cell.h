// Times of one cell (the features of an input, a recipe or a model on it), and how often it is timed.
#pragma once

#include <cstddef>
#include <stop_token>

#include "triage/tools/table.h"

namespace triage {

// Mean and spread of times, by Welford's updates.
struct CellTimes {
  int runs = 0;
  double mean = 0;  // milliseconds
  double m2 = 0;    // sum of squared deviations from the mean

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

// Times a cell as the mode says; `once` runs it and returns its milliseconds. Ends early when `stop` is
// raised.
template <class Once>
CellTimes time_cell(const Timing& timing, std::stop_token stop, const Once& once) {
  CellTimes cell;
  do {
    cell.add(once());
  } while (cell.runs < timing.max_runs && (cell.runs < timing.min_runs || !cell.within(timing.bound)) &&
           !stop.stop_requested());
  return cell;
}

}  // namespace triage
