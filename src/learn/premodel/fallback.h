// What a premodel runs when it chooses nothing.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "triage/tools/table.h"

namespace triage {

// Throws kUsage for what is neither "best" nor "refuse" nor a model of the table.
void check_fallback(const Table& table, std::string_view fallback);
// The table's model that `fallback` says: "best" is the most accurate of the selected by `scores` (ties: the
// cheaper by `costs`, then the earlier), both (m); "refuse" is kNoModel; else a model's name. Throws kUsage.
[[nodiscard]] ModelIndex find_fallback(const Table& table, std::span<const ModelIndex> selected,
                                       std::span<const double> scores, std::span<const double> costs,
                                       std::string_view fallback);

// The fallback's position among the policy's models; appended to them when it is not among them.
[[nodiscard]] ModelIndex add_fallback(std::vector<ModelIndex>& models, ModelIndex fallback);

}  // namespace triage
