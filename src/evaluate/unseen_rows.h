// Which inputs of a table are new to a policy.
#pragma once

#include <cstdint>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/rows.h"

namespace triage {

// Rows that are not known to have been trained on.
[[nodiscard]] std::vector<std::uint32_t> unseen_rows(const Table& table, const TrainingFacts& training);
// The first row of each picture: copies do not count as further inputs.
[[nodiscard]] std::vector<std::uint32_t> distinct_rows(const Table& table, Rows rows);

}  // namespace triage
