// Who may ask: those that bring one of the server's tokens.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace triage {

// Whether an authorization, "Bearer TOKEN", names one of the tokens, in a time that does not depend on how
// much of it is right.
[[nodiscard]] bool has_token(std::string_view authorization, std::span<const std::string> tokens);

}  // namespace triage
