// Pieces of the study's page.
#pragma once

#include <string>

#include "report/markup.h"
#include "triage/tools/report.h"

namespace triage {

// The panels of an exhibit's chart; empty for ChartSpec::kNone or fewer than two rows.
[[nodiscard]] Markup chart_panels(const Exhibit& exhibit);
// A cell as people read it: "-" for NaN.
[[nodiscard]] std::string cell_text(const Cell& cell, const Column& column);

}  // namespace triage
