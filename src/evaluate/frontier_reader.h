// Frontiers read off against the single models: area, speed-up, gain, each with its interval.
#pragma once

#include <span>
#include <vector>

#include "evaluate/frontiers.h"

namespace triage {

// The zero router as a sweep of its time budgets: what each fold's hull of its training part, mixed for that
// budget, takes and scores on every test input. Empty where no model takes time.
[[nodiscard]] Sweep router_sweep(const Table& table, std::span<const Fold> folds, Criterion criterion);

// Reads the hull of a sweep's mean times and scores: of all inputs, and of resampled ones for the intervals.
// SBS is each fold's; the cheapest and the most expensive model are those of all inputs.
class FrontierReader {
 public:
  FrontierReader(const Table& table, std::span<const Fold> folds, const EvaluateOptions& options);
  // Fills all but name and points.
  void read(const Sweep& sweep, Frontier& frontier) const;

 private:
  std::vector<std::vector<double>>
      marks_;  // score or time of what frontiers are read against, shape (n) each
  int resamples_;
  std::uint64_t seed_;
};

}  // namespace triage
