// Frontiers: score and time as a price is swept, with bands around them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "evaluate/fold_list.h"

namespace triage {

// A policy at each price of a grid: score and time of every input, shape (n) each.
struct SweepPoint {
  double price = 0;
  std::vector<double> score;
  std::vector<double> ms;
};
struct Sweep {
  std::optional<MethodId> method;  // none: the zero router
  std::vector<SweepPoint> points;
};

// Makes a frontier of each sweep and of the zero router, with intervals, read off against the SBS.
void finish_frontiers(const Table& table, std::span<const Fold> folds, std::span<const Sweep> sweeps,
                      const EvaluateOptions& options, Evaluation& evaluation);

}  // namespace triage
