// Whether a policy's features are this build's.
#pragma once

#include <string_view>

#include "triage/types.h"

namespace triage {

// Throws kPolicy, naming `owner`, when this build lacks one of the features or has another version of it.
void check_schema(const FeatureSchema& schema, std::string_view owner);

}  // namespace triage
