// How the labels of a data set became classes: said once, before work begins on them.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "triage/tools/dataset.h"

namespace triage::cli {

// --first-label 0 or 1.
void add_first_label_option(CLI::App& command, std::optional<Label>& first_label);
// Warnings, and what was left out or taken otherwise than as written, on stderr.
void warn_of_labels(const LabelMapping& mapping);
// Of the models, by name, that are right no more often than guessing, which is right `chance` of the time: a
// bad score usually means that labels and classes do not go together. No names, no warning.
void warn_of_chance(std::span<const std::string> names, std::size_t n_models, std::size_t n_inputs,
                    double chance);
[[nodiscard]] nlohmann::json label_mapping_json(const LabelMapping& mapping);

}  // namespace triage::cli
