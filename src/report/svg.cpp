#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace triage {
namespace {

constexpr double kMarkPx = 5.5;  // half the size of a mark

Box label_box(const PlacedLabel& place, double width, double font_px) {
  const double left = place.anchor == "start" ? place.x
                      : place.anchor == "end" ? place.x - width
                                              : place.x - width / 2;
  return {left, place.y - font_px * 0.62, left + width, place.y + font_px * 0.62};
}

// Places around a point, the best first; the later ones are farther away.
std::vector<PlacedLabel> candidates(const PointLabel& label) {
  std::vector<PlacedLabel> out;
  for (const double gap : {10.0, 16.0, 26.0, 38.0, 52.0, 68.0}) {
    const bool leader = gap > 16;
    const double diagonal = gap * 0.8;
    out.push_back({label.x + gap, label.y, "start", leader});
    out.push_back({label.x - gap, label.y, "end", leader});
    out.push_back({label.x, label.y - gap - 4, "middle", leader});
    out.push_back({label.x, label.y + gap + 4, "middle", leader});
    out.push_back({label.x + diagonal, label.y + diagonal, "start", leader});
    out.push_back({label.x + diagonal, label.y - diagonal, "start", leader});
    out.push_back({label.x - diagonal, label.y - diagonal, "end", leader});
    out.push_back({label.x - diagonal, label.y + diagonal, "end", leader});
  }
  return out;
}

bool is_inside(const Box& box, const Box& frame) {
  return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top &&
         box.bottom <= frame.bottom;
}

double covered_area(const Box& box, const std::vector<Box>& others) {
  double area = 0;
  for (const Box& other : others) {
    const double width = std::min(box.right, other.right) - std::max(box.left, other.left);
    const double height = std::min(box.bottom, other.bottom) - std::max(box.top, other.top);
    if (width > 0 && height > 0) area += width * height;
  }
  return area;
}

std::string polygon(std::initializer_list<std::pair<double, double>> corners, double x, double y) {
  std::string out;
  for (const auto& [dx, dy] : corners) {
    out += fmt::format("{}{},{}", out.empty() ? "" : " ", number(x + kMarkPx * dx), number(y + kMarkPx * dy));
  }
  return out;
}

// From a little below the least to a little above the greatest; never empty.
std::pair<double, double> padded_range(double low, double high) {
  const double pad = high > low ? 0.08 * (high - low) : std::max(1e-9, 0.05 * std::abs(high));
  return {low - pad, high + pad};
}

std::string star(double x, double y) {
  std::string out;
  for (int k = 0; k < 10; ++k) {
    const double angle = -1.5707963 + k * 0.62831853;
    const double radius = kMarkPx * (k % 2 == 0 ? 1.45 : 0.6);
    out += fmt::format("{}{},{}", k == 0 ? "" : " ", number(x + radius * std::cos(angle)),
                       number(y + radius * std::sin(angle)));
  }
  return out;
}

}  // namespace

double AxisScale::at(double value) const {
  const double share = log ? std::log(value / from) / std::log(to / from) : (value - from) / (to - from);
  return start + share * (end - start);
}

std::vector<double> linear_ticks(double from, double to, int wanted) {
  const double raw = (to - from) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= raw) step = factor * power;
  }
  std::vector<double> ticks;
  for (double k = std::ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k += 1)
    ticks.push_back(k * step + 0.0);  // not -0
  return ticks;
}

std::vector<double> log_ticks(double from, double to) {
  const bool dense = to / from < 30;
  std::vector<double> ticks;
  for (double power = std::floor(std::log10(from)); power <= std::log10(to); power += 1) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * std::pow(10.0, power);
      if ((factor == 1.0 || dense || to / from < 1000) && tick >= from && tick <= to) ticks.push_back(tick);
    }
  }
  return ticks;
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

double text_width(std::string_view text, double font_px) {
  return 0.58 * font_px * static_cast<double>(text.size());
}

std::vector<PlacedLabel> place_labels(const std::vector<PointLabel>& labels,
                                      const std::vector<Box>& obstacles, const Box& frame, double font_px) {
  std::vector<Box> taken = obstacles;
  std::vector<PlacedLabel> placed;
  for (const PointLabel& label : labels) {
    const double width = text_width(label.text, font_px);
    const auto places = candidates(label);
    // The first free place; failing that the one that covers least, which may be a piece of a line. Only
    // where none is inside the frame is a name cut off.
    const PlacedLabel* best = nullptr;
    double least = 0;
    for (const PlacedLabel& place : places) {
      const Box box = label_box(place, width, font_px);
      if (!is_inside(box, frame)) continue;
      const double covered = covered_area(box, taken);
      if (best != nullptr && covered >= least) continue;
      best = &place;
      least = covered;
      if (covered == 0) break;
    }
    placed.push_back(best != nullptr ? *best : places.front());
    taken.push_back(label_box(placed.back(), width, font_px));
  }
  return placed;
}

