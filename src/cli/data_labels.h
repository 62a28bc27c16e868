// How the labels of a data set became classes: said once, before work begins on them.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "triage/tools/dataset.h"

namespace triage::cli {

// --first-label 0 or 1.
void add_first_label_option(CLI::App& command, std::optional<Label>& first_label);
// Warnings, and what was left out or taken otherwise than as written, on stderr.
void warn_of_labels(const LabelMapping& mapping);
[[nodiscard]] nlohmann::json label_mapping_json(const LabelMapping& mapping);

}  // namespace triage::cli
