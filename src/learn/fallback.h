// What a premodel runs when it chooses nothing.
#pragma once

#include <span>
#include <vector>

#include "triage/learn.h"

namespace triage {

// The table's model that options.fallback says, "best" being the most accurate of the selected on the rows
// (ties: the cheaper by `costs`); kNoModel refuses. Throws kUsage.
[[nodiscard]] ModelIndex find_fallback(const Table& table, Rows rows, std::span<const ModelIndex> selected,
                                       std::span<const double> costs, const PremodelOptions& options);

// Its position among the policy's models, behind them when it is none of them.
[[nodiscard]] ModelIndex add_fallback(std::vector<ModelIndex>& models, ModelIndex fallback);

}  // namespace triage
