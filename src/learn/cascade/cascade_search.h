// Joint search of a cascade's order and thresholds over the rows of a table.
//
// For an ordered list (a, b, c) what happens to an input depends only on which thresholds its confidences in
// a and b reach. So each list is counted once into a 2-D histogram of those two, and prefix sums then give
// score and cost of every pair of thresholds: O(n + t^2) a list instead of O(n t^2).
#pragma once

#include <array>
#include <vector>

#include "triage/tools/learn.h"

namespace triage {

inline constexpr int kMaxStages = 3;

// One cascade and what it reaches on the rows that it was searched on.
struct CascadePoint {
  double score = 0;  // mean
  double cost = 0;   // mean: preprocessing once a recipe, inference of every look
  int n_stages = 0;
  std::array<ModelIndex, kMaxStages> models{};      // in the table, by rising mean cost
  std::array<double, kMaxStages - 1> thresholds{};  // of all stages but the last
};

// All lists of options.min_stages to options.max_stages models by rising mean cost x options.thresholds
// quantiles of each stage's confidence; of these the lower-left frontier: rising cost, strictly rising score.
// Never empty. Throws kUsage.
[[nodiscard]] std::vector<CascadePoint> search_cascades(const Table& table, Rows rows,
                                                        const LearnOptions& learn,
                                                        const CascadeOptions& options);

// The cheapest point whose score is at least `score`; the last when none is. The frontier is not empty.
[[nodiscard]] const CascadePoint& cheapest_reaching(const std::vector<CascadePoint>& frontier, double score);
// The point with the most score - price * cost (ties: cheaper).
[[nodiscard]] const CascadePoint& best_at_price(const std::vector<CascadePoint>& frontier, double price);

}  // namespace triage
