// Which inputs of a table are new to a policy.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/adaptive_policy.h"
#include "triage/tools/rows.h"

namespace triage {

// Rows on which the policy was not trained.
[[nodiscard]] std::vector<std::uint32_t> unseen_rows(const Table& table, const Adaptive& policy);
// The first row of each picture: copies are no further inputs.
[[nodiscard]] std::vector<std::uint32_t> distinct_rows(const Table& table, Rows rows);

}  // namespace triage
