// One ladder, fitted: whose answer is taken after each look, and, for each of some prices, what going on is
// expected to gain.
#pragma once

#include <span>
#include <vector>

#include "learn/ladder/ladder_rows.h"
#include "stats/ridge.h"

namespace triage {

struct LadderFit {
  LadderAnswering answering;
  std::vector<std::vector<LinearFunction>> gains;  // (prices)(k - 1)
};
// Gains by backward induction: what the rest of the ladder is worth, less what stopping is.
[[nodiscard]] LadderFit fit_ladder(const LadderRows& rows, std::span<const double> prices);

// What the ladder does on each of some rows at the price of that position; shape (n) each.
struct LadderOutcome {
  std::vector<double> scores, costs;
};
// For all prices.
[[nodiscard]] std::vector<LadderOutcome> apply_ladder(const LadderFit& fit, const LadderRows& rows);

}  // namespace triage
