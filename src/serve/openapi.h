// The description of the HTTP interface (OpenAPI 3), as /openapi.json gives it.
#pragma once

#include <string_view>

namespace triage {

extern const std::string_view kOpenApi;  // of openapi.json

}  // namespace triage
