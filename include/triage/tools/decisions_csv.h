// What a policy decides on each input of a table, as CSV for other programs (docs/tables.md).
#pragma once

#include <string>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/request.h"
#include "triage/tools/rows.h"

namespace triage {

// A line for each row: id, looks (how many models ran), models (their names in their order, between them
// " > "), answer (a class; empty where there is none), score (as Terms reads it, 0 to 1 where that is in
// percent), cost (with that of features and decisions), trained (1 where the policy was trained on it).
// Throws kUsage as check_request does, kPolicy where the policy does not fit the table.
[[nodiscard]] std::string decisions_csv(const Table& table, Rows rows, const Policy& policy,
                                        const Clock& clock, const Request& request = {});

}  // namespace triage
