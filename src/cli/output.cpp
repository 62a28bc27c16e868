// What reaches the terminal: text from files and arguments made harmless, JSON as one document.
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "triage/error.h"

namespace triage::cli {
namespace {

namespace fs = std::filesystem;

bool is_database(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  constexpr std::string_view kMagic = "SQLite format 3";
  std::string start(kMagic.size(), '\0');
  std::ifstream(path, std::ios::binary).read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == kMagic;
}

}  // namespace

CLI::Validator not_negative() {
  return {[](std::string& text) {
            if (text.starts_with('-')) return fmt::format("{}, expected 0 or more", text);
            std::uint64_t value = 0;
            const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
            return read.ec == std::errc::result_out_of_range
                       ? fmt::format("{}, expected at most {}", text, UINT64_MAX)
                       : std::string();
          },
          "", "0 or more"};
}

void check_outputs(std::span<const std::string> outputs, std::span<const std::string> inputs) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code error;
    return fs::equivalent(a, b, error) ||
           fs::absolute(a).lexically_normal() == fs::absolute(b).lexically_normal();
  };
  const auto refuse = [](const std::string& output, std::string_view what) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: {}, expected an output of its own; choose another name", output, what));
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    for (const std::string& input : inputs) {
      if (same(outputs[i], input)) refuse(outputs[i], "is also an input");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!outputs[j].empty() && same(outputs[i], outputs[j])) refuse(outputs[i], "is named for two outputs");
    }
    if (is_database(outputs[i])) refuse(outputs[i], "is a profile");
  }
}

void throw_if_stopped(const Session& session, std::string_view command) {
  if (!session.stop) return;
  throw Error(ErrorCode::kInterrupted,
              fmt::format("{}: stopped, expected to run to the end; start it again", command));
}

void print_json(const nlohmann::json& document) {
  using Json = nlohmann::json;
  fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace triage::cli
