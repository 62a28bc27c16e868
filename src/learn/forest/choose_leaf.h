// How many rows leaves of the seven forests should have at least.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <stop_token>

#include "learn/forest/forest.h"

namespace triage {

// Scores that are right or wrong vary from row to row as features cannot tell, and leaves of one row take
// that for knowledge.
inline constexpr std::array<std::size_t, 5> kLeafRows{1, 5, 20, 50, 150};

// Of kLeafRows the one by which small forests, of a quarter of the trees on at most 6,000 of the rows, choose
// best on rows that their trees did not see, on the mean over the prices of score less price times cost: 1
// unless a larger one is better by at least one standard error of the difference, and 1 for run times, which
// vary less. `prices` has at least one; costs are those of the data, none: 0.
[[nodiscard]] std::size_t choose_leaf_rows(const ForestData& data, const ForestOptions& options,
                                           std::span<const double> prices, const std::stop_token& stop);

}  // namespace triage
