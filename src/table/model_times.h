// What a policy keeps of a model's times.
#pragma once

#include <vector>

#include "triage/policy_info.h"

namespace triage {

// Mean and quantiles of the times, in milliseconds; there is one at least. Energy is left unknown.
[[nodiscard]] PolicyModel timed_model(ModelId id, std::vector<double> times);

}  // namespace triage
