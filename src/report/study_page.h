// Pieces of the study's page.
#pragma once

#include <string>

#include "report/markup.h"
#include "report/svg.h"
#include "triage/tools/report.h"

namespace triage {

// The panels of an exhibit's chart; empty for ChartSpec::kNone or fewer than two rows.
[[nodiscard]] Markup chart_panels(const Exhibit& exhibit);
// Those of ChartSpec::kCurves: one of its values, and what the colours stand for.
[[nodiscard]] Panel curves_panel(const Exhibit& exhibit, std::size_t value, double width);
[[nodiscard]] Markup curves_legend(const Exhibit& exhibit);
// A cell's figure; NaN for a text.
[[nodiscard]] double cell_figure(const Cell& cell);
// A cell as people read it: "-" for NaN.
[[nodiscard]] std::string cell_text(const Cell& cell, const Column& column);

}  // namespace triage
