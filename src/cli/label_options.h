// `--labels from:MODEL`: a model's answers as labels, for those who have none.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "triage/tools/table.h"

namespace triage::cli {

// The model that "from:MODEL" names; empty when `text` is something else. Throws kUsage for a missing name.
[[nodiscard]] std::string labels_model(std::string_view text);

// Adds `--labels from:MODEL` to a command that reads profiles.
void add_labels_option(CLI::App& command, std::string& labels);

// load_table, with the labels that the option asks for; empty: those that the profiles have. Throws kUsage
// for anything but from:MODEL of a model that is there, kProfile where there are inputs without a label.
[[nodiscard]] Table load_labelled_table(std::span<const std::filesystem::path> profiles,
                                        const std::string& labels);

}  // namespace triage::cli
