// The report's figure of scores above the zero router: a panel a frontier, with its simultaneous band.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/sentences.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kLeft = 58, kRight = 984, kTop = 10;
constexpr double kPanel = 150, kGap = 34;

struct BandAxes {
  AxisScale x, y;  // y in pixels below a panel's top
};

BandAxes make_axes(const Evaluation& evaluation) {
  double low_ms = kNotMeasured, high_ms = kNotMeasured, low = 0, high = 0;
  for (const Frontier& frontier : evaluation.frontiers) {
    for (const FrontierPoint& p : frontier.points) {
      if (!(p.ms > 0)) continue;
      low_ms = std::fmin(low_ms, p.ms);
      high_ms = std::fmax(high_ms, p.ms);
      low = std::min({low, p.above_router.value, low_end(p.above_router)});
      high = std::max({high, p.above_router.value, high_end(p.above_router)});
    }
  }
  if (const double sbs = evaluation.find({MethodKind::kSbs})->pooled.mean_ms; sbs > 0) {
    low_ms = std::fmin(low_ms, sbs);
    high_ms = std::fmax(high_ms, sbs);
  }
  if (!(low_ms > 0)) low_ms = high_ms = 1;
  const double pad = std::max(0.001, 0.08 * (high - low));
  return {{low_ms / 1.1, high_ms * 1.1, kLeft, kRight, true}, {low - pad, high + pad, kPanel, 0, false}};
}

Markup draw_grid(const ScoreWords& words, const BandAxes& axes, double top, bool is_last) {
  Markup out;
  const int digits = axes.y.to - axes.y.from < 0.04 ? 1 : 0;
  for (const WordedTick& tick : gain_ticks(words, axes.y.from, axes.y.to, 4, digits)) {
    const double y = top + axes.y.at(tick.at);
    if (std::abs(tick.at) >= 1e-9) out += svg_line(kLeft, y, kRight, y, "grid");
    out += svg_text(kLeft - 8, y, tick.text, "tick", "end");
  }
  for (const double tick : log_ticks(axes.x.from, axes.x.to)) {
    const double x = axes.x.at(tick);
    out += svg_line(x, top, x, top + kPanel, "grid");
    if (is_last) out += svg_text(x, top + kPanel + 14, words.cost_tick(tick), "tick", "middle");
  }
  const double zero = top + axes.y.at(0);
  return out + svg_line(kLeft, zero, kRight, zero, "zero") +
         svg_text(kRight - 4, zero + 11, "zero router", "tick halo", "end");
}

// What the band says, beside the panel's name.
std::string summary(const ScoreWords& words, const Frontier& frontier) {
  const BandReading band = read_band(frontier);
  if (band.settings == 0) return "no band: the bootstrap was left out";
  const std::string below =
      band.below == 0 ? std::string("none") : fmt::format("{} ({})", band.below, by_how_much(band, words));
  return fmt::format("band wholly {} at {} of {} settings, wholly {} at {}",
                     words.less_is_better() ? "better" : "above zero", band.above, band.settings,
                     words.less_is_better() ? "worse" : "below", below);
}

Markup draw_panel(const Evaluation& evaluation, const Frontier& frontier, const BandAxes& axes, double top) {
  const std::string css = frontier_css(frontier);
  const ScoreWords words = words_of(evaluation);
  std::vector<std::pair<double, double>> line, low, high;
  Markup dots;
  for (const FrontierPoint& p : frontier.points) {
    if (!(p.ms > 0) || !std::isfinite(p.above_router.value)) continue;
    const double x = axes.x.at(p.ms);
    line.emplace_back(x, top + axes.y.at(p.above_router.value));
    low.emplace_back(x, top + axes.y.at(low_end(p.above_router)));
    high.emplace_back(x, top + axes.y.at(high_end(p.above_router)));
    dots += element("circle",
                    {{"class", css}, {"cx", number(x)}, {"cy", number(line.back().second)}, {"r", "2.4"}},
                    element_text("title", {},
                                 fmt::format("{}: {} at {}", frontier_name(frontier),
                                             words.gain_phrase(p.above_router), words.cost_phrase(p.ms))));
  }
  Markup out = svg_area(low, high, "band " + css) + svg_path(line, "line " + css) + dots;
  const double sbs = evaluation.find({MethodKind::kSbs})->pooled.mean_ms;
  if (sbs > axes.x.from && sbs < axes.x.to) {
    out += svg_line(axes.x.at(sbs), top, axes.x.at(sbs), top + kPanel, "router");
    out += svg_text(axes.x.at(sbs) - 5, top + 10, "SBS", "tick halo", "end");
  }
  out += svg_text(kLeft + 6, top - 10, frontier_name(frontier), "strong");
  out += svg_text(kLeft + 20 + text_width(frontier_name(frontier), 13), top - 10, summary(words, frontier),
                  "tick");
  return out;
}

Markup points_table(const Evaluation& evaluation) {
  TableSpec table;
  const ScoreWords words = words_of(evaluation);
  table.caption = fmt::format("{} the zero router at equal {}, in {}",
                              words.is_named() ? words.name() + " against" : "Score above", words.cost_noun(),
                              words.named_unit()) +
                  interval_note(evaluation, ", with the simultaneous 95 % band");
  table.head = {"frontier", "mean " + words.cost_unit(), words.is_named() ? words.head() : "score %",
                words.is_named() ? words.gain_head("router") : "above, points"};
  if (evaluation.resamples > 0) table.head.emplace_back("band");
  for (const Frontier& frontier : evaluation.frontiers) {
    for (const FrontierPoint& p : frontier.points) {
      table.rows.push_back({frontier_name(frontier), words.cost(p.ms), words.score(p.score),
                            words.gain(p.above_router.value)});
      if (evaluation.resamples > 0) table.rows.back().push_back(words.gain_range(p.above_router.interval));
    }
  }
  return html_table(table);
}

}  // namespace

Markup above_router_figure(const Evaluation& evaluation) {
  if (evaluation.frontiers.empty()) return {};
  const BandAxes axes = make_axes(evaluation);
  const ScoreWords words = words_of(evaluation);
  const std::string time = words.cost_noun();
  const std::string_view line = words.less_is_better() ? "it" : "0";
  FigureSpec spec;
  double top = kTop + 20;
  for (std::size_t f = 0; f < evaluation.frontiers.size(); ++f) {
    spec.drawing += draw_grid(words, axes, top, f + 1 == evaluation.frontiers.size());
    spec.drawing += draw_panel(evaluation, evaluation.frontiers[f], axes, top);
    top += kPanel + kGap;
  }
  spec.drawing += svg_text(kRight, top + 8, cost_axis(words), "axis", "end");
  spec.id = "above-router";
  spec.title = words.is_named() ? words.name() + " against the zero router" : "Score above the zero router";
  spec.description = fmt::format(
      "One panel a frontier: by mean {0}, the score less what two single models mixed at random reach in "
      "the same "
      "{0}, with a band around it.",
      time);
  spec.width = kWidth;
  spec.height = top + 18;
  spec.caption = fmt::format(
      "{} what two single models mixed at random reach in the same mean {}, which is "
      "the line "
      "at 0; each dot is a setting{}. The shaded band holds for all settings of a frontier together (95 %, "
      "bootstrap): where it is wholly above {} looking at the inputs pays, where it is wholly below {} it "
      "costs more "
      "than it brings.",
      words.is_named() ? fmt::format("The {} against", words.name()) : "Points of score above", time,
      words.less_is_better() ? ", and up is better" : "", line, line);
  spec.table = points_table(evaluation);
  return figure(spec);
}

}  // namespace triage
