// Frontiers in the (time, score) plane: the non-decreasing convex hull, which is what mixing methods at
// random reaches.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "triage/tools/evaluate.h"

namespace triage {

// Indices of the points on the upper hull, by time, scores increasing: the cheapest point first (of equals
// the best), the best one last (of equals the cheapest).
[[nodiscard]] std::vector<std::size_t> hull_of(std::span<const FrontierPoint> points);

// Score of the hull `points` (as from hull_of, by time) at `ms`: linear between, constant beyond its last
// point, NaN before its first.
[[nodiscard]] double hull_score(std::span<const FrontierPoint> points, double ms);
// Least time at which the hull has `score`: NaN when it never has; its first point's when it begins above.
[[nodiscard]] double hull_time(std::span<const FrontierPoint> points, double score);
// Mean height of the hull over [from_ms, to_ms], counting 0 before its first point; NaN for an empty range.
[[nodiscard]] double hull_area(std::span<const FrontierPoint> points, double from_ms, double to_ms);

// A hull of single models and how to mix them for a time budget.
struct Mix {
  ModelIndex cheap = kNoModel;
  ModelIndex dear = kNoModel;
  double share_dear = 0;  // of the inputs that go to `dear`
};
struct ZeroRouter {
  std::vector<FrontierPoint> points;  // on the hull, by time
  std::vector<ModelIndex> models;     // behind each
  // Budgets outside the hull get its nearest end.
  [[nodiscard]] Mix at(double ms) const;
};
// From mean times and scores per model, shape (m).
[[nodiscard]] ZeroRouter zero_router(std::span<const double> costs, std::span<const double> scores);

}  // namespace triage
