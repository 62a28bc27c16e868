// The report's reliability diagrams.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kSide = 260, kLeft = 52, kStep = 330, kTop = 30, kRowHeight = kSide + 82;
constexpr std::size_t kColumns = 3;

// Where the axes begin: the largest tenth that no drawn confidence or share is below.
double lowest(const Evaluation& evaluation) {
  double low = 0.9;
  for (const Reliability& r : evaluation.reliability) {
    for (const ReliabilityBin& bin : r.bins) low = std::min({low, bin.confidence, bin.interval.low});
  }
  return std::max(0.0, std::floor(low * 10) / 10);
}

Markup draw_axes(const AxisScale& x, const AxisScale& y, bool has_title) {
  Markup out;
  for (const double tick : linear_ticks(x.from, 1, 5)) {
    out += svg_line(x.start, y.at(tick), x.end, y.at(tick), "grid");
    out += svg_line(x.at(tick), y.end, x.at(tick), y.start, "grid");
    out += svg_text(x.start - 8, y.at(tick), percent(tick, 0), "tick", "end");
    out += svg_text(x.at(tick), y.start + 14, percent(tick, 0), "tick", "middle");
  }
  out += svg_line(x.start, y.start, x.end, y.end, "router");
  out += svg_text(x.end, y.start + 32, "mean confidence, %", "axis", "end");
  if (has_title) out += svg_text(x.start + 5, y.end + 9, "right, %", "axis halo");
  return out;
}

Markup draw_panel(const Evaluation& evaluation, std::size_t index, double from) {
  const Reliability& r = evaluation.reliability[index];
  const double left = kLeft + kStep * static_cast<double>(index % kColumns);
  const double top = kTop + kRowHeight * static_cast<double>(index / kColumns);
  const AxisScale x{from, 1, left, left + kSide, false}, y{from, 1, top + kSide, top, false};
  const std::string css = method_css(r.method), name = method_name(evaluation, r.method);
  Markup out = draw_axes(x, y, true);
  for (const ReliabilityBin& bin : r.bins) {
    out += svg_line(x.at(bin.confidence), y.at(bin.interval.low), x.at(bin.confidence),
                    y.at(bin.interval.high), "whisker " + css);
  }
  for (const ReliabilityBin& bin : r.bins) {
    out += mark(Mark::kCircle, x.at(bin.confidence), y.at(bin.right), css,
                fmt::format("{}: confidence {} %, right {} % {}, {} inputs", name, percent(bin.confidence),
                            percent(bin.right), percent_range(bin.interval), grouped(bin.inputs)));
  }
  out += svg_text(left, top - 14, name, "strong");
  out += svg_text(left + kSide, top - 14, fmt::format("ECE {} points", percent(r.ece, 2)), "tick", "end");
  return out;
}

Markup bins_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "Confidence and share of right answers, bin by bin";
  table.head = {"method", "mean confidence %", "right %", "95 %", "inputs"};
  for (const Reliability& r : evaluation.reliability) {
    for (const ReliabilityBin& bin : r.bins) {
      table.rows.push_back({method_name(evaluation, r.method), percent(bin.confidence, 2),
                            percent(bin.right, 2), percent_range(bin.interval, 2), grouped(bin.inputs)});
    }
  }
  return html_table(table);
}

}  // namespace

Markup reliability_figure(const Evaluation& evaluation) {
  const std::size_t n = evaluation.reliability.size();
  if (n == 0 || !words_of(evaluation).is_share()) return {};
  FigureSpec spec;
  const double from = lowest(evaluation);
  for (std::size_t i = 0; i < n; ++i) spec.drawing += draw_panel(evaluation, i, from);
  spec.id = "reliability";
  spec.title = "Is the confidence what it says?";
  spec.description =
      "One panel a method: share of right answers by mean confidence; on the diagonal a confidence is what "
      "it says.";
  spec.width = kWidth;
  spec.height = kTop + kRowHeight * static_cast<double>((n + kColumns - 1) / kColumns) - 34;
  spec.caption = fmt::format(
      "Inputs in bins of equal size by the confidence of the answer, against the share of answers whose best "
      "class is right, with Wilson 95 % intervals. Below the dashed line an answer claims more than it "
      "keeps, above "
      "it less. SBS shows a network's own confidence, as it came; a cascade passes that of its networks on. "
      "ECE, the "
      "expected calibration error, is the mean distance from the dashed line.{}",
      right_note(evaluation.labels_from));
  spec.table = bins_table(evaluation);
  return figure(spec);
}

}  // namespace triage
