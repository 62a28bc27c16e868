// The report's main figure: score against mean time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/svg.h"
#include "report/text_layout.h"
#include "stats/hull.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kHeight = 520;
constexpr double kLeft = 58, kRight = 984, kTop = 18, kBottom = 468;
constexpr double kFont = 13;

struct Style {
  Mark mark;
  const char* css;
  const char* legend;
};

Style style_of(MethodKind kind) {
  switch (kind) {
    case MethodKind::kSingle:
      return {Mark::kCircle, "single", "single model"};
    case MethodKind::kSbs:
      return {Mark::kRing, "sbs", "SBS, single best model"};
    case MethodKind::kCheapestEqual:
      return {Mark::kRing, "sbs", "cheapest equal model"};
    case MethodKind::kVbs:
      return {Mark::kStar, "vbs", "VBS, the oracle"};
    case MethodKind::kRandom:
      return {Mark::kCross, "random", "random choice"};
    case MethodKind::kBound:
      return {Mark::kStar, "bound", "perfect chain"};
    case MethodKind::kPremodel:
      return {Mark::kDiamond, "premodel", "premodel"};
    case MethodKind::kShuffled:
    case MethodKind::kMajority:
    case MethodKind::kFirstModel:
      return {Mark::kTriangle, "control", "control of the premodel"};
    case MethodKind::kCascade:
      return {Mark::kSquare, "cascade", "cascade"};
    case MethodKind::kExactCascade:
    case MethodKind::kCascadeRouting:
    case MethodKind::kLearner:
      return {Mark::kSquare, "rival", "rival, to be beaten"};
    case MethodKind::kForests:
      return {Mark::kDiamond, "other", "forests"};
    case MethodKind::kLadder:
      return {Mark::kSquare, "adaptive", "ladder"};
    case MethodKind::kAdaptive:
      return {Mark::kSquare, "adaptive", "adaptive"};
    case MethodKind::kAuto:
      return {Mark::kRing, "auto", "auto, what training chooses"};
    case MethodKind::kPolicy:
      return {Mark::kSquare, "policy", "policy"};
  }
  return {Mark::kSquare, "policy", "policy"};
}

// Only what is not dominated: the line that a user can choose from.
std::vector<FrontierPoint> undominated(std::vector<FrontierPoint> points) {
  std::stable_sort(points.begin(), points.end(), [](const FrontierPoint& a, const FrontierPoint& b) {
    return a.ms != b.ms ? a.ms < b.ms : a.score > b.score;
  });
  keep_undominated(points, [](const FrontierPoint& point) { return point.score; });
  return points;
}

struct ScatterAxes {
  AxisScale x, y;
};

ScatterAxes make_axes(const Evaluation& evaluation) {
  double low_ms = kNotMeasured, high_ms = kNotMeasured, low = kNotMeasured, high = kNotMeasured;
  const auto include = [&](double ms, double score) {
    if (ms > 0) {
      low_ms = std::fmin(low_ms, ms);
      high_ms = std::fmax(high_ms, ms);
    }
    low = std::fmin(low, score);
    high = std::fmax(high, score);
  };
  for (const Method& m : evaluation.methods) include(m.pooled.mean_ms, m.pooled.score);
  const double pad = std::max(0.004, 0.06 * (high - low));
  if (!(low_ms > 0)) low_ms = high_ms = 1;
  return {{low_ms / 1.35, high_ms * 1.5, kLeft, kRight, true},
          {std::max(0.0, low - pad), std::min(1.0 + pad / 2, high + pad), kBottom, kTop, false}};
}

