#include "serve/bearer_token.h"

#include "http/http_message.h"

namespace triage {

bool has_token(std::string_view authorization, std::span<const std::string> tokens) {
  constexpr std::string_view kScheme = "bearer ";
  const bool is_bearer = authorization.size() > kScheme.size() &&
                         equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme);
  const std::string_view given = is_bearer ? authorization.substr(kScheme.size()) : std::string_view();
  bool found = false;
  for (const std::string& token : tokens) {
    unsigned char difference = given.size() == token.size() ? 0 : 1;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const char letter = i < given.size() ? given[i] : '\0';
      difference = static_cast<unsigned char>(difference | (letter ^ token[i]));
    }
    found = (difference == 0 && !token.empty()) || found;
  }
  return found;
}

}  // namespace triage
