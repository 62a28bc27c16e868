// The page at /classify: a field for a picture, and what the policy made of it. No script.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "triage/tools/result_json.h"

namespace triage {

// The field alone; a policy on rows has none.
[[nodiscard]] std::string classify_page(std::string_view policy, bool takes_images);
// With the picture, its classes and the looks that were taken. `result` has its trace.
[[nodiscard]] std::string classify_page(std::string_view policy, const Classifier& classifier,
                                        const ShownResult& shown, std::span<const std::uint8_t> picture);
[[nodiscard]] std::string failure_page(std::string_view message);

}  // namespace triage
