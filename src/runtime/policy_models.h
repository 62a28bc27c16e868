// Which of a zoo's models are those of a policy, run as they were when it was trained.
#pragma once

#include <string>
#include <vector>

#include "triage/policy_info.h"
#include "triage/runtime.h"

namespace triage {

// The zoo's model for each model of the policy: the one of that name. Throws kPolicy, in `owner`'s name,
// where there is none, where it is another network, and where it does not run here in the precision that it
// had; then the message names the nearest model that does.
[[nodiscard]] std::vector<ModelIndex> map_models(const PolicyInfo& policy, Runtime& runtime,
                                                 const std::string& owner);

// Whether `found`, run here, gives the outputs that the policy knows `wanted` by.
[[nodiscard]] bool runs_here_as(EngineSet& engines, const ModelSpec& found, const PolicyModel& wanted);

}  // namespace triage