Markup mark(Mark shape, double x, double y, std::string_view css, std::string_view tip) {
  const std::string style = fmt::format("mark {}", css);
  const Markup title = element_text("title", {}, tip);
  const auto circle = [&](double radius) {
    return element("circle", {{"class", style}, {"cx", number(x)}, {"cy", number(y)}, {"r", number(radius)}},
                   title);
  };
  const auto shape_of = [&](const std::string& corners) {
    return element("polygon", {{"class", style}, {"points", corners}}, title);
  };
  switch (shape) {
    case Mark::kCircle:
      return circle(kMarkPx * 0.9);
    case Mark::kRing:
      return circle(kMarkPx * 1.8);
    case Mark::kSquare:
      return shape_of(polygon({{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}, x, y));
    case Mark::kDiamond:
      return shape_of(polygon({{0, -1.35}, {1.35, 0}, {0, 1.35}, {-1.35, 0}}, x, y));
    case Mark::kTriangle:
      return shape_of(polygon({{0, -1.25}, {1.2, 0.95}, {-1.2, 0.95}}, x, y));
    case Mark::kStar:
      return shape_of(star(x, y));
    case Mark::kCross:
      return shape_of(polygon({{-1.1, -0.6},
                               {-0.6, -1.1},
                               {0, -0.5},
                               {0.6, -1.1},
                               {1.1, -0.6},
                               {0.5, 0},
                               {1.1, 0.6},
                               {0.6, 1.1},
                               {0, 0.5},
                               {-0.6, 1.1},
                               {-1.1, 0.6},
                               {-0.5, 0}},
                              x, y));
  }
  return {};
}

Markup svg_line(double x1, double y1, double x2, double y2, std::string_view css) {
  return element("line", {{"class", std::string(css)},
                          {"x1", number(x1)},
                          {"y1", number(y1)},
                          {"x2", number(x2)},
                          {"y2", number(y2)}});
}

Markup svg_text(double x, double y, std::string_view plain, std::string_view css, std::string_view anchor) {
  return element_text("text",
                      {{"class", std::string(css)},
                       {"x", number(x)},
                       {"y", number(y)},
                       {"text-anchor", std::string(anchor)},
                       {"dominant-baseline", "central"}},
                      plain);
}

Markup svg_path(const std::vector<std::pair<double, double>>& points, std::string_view css) {
  std::string path;
  for (const auto& [x, y] : points) {
    path += fmt::format("{}{} {}", path.empty() ? "M" : " L", number(x), number(y));
  }
  return element("path", {{"class", std::string(css)}, {"d", path}});
}

Markup svg_area(const std::vector<std::pair<double, double>>& below,
                const std::vector<std::pair<double, double>>& above, std::string_view css) {
  std::vector<std::pair<double, double>> around = below;
  around.insert(around.end(), above.rbegin(), above.rend());
  return svg_path(around, css);
}

Panel line_panel(const LineSpec& line, double width) {
  auto values = line.points;
  std::erase_if(values, [](const auto& p) { return !std::isfinite(p.first) || !std::isfinite(p.second); });
  Panel panel;
  if (values.size() < 2) return panel;
  std::sort(values.begin(), values.end());
  const auto [least, greatest] = std::minmax_element(
      values.begin(), values.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto [y_from, y_to] = padded_range(least->second, greatest->second);
  constexpr double kHeight = 250, kLeft = 80, kTop = 26;
  const AxisScale x{values.front().first, values.back().first, kLeft + 12, width - 40, false};
  const AxisScale y{y_from, y_to, kHeight - 46, kTop, false};
  panel.height = kHeight;
  panel.drawing += svg_text(kLeft, 10, line.y_name, "axis");
  for (const double tick : linear_ticks(y_from, y_to, 5)) {
    panel.drawing += svg_line(kLeft, y.at(tick), width - 30, y.at(tick), "grid");
    panel.drawing += svg_text(kLeft - 8, y.at(tick), fmt::format("{:.5g}", tick), "tick", "end");
  }
  for (const double tick : linear_ticks(x.from, x.to, 12)) {
    panel.drawing += svg_text(x.at(tick), kHeight - 32, fmt::format("{:.5g}", tick), "tick", "middle");
  }
  panel.drawing += svg_text((kLeft + width) / 2, kHeight - 12, line.x_name, "axis", "middle");
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

Markup figure(const FigureSpec& spec) {
  const std::string title_id = spec.id + "-title", text_id = spec.id + "-text";
  const Markup svg = element("svg",
                             {{"viewBox", fmt::format("0 0 {} {}", number(spec.width), number(spec.height))},
                              {"role", "img"},
                              {"aria-labelledby", title_id + " " + text_id},
                              {"style", fmt::format("max-width:{}px", number(spec.width))}},
                             element_text("title", {{"id", title_id}}, spec.title) +
                                 element_text("desc", {{"id", text_id}}, spec.description) + spec.drawing);
  Markup inner = spec.legend;
  inner += element(
      "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", spec.title}}, svg);
  inner += element_text("figcaption", {}, spec.caption);
  if (!spec.table.empty()) {
    inner += element("details", {}, element_text("summary", {}, "Show the figures as a table") + spec.table);
  }
  return element("figure", {{"id", spec.id}}, inner);
}

}  // namespace triage
