// Score against time as a price is swept.
#pragma once

#include <optional>
#include <vector>

#include "triage/tools/estimate.h"
#include "triage/tools/method.h"

namespace triage {

struct FrontierPoint {
  double ms = 0;                // mean
  double score = 0;             // mean
  double price = kNotMeasured;  // score a unit of cost that led here; NaN for the zero router
  Interval score_interval = {};
  // Score less the zero router's at equal time. Its interval is a simultaneous 95 % band: that of all points
  // of the frontier together.
  Estimate above_router = {};
  // Score that the zero router gains in the time of one reading of the clock: where a policy does what the
  // router does, smaller differences come from a few nanoseconds of asking it.
  double resolution = 0;
};
struct Frontier {
  std::optional<MethodId> method;     // whose price is swept; none: the zero router
  std::vector<FrontierPoint> points;  // by time
  double aiq = kNotMeasured;          // mean height of the hull between cheapest and costliest single model
  // Read from the hull, against the SBS; NaN where it does not reach that far.
  double closed_gap = kNotMeasured;  // at SBS's time: (score - SBS) / (VBS - SBS)
  double speed_up_at_equal_score = kNotMeasured;
  double score_gain_at_equal_time = kNotMeasured;
  // Time at which 95 % of the way from the cheapest model's score to the SBS's is done, as a share of SBS's.
  double time_share_for_95 = kNotMeasured;
  // Of these, by reading the hulls of resampled inputs. A hull that does not reach a score counts as a
  // speed-up of 0 and an infinite share of time.
  struct Intervals {
    Interval aiq, closed_gap, speed_up_at_equal_score, score_gain_at_equal_time, time_share_for_95;
  } intervals;
};

}  // namespace triage
