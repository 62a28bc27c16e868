// What reaches the terminal: text from files and arguments made harmless, JSON as one document.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/cli.h"

namespace triage::cli {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

void print_json(const nlohmann::json& document) {
  using Json = nlohmann::json;
  fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace triage::cli
