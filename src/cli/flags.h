// The library knows no command line: its messages call an option by its field, and here that becomes a flag.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace triage::cli {

// `message` with every field named by its flag, such as max_latency_ms by --max-latency-ms: a word with an
// underscore, or one in backticks, that is an option of `app` or of any of its commands. All other words
// stay, and so do names in quotes and in paths.
[[nodiscard]] std::string with_flags(std::string_view message, const CLI::App& app);

}  // namespace triage::cli
