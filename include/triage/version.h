// The version of the library. The build reads it here.
#pragma once

#include <string_view>

#define TRIAGE_VERSION_MAJOR 0
#define TRIAGE_VERSION_MINOR 1
#define TRIAGE_VERSION_PATCH 0

namespace triage {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace triage
