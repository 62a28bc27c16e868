// Methods side by side, by class and by difficulty.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "evaluate/baselines.h"

namespace triage {

// 1 less the mean over the models of the probability given to the label, shape (n); empty where some model
// has no outputs at all.
[[nodiscard]] std::vector<double> difficulties(const Table& table);

// `entries` are shown in this order; `subject` is one of them.
[[nodiscard]] Breakdown break_down(const Table& table, std::span<const Entry* const> entries,
                                   std::size_t subject, Criterion criterion);

}  // namespace triage
