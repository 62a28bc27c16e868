// Reasons not to take a finished policy's figures on a table at face value: how it came about.
#pragma once

#include <vector>

#include "triage/policy.h"
#include "triage/tools/table.h"
#include "triage/tools/warning.h"

namespace triage {

// That it was trained for another criterion, with other labels, or with times of another machine.
void add_origin_warnings(const Table& table, const Policy& policy, MethodId method, Criterion criterion,
                         std::vector<Warning>& warnings);

}  // namespace triage