Markup draw_grid(const ScatterAxes& axes, const Evaluation& evaluation) {
  Markup out;
  const ScoreWords words = words_of(evaluation);
  const int digits = axes.y.to - axes.y.from < 0.04 ? 1 : 0;
  for (const WordedTick& tick : score_ticks(words, axes.y.from, std::min(1.0, axes.y.to), 6, digits)) {
    out += svg_line(kLeft, axes.y.at(tick.at), kRight, axes.y.at(tick.at), "grid");
    out += svg_text(kLeft - 8, axes.y.at(tick.at), tick.text, "tick", "end");
  }
  for (const double tick : log_ticks(axes.x.from, axes.x.to)) {
    out += svg_line(axes.x.at(tick), kTop, axes.x.at(tick), kBottom, "grid");
    out += svg_text(axes.x.at(tick), kBottom + 16, words.cost_tick(tick), "tick", "middle");
  }
  out += svg_line(kLeft, kBottom, kRight, kBottom, "base");
  out += svg_text(kRight, kBottom + 38, cost_axis(words), "axis", "end");
  const std::string score = evaluation.labels_from.empty() ? score_phrase(evaluation) : words.name();
  out += svg_text(kLeft + 6, kTop + 8, score + comma(words.terms().score_unit), "axis halo");
  return out;
}

std::vector<std::pair<double, double>> pixels(const ScatterAxes& axes,
                                              const std::vector<FrontierPoint>& points) {
  std::vector<std::pair<double, double>> out;
  for (const FrontierPoint& p : points) {
    if (p.ms >= axes.x.from && p.ms <= axes.x.to && p.score >= axes.y.from) {
      out.emplace_back(axes.x.at(p.ms), axes.y.at(p.score));
    }
  }
  return out;
}

// Methods that lie on (nearly) the same spot share a label.
struct Group {
  double x = 0, y = 0;
  std::vector<std::string> names;
  bool strong = false;
  bool ringed = false;
};

std::vector<Group> group_points(const Evaluation& evaluation, const ScatterAxes& axes) {
  std::vector<Group> groups;
  for (const Method& method : evaluation.methods) {
    if (!(method.pooled.mean_ms > 0)) continue;
    const double x = axes.x.at(method.pooled.mean_ms), y = axes.y.at(method.pooled.score);
    const auto near = std::find_if(groups.begin(), groups.end(),
                                   [&](const Group& g) { return std::hypot(g.x - x, g.y - y) < 5; });
    Group& group = near != groups.end() ? *near : groups.emplace_back(Group{x, y, {}, false, false});
    group.names.push_back(method_name(evaluation, method.id));
    group.ringed = group.ringed || method.id.kind == MethodKind::kSbs;
    group.strong = group.strong || method.id == evaluation.recommendation.method;
  }
  return groups;
}

std::string label_text(const Group& group) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, group.names.size()); ++i) {
    out += (i == 0 ? "" : " = ") + group.names[i];
  }
  if (group.names.size() > kShown) out += fmt::format(" +{}", group.names.size() - kShown);
  return out;
}

// Pieces of a line as obstacles, so that labels keep off it.
void add_line_boxes(const std::vector<std::pair<double, double>>& line, std::vector<Box>& boxes) {
  for (std::size_t i = 1; i < line.size(); ++i) {
    const auto [x1, y1] = line[i - 1];
    const auto [x2, y2] = line[i];
    const int pieces = std::max(1, static_cast<int>(std::hypot(x2 - x1, y2 - y1) / 6));
    for (int k = 0; k <= pieces; ++k) {
      const double x = x1 + (x2 - x1) * k / pieces, y = y1 + (y2 - y1) * k / pieces;
      boxes.push_back({x - 1.5, y - 1.5, x + 1.5, y + 1.5});
    }
  }
}

Markup draw_labels(std::vector<Group> groups,
                   const std::vector<std::vector<std::pair<double, double>>>& lines) {
  // The names that matter most choose their places first.
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.strong && !b.strong; });
  std::vector<Box> obstacles;
  std::vector<PointLabel> labels;
  for (const Group& group : groups) {
    const double half = group.ringed ? 11 : 7;
    obstacles.push_back({group.x - half, group.y - half, group.x + half, group.y + half});
    labels.push_back({group.x, group.y, label_text(group)});
  }
  obstacles.push_back({kLeft, kTop, kLeft + 110, kTop + 18});  // the axis' title
  for (const auto& line : lines) add_line_boxes(line, obstacles);
  const auto places = place_labels(labels, obstacles, {kLeft + 2, kTop, kRight, kBottom - 2}, kFont);
  Markup out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (places[i].leader) out += svg_line(groups[i].x, groups[i].y, places[i].x, places[i].y, "leader");
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    out += svg_text(places[i].x, places[i].y, labels[i].text, groups[i].strong ? "halo strong" : "halo",
                    places[i].anchor);
  }
  return out;
}

