// The report's look, in one place.
#pragma once

#include <string>
#include <string_view>

#include "report/markup.h"

namespace triage {

// Of style.css; its colours follow Okabe and Ito's palette, which readers with any colour vision can tell
// apart, and every mark also has a shape of its own.
extern const std::string_view kReportStyle;

// A whole page, without outside resources, around what stands in its body.
[[nodiscard]] std::string report_page(std::string_view title, std::string_view description,
                                      const Markup& body);

}  // namespace triage
