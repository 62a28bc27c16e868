// Draws a data table: a panel for each value column.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/phrases.h"
#include "report/study_page.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000;
constexpr double kRow = 26;
constexpr double kBar = 16;
constexpr double kFontPx = 13;

Panel draw_bars(const DataTable& data, std::size_t along, std::size_t column) {
  double left = 80, maximum = 0;
  for (const auto& row : data.rows) {
    left =
        std::max(left, std::min(360.0, text_width(cell_text(row[along], data.columns[along]), kFontPx) + 16));
    if (std::isfinite(cell_figure(row[column]))) maximum = std::max(maximum, cell_figure(row[column]));
  }
  const AxisScale x{0, maximum > 0 ? maximum : 1, left, kWidth - 120, false};
  Panel panel;
  panel.drawing += svg_text(left, 12, data.columns[column].name, "axis");
  for (std::size_t r = 0; r < data.rows.size(); ++r) {
    const double y = 24 + kRow * static_cast<double>(r), middle = y + kBar / 2;
    const double value = cell_figure(data.rows[r][column]);
    const std::string name = cell_text(data.rows[r][along], data.columns[along]);
    const std::string figure = cell_text(data.rows[r][column], data.columns[column]);
    panel.drawing += svg_text(left - 10, middle, name, "", "end");
    if (std::isfinite(value)) {
      panel.drawing += element("rect",
                               {{"class", "bar"},
                                {"x", number(left)},
                                {"y", number(y)},
                                {"rx", "2"},
                                {"width", number(std::max(1.0, x.at(std::max(0.0, value)) - left))},
                                {"height", number(kBar)}},
                               element_text("title", {}, name + ": " + figure));
    }
    panel.drawing +=
        svg_text((std::isfinite(value) ? x.at(std::max(0.0, value)) : left) + 8, middle, figure, "tick");
  }
  panel.height = 24 + kRow * static_cast<double>(data.rows.size()) + 8;
  return panel;
}

Panel draw_line(const DataTable& data, std::size_t along, std::size_t column) {
  LineSpec line;
  line.x_name = data.columns[along].name;
  line.y_name = data.columns[column].name;
  for (const auto& row : data.rows)
    line.points.emplace_back(cell_figure(row[along]), cell_figure(row[column]));
  return line_panel(line, kWidth);
}

Panel draw_value(const Exhibit& exhibit, std::size_t value) {
  const ChartSpec& chart = exhibit.chart;
  switch (chart.kind) {
    case ChartSpec::Kind::kBars:
      return draw_bars(exhibit.data, chart.along, chart.values[value]);
    case ChartSpec::Kind::kLines:
      return draw_line(exhibit.data, chart.along, chart.values[value]);
    case ChartSpec::Kind::kCurves:
      return curves_panel(exhibit, value, kWidth);
    case ChartSpec::Kind::kNone:
      break;
  }
  return {};
}

TableSpec table_spec(const Exhibit& exhibit) {
  TableSpec spec;
  spec.caption = exhibit.title;
  for (const Column& column : exhibit.data.columns) spec.head.push_back(column.name);
  for (const auto& row : exhibit.data.rows) {
    std::vector<std::string> cells;
    for (std::size_t c = 0; c < row.size(); ++c) {
      cells.push_back(cell_text(row[c], exhibit.data.columns[c]));
      const bool is_text = std::holds_alternative<std::string>(row[c]);
      if (is_text &&
          std::find(spec.text_columns.begin(), spec.text_columns.end(), c) == spec.text_columns.end()) {
        spec.text_columns.push_back(c);
      }
    }
    spec.rows.push_back(std::move(cells));
  }
  return spec;
}

}  // namespace

double cell_figure(const Cell& cell) {
  const double* value = std::get_if<double>(&cell);
  return value != nullptr ? *value : kNotMeasured;
}

std::string cell_text(const Cell& cell, const Column& column) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const double value = std::get<double>(cell);
  if (!std::isfinite(value)) return kNoFigure;
  return fmt::format("{:.{}f}", value, column.digits);
}

Markup chart_panels(const Exhibit& exhibit) {
  const Markup table = html_table(table_spec(exhibit));
  if (exhibit.chart.kind == ChartSpec::Kind::kNone) return table;
  FigureSpec spec;
  spec.id = exhibit.id + "-chart";
  spec.title = exhibit.title;
  spec.description = exhibit.ours;
  spec.caption = exhibit.about;
  spec.width = kWidth;
  if (exhibit.chart.kind == ChartSpec::Kind::kCurves) spec.legend = curves_legend(exhibit);
  for (std::size_t value = 0; value < exhibit.chart.values.size(); ++value) {
    const Panel panel = draw_value(exhibit, value);
    spec.drawing +=
        element("g", {{"transform", fmt::format("translate(0 {})", number(spec.height))}}, panel.drawing);
    spec.height += panel.height + 10;
  }
  spec.table = table;
  return figure(spec);
}

}  // namespace triage