std::string tip(const Evaluation& evaluation, const Method& method) {
  const ScoreWords words = words_of(evaluation);
  const std::string& unit = words.terms().score_unit;
  return fmt::format("{}: {} {}{}{} at {}; {} against SBS", method_name(evaluation, method.id),
                     words.score(method.pooled.score), unit, unit.empty() ? "" : " ",
                     criterion_name(evaluation), words.cost_phrase(method.pooled.mean_ms),
                     words.gain_phrase(method.score_gain));
}

// The scores' intervals along a frontier.
Markup draw_band(const ScatterAxes& axes, const std::vector<FrontierPoint>& points, const std::string& css) {
  std::vector<std::pair<double, double>> low, high;
  for (const FrontierPoint& p : points) {
    const bool is_shown = p.ms >= axes.x.from && p.ms <= axes.x.to && p.score >= axes.y.from;
    if (!is_shown || !std::isfinite(p.score_interval.low)) continue;
    low.emplace_back(axes.x.at(p.ms), axes.y.at(std::max(p.score_interval.low, axes.y.from)));
    high.emplace_back(axes.x.at(p.ms), axes.y.at(std::min(p.score_interval.high, axes.y.to)));
  }
  return low.size() < 2 ? Markup{} : svg_area(low, high, "band " + css);
}

Markup draw_whiskers(const Evaluation& evaluation, const ScatterAxes& axes) {
  Markup out;
  for (const Method& method : evaluation.methods) {
    const Interval interval = method.score_interval;
    if (!(method.pooled.mean_ms > 0) || !std::isfinite(interval.low)) continue;
    const double x = axes.x.at(method.pooled.mean_ms);
    out += svg_line(x, axes.y.at(std::max(interval.low, axes.y.from)), x,
                    axes.y.at(std::min(interval.high, axes.y.to)),
                    fmt::format("whisker {}", style_of(method.id.kind).css));
  }
  return out;
}

Markup draw_marks(const Evaluation& evaluation, const ScatterAxes& axes) {
  Markup out;
  for (const Method& method : evaluation.methods) {
    if (!(method.pooled.mean_ms > 0)) continue;
    const Style look = style_of(method.id.kind);
    out += mark(look.mark, axes.x.at(method.pooled.mean_ms), axes.y.at(method.pooled.score), look.css,
                tip(evaluation, method));
  }
  return out;
}

Markup key(const Markup& symbol, std::string_view name) {
  return element("span", {},
                 element("svg", {{"viewBox", "0 0 18 18"}, {"aria-hidden", "true"}}, symbol) + text(name));
}

Markup draw_legend(const Evaluation& evaluation) {
  std::vector<std::string> seen;
  Markup out;
  for (const Method& method : evaluation.methods) {
    const Style look = style_of(method.id.kind);
    if (std::find(seen.begin(), seen.end(), look.legend) != seen.end()) continue;
    seen.emplace_back(look.legend);
    out += key(mark(look.mark, 9, 9, look.css, look.legend), look.legend);
  }
  for (const Frontier& frontier : evaluation.frontiers) {
    out += key(svg_line(0, 9, 18, 9, "line " + frontier_css(frontier)),
               frontier_name(frontier) + ", all settings");
  }
  out += key(svg_line(0, 9, 18, 9, "router"), "zero router: two single models mixed at random");
  return element("div", {{"class", "legend"}}, out);
}

