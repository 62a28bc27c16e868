// Draws curves over a logarithmic axis: a line for each name, with its range shaded.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "report/study_page.h"

namespace triage {
namespace {

constexpr double kHeight = 380, kLeft = 80, kTop = 30, kBottom = 330;

struct CurveDot {
  double x = 0, y = 0, low = 0, high = 0;
};
struct NamedCurve {
  std::string name;
  std::vector<CurveDot> dots;  // by rising x
};

// The classes of style.css for lines, areas and marks, by the place of the name.
std::string css_of(std::size_t place) {
  constexpr std::array<const char*, 8> kClasses{"subject", "single",   "control", "cascade",
                                                "vbs",     "adaptive", "other",   "premodel"};
  return kClasses[place % kClasses.size()];
}

std::vector<NamedCurve> read_curves(const Exhibit& exhibit, std::size_t value) {
  const ChartSpec& chart = exhibit.chart;
  std::vector<NamedCurve> curves;
  for (const auto& row : exhibit.data.rows) {
    const std::string name = cell_text(row[chart.by], exhibit.data.columns[chart.by]);
    auto curve =
        std::find_if(curves.begin(), curves.end(), [&](const NamedCurve& c) { return c.name == name; });
    if (curve == curves.end()) curve = curves.insert(curve, NamedCurve{name, {}});
    const CurveDot dot{cell_figure(row[chart.along]), cell_figure(row[chart.values[value]]),
                       cell_figure(row[chart.low[value]]), cell_figure(row[chart.high[value]])};
    if (dot.x > 0 && std::isfinite(dot.y)) curve->dots.push_back(dot);
  }
  for (NamedCurve& curve : curves) {
    std::sort(curve.dots.begin(), curve.dots.end(),
              [](const CurveDot& a, const CurveDot& b) { return a.x < b.x; });
  }
  return curves;
}

struct CurveAxes {
  AxisScale x, y;
};
CurveAxes curve_axes(std::span<const NamedCurve> curves, double width) {
  double left = kNotMeasured, right = kNotMeasured, low = kNotMeasured, high = kNotMeasured;
  for (const NamedCurve& curve : curves) {
    for (const CurveDot& dot : curve.dots) {
      left = std::fmin(left, dot.x);
      right = std::fmax(right, dot.x);
      low = std::fmin(low, std::fmin(dot.y, dot.low));
      high = std::fmax(high, std::fmax(dot.y, dot.high));
    }
  }
  const double pad = high > low ? 0.06 * (high - low) : 0.5;
  // A single x would be a scale without length.
  if (right <= left) right = 2 * left;
  return {{left, right, kLeft + 14, width - 40, true}, {low - pad, high + pad, kBottom, kTop, false}};
}

Markup draw_curve_grid(const Exhibit& exhibit, std::span<const NamedCurve> curves, std::size_t value,
                       const CurveAxes& axes, double width) {
  Markup out = svg_text(kLeft, 12, exhibit.data.columns[exhibit.chart.values[value]].name, "axis") +
               svg_text(width - 30, kBottom + 38,
                        exhibit.data.columns[exhibit.chart.along].name + " (logarithmic)", "axis", "end");
  for (const double tick : linear_ticks(axes.y.from, axes.y.to, 6)) {
    out += svg_line(kLeft, axes.y.at(tick), width - 30, axes.y.at(tick), "grid");
    out += svg_text(kLeft - 8, axes.y.at(tick), fmt::format("{:.5g}", tick), "tick", "end");
  }
  std::vector<double> xs;
  for (const NamedCurve& curve : curves) {
    for (const CurveDot& dot : curve.dots) xs.push_back(dot.x);
  }
  std::sort(xs.begin(), xs.end());
  xs.erase(std::unique(xs.begin(), xs.end()), xs.end());
  for (const double x : xs) {
    out += svg_line(axes.x.at(x), kTop, axes.x.at(x), kBottom, "grid");
    out += svg_text(axes.x.at(x), kBottom + 16, fmt::format("{:g}", x), "tick", "middle");
  }
  return out;
}

Markup draw_curve_range(const NamedCurve& curve, const CurveAxes& axes, const std::string& css) {
  std::vector<std::pair<double, double>> low, high;
  for (const CurveDot& dot : curve.dots) {
    if (!std::isfinite(dot.low) || !std::isfinite(dot.high)) continue;
    low.emplace_back(axes.x.at(dot.x), axes.y.at(dot.low));
    high.emplace_back(axes.x.at(dot.x), axes.y.at(dot.high));
  }
  return low.size() < 2 ? Markup{} : svg_area(low, high, "band " + css);
}

Markup draw_curve(const NamedCurve& curve, const CurveAxes& axes, const std::string& css) {
  std::vector<std::pair<double, double>> line;
  Markup dots;
  for (const CurveDot& dot : curve.dots) {
    line.emplace_back(axes.x.at(dot.x), axes.y.at(dot.y));
    dots +=
        mark(Mark::kCircle, axes.x.at(dot.x), axes.y.at(dot.y), css,
             fmt::format("{}, {:g}: {:.4g} [{:.4g}, {:.4g}]", curve.name, dot.x, dot.y, dot.low, dot.high));
  }
  return (line.size() < 2 ? Markup{} : svg_path(line, "line " + css)) + dots;
}

}  // namespace

Panel curves_panel(const Exhibit& exhibit, std::size_t value, double width) {
  const auto curves = read_curves(exhibit, value);
  if (std::all_of(curves.begin(), curves.end(), [](const NamedCurve& c) { return c.dots.empty(); }))
    return {};
  const CurveAxes axes = curve_axes(curves, width);
  Panel panel{draw_curve_grid(exhibit, curves, value, axes, width), kHeight};
  // The first on top of the others, and all lines on top of the areas.
  for (std::size_t c = curves.size(); c-- > 0;) {
    panel.drawing += draw_curve_range(curves[c], axes, css_of(c));
  }
  for (std::size_t c = curves.size(); c-- > 0;) panel.drawing += draw_curve(curves[c], axes, css_of(c));
  return panel;
}

Markup curves_legend(const Exhibit& exhibit) {
  Markup out;
  const auto curves = read_curves(exhibit, 0);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const Markup symbol = svg_line(0, 9, 18, 9, "line " + css_of(c));
    out += element(
        "span", {},
        element("svg", {{"viewBox", "0 0 18 18"}, {"aria-hidden", "true"}}, symbol) + text(curves[c].name));
  }
  return element("div", {{"class", "legend"}}, out);
}

}  // namespace triage
