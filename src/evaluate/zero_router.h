// The zero router: the hull of the single models, and how to mix them for a time budget.
#pragma once

#include <span>
#include <vector>

#include "stats/hull.h"
#include "triage/types.h"

namespace triage {

struct Mix {
  ModelIndex cheap = kNoModel;
  ModelIndex dear = kNoModel;
  double share_dear = 0;  // of the inputs that go to `dear`
};
struct ZeroRouter {
  std::vector<CostValue> points;   // milliseconds and score of the models on the hull, by time
  std::vector<ModelIndex> models;  // behind each
  // Budgets outside the hull get its nearest end.
  [[nodiscard]] Mix at(double ms) const;
};
// From mean times and scores per model, shape (m).
[[nodiscard]] ZeroRouter zero_router(std::span<const double> costs, std::span<const double> scores);

}  // namespace triage