Markup points_table(const Evaluation& evaluation) {
  TableSpec table;
  const ScoreWords words = words_of(evaluation);
  table.caption =
      fmt::format("Score and mean {} of every method and of the frontier's points", words.cost_noun());
  const bool with_ranges = evaluation.resamples > 0;
  const auto add = [&](std::string name, double score, Interval interval, double ms) {
    table.rows.push_back({std::move(name), words.score(score)});
    if (with_ranges) table.rows.back().push_back(words.score_range(interval, 2));
    table.rows.back().push_back(words.cost(ms));
  };
  table.head = {"method", words.is_named() ? words.head() : criterion_name(evaluation) + " %",
                "mean " + words.cost_unit()};
  if (with_ranges) table.head.insert(table.head.end() - 1, "95 %");
  for (const Method& m : evaluation.methods) {
    add(method_name(evaluation, m.id), m.pooled.score, m.score_interval, m.pooled.mean_ms);
  }
  for (const Frontier& frontier : evaluation.frontiers) {
    for (const FrontierPoint& p : undominated(frontier.points)) {
      add(fmt::format("{} at {:.3g} per {}", frontier_name(frontier), p.price, words.cost_unit()), p.score,
          p.score_interval, p.ms);
    }
  }
  return html_table(table);
}

}  // namespace

std::string frontier_css(const Frontier& frontier) {
  if (frontier.method == MethodId{MethodKind::kAdaptive} ||
      frontier.method == MethodId{MethodKind::kLadder}) {
    return "adaptive";
  }
  return frontier.method == MethodId{MethodKind::kCascade} ? "cascade" : "other";
}

std::string method_css(MethodId method) {
  constexpr std::array<const char*, 5> kPolicies{"adaptive", "cascade", "premodel", "other", "control"};
  if (method.kind == MethodKind::kSbs) return "single";
  if (method.kind != MethodKind::kPolicy) return style_of(method.kind).css;
  return kPolicies[static_cast<std::size_t>(method.index) % kPolicies.size()];
}

Markup scatter_figure(const Evaluation& evaluation) {
  const ScatterAxes axes = make_axes(evaluation);
  const auto router = pixels(axes, evaluation.zero_router.points);
  std::vector<std::vector<std::pair<double, double>>> lines{router};
  FigureSpec spec;
  spec.id = "scatter";
  const std::string time = words_of(evaluation).cost_noun();
  spec.title = "Score against " + time;
  spec.description = fmt::format(
      "Each mark is a method by its mean {} per input, on a logarithmic axis, and its score. "
      "Up and to the left is better.",
      time);
  spec.width = kWidth;
  spec.height = kHeight;
  spec.drawing = draw_grid(axes, evaluation);
  spec.drawing += svg_path(router, "router");
  for (const Frontier& frontier : evaluation.frontiers) {
    const auto shown = undominated(frontier.points);
    lines.push_back(pixels(axes, shown));
    spec.drawing += draw_band(axes, shown, frontier_css(frontier));
  }
  for (std::size_t f = 0; f < evaluation.frontiers.size(); ++f) {
    spec.drawing += svg_path(lines[f + 1], "line " + frontier_css(evaluation.frontiers[f]));
  }
  spec.drawing += draw_whiskers(evaluation, axes) + draw_marks(evaluation, axes);
  spec.drawing += draw_labels(group_points(evaluation, axes), lines);
  spec.legend = draw_legend(evaluation);
  spec.caption =
      "Up and to the left is better. " +
      std::string(evaluation.imported
                      ? ""
                      : "Time is what the user waits: selection, preprocessing and inference. ") +
      "A selector has to end above the dashed line, which needs no input to be looked at. " +
      interval_note(evaluation,
                    "Whiskers and shades are 95 % intervals of a score on its own; those that are not seen "
                    "are smaller than the mark. Differences between methods are known better than that, "
                    "since all saw the same inputs: see the tables.");
  spec.table = points_table(evaluation);
  return figure(spec);
}

}  // namespace triage
