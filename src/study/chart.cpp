// Draws a data table: a panel for each value column.
#include "eval/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eval/words.h"
#include "study/page.h"

namespace triage {
namespace {

constexpr double kWidth = 1000;
constexpr double kRow = 26;
constexpr double kBar = 16;
constexpr double kFontPx = 13;

double figure_of(const Cell& cell) {
  const double* value = std::get_if<double>(&cell);
  return value != nullptr ? *value : kNotMeasured;
}

struct Panel {
  Markup drawing;
  double height = 0;
};

Panel draw_bars(const DataTable& data, std::size_t along, std::size_t column) {
  double left = 80, maximum = 0;
  for (const auto& row : data.rows) {
    left =
        std::max(left, std::min(360.0, text_width(cell_text(row[along], data.columns[along]), kFontPx) + 16));
    if (std::isfinite(figure_of(row[column]))) maximum = std::max(maximum, figure_of(row[column]));
  }
  const Scale x{0, maximum > 0 ? maximum : 1, left, kWidth - 120, false};
  Panel panel;
  panel.drawing += svg_text(left, 12, data.columns[column].name, "axis");
  for (std::size_t r = 0; r < data.rows.size(); ++r) {
    const double y = 24 + kRow * static_cast<double>(r), middle = y + kBar / 2;
    const double value = figure_of(data.rows[r][column]);
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

// From a little below the least to a little above the greatest; never empty.
std::pair<double, double> padded_range(double low, double high) {
  const double pad = high > low ? 0.08 * (high - low) : std::max(1e-9, 0.05 * std::abs(high));
  return {low - pad, high + pad};
}

Panel draw_line(const DataTable& data, std::size_t along, std::size_t column) {
  std::vector<std::pair<double, double>> values;
  for (const auto& row : data.rows) {
    const double x = figure_of(row[along]), y = figure_of(row[column]);
    if (std::isfinite(x) && std::isfinite(y)) values.emplace_back(x, y);
  }
  Panel panel;
  if (values.size() < 2) return panel;
  std::sort(values.begin(), values.end());
  const auto [least, greatest] = std::minmax_element(
      values.begin(), values.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto [y_from, y_to] = padded_range(least->second, greatest->second);
  constexpr double kHeight = 250, kLeft = 80, kTop = 26;
  const Scale x{values.front().first, values.back().first, kLeft + 12, kWidth - 40, false};
  const Scale y{y_from, y_to, kHeight - 46, kTop, false};
  panel.height = kHeight;
  panel.drawing += svg_text(kLeft, 10, data.columns[column].name, "axis");
  for (const double tick : linear_ticks(y_from, y_to, 5)) {
    panel.drawing += svg_line(kLeft, y.at(tick), kWidth - 30, y.at(tick), "grid");
    panel.drawing += svg_text(kLeft - 8, y.at(tick), fmt::format("{:.5g}", tick), "tick", "end");
  }
  for (const double tick : linear_ticks(x.from, x.to, 12)) {
    panel.drawing += svg_text(x.at(tick), kHeight - 32, fmt::format("{:.5g}", tick), "tick", "middle");
  }
  panel.drawing += svg_text((kLeft + kWidth) / 2, kHeight - 12, data.columns[along].name, "axis", "middle");
  std::vector<std::pair<double, double>> path;
  for (const auto& [vx, vy] : values) path.emplace_back(x.at(vx), y.at(vy));
  panel.drawing += svg_path(path, "frontier");
  if (values.size() <= 40) {
    for (const auto& [vx, vy] : values) {
      panel.drawing +=
          mark(Mark::kCircle, x.at(vx), y.at(vy), "cascade", fmt::format("{:.6g}: {:.6g}", vx, vy));
    }
  }
  return panel;
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
  for (const std::size_t column : exhibit.chart.values) {
    const Panel panel = exhibit.chart.kind == ChartSpec::Kind::kBars
                            ? draw_bars(exhibit.data, exhibit.chart.along, column)
                            : draw_line(exhibit.data, exhibit.chart.along, column);
    spec.drawing +=
        element("g", {{"transform", fmt::format("translate(0 {})", number(spec.height))}}, panel.drawing);
    spec.height += panel.height + 10;
  }
  spec.table = table;
  return figure(spec);
}

}  // namespace triage
