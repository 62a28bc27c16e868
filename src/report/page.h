// The report's look, in one place.
#pragma once

#include <string>
#include <string_view>

#include "report/markup.h"

namespace triage {

// A whole page, without outside resources, around what stands in its body.
[[nodiscard]] std::string report_page(std::string_view title, std::string_view description,
                                      const Markup& body);

}  // namespace triage
