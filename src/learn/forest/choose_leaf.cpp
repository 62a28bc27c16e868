#include "learn/forest/choose_leaf.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "learn/forest/row_sample.h"
#include "stats/paired_lead.h"

namespace triage {
namespace {

constexpr std::size_t kSearchRowsOfLeaves = 6'000;
constexpr std::size_t kShareOfTrees = 4;
constexpr std::size_t kLeavesAtLeast = 10;  // so many of them in the rows, or the candidate is left out

}  // namespace

std::size_t choose_leaf_rows(const ForestData& data, const ForestOptions& options,
                             std::span<const double> prices, const std::stop_token& stop) {
  if (options.is_time) return kLeafRows.front();
  const RowSample sample(data, kSearchRowsOfLeaves, options.seed);
  const ForestData rows = sample.data();
  ForestOptions small = options;
  small.trees = std::max<std::size_t>(1, options.trees / kShareOfTrees);
  if (!every_model_ran(rows)) return kLeafRows.front();
  std::vector<double> best;
  std::size_t chosen = kLeafRows.front();
  for (const std::size_t leaf_rows : kLeafRows) {
    if (leaf_rows > 1 && rows.losses.size() / rows.m < leaf_rows * kLeavesAtLeast) break;
    small.leaf_rows = leaf_rows;
    auto worth = unseen_worths(rows, train_forests(rows, small, stop).out_of_bag, prices);
    if (!best.empty() && paired_lead(best, worth) < 1) continue;
    best = std::move(worth);
    chosen = leaf_rows;
  }
  return chosen;
}

}  // namespace triage
