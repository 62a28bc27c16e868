// A label mapping as a profile stores it: JSON with the keys by, classes and examples.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "triage/tools/label_mapping.h"

namespace triage {

[[nodiscard]] std::string label_mapping_text(const LabelMapping& mapping);
// nullopt for a damaged text; warnings and notes are not stored.
[[nodiscard]] std::optional<LabelMapping> parse_label_mapping(std::string_view text);

}  // namespace triage
