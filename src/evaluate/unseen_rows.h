// Which inputs of a table are new to a policy.
#pragma once

#include <cstdint>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/rows.h"

namespace triage {

// Rows that are not known to have been trained on.
[[nodiscard]] std::vector<std::uint32_t> unseen_rows(const Table& table, const TrainingFacts& training);
// One row of each picture and of each group: copies do not count as further inputs. The first of equal
// pictures, and of a group one drawn by a hash of the ids; in rising order.
[[nodiscard]] std::vector<std::uint32_t> distinct_rows(const Table& table, Rows rows);

}  // namespace triage
