// The report's breakdown by difficulty (a figure) and by class (tables).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "eval/chart.h"
#include "eval/ranking.h"
#include "eval/report_parts.h"
#include "eval/words.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kHeight = 300, kTop = 26, kBottom = 250;
constexpr std::size_t kAllClasses = 20, kNamedClasses = 10;

using Figure = double GroupFigures::*;

// A line a method over the tenths.
Markup draw_panel(const Evaluation& evaluation, Figure figure, double left, double right, const Scale& y,
                  std::string_view title, std::string (*tick_text)(double)) {
  const Breakdown& b = evaluation.breakdown;
  const Scale x{0.6, static_cast<double>(b.deciles.size()) + 0.4, left, right, false};
  Markup out;
  for (const double tick : y.log ? log_ticks(y.from, y.to) : linear_ticks(y.from, y.to, 5)) {
    out += svg_line(left, y.at(tick), right, y.at(tick), "grid");
    out += svg_text(left - 8, y.at(tick), tick_text(tick), "tick", "end");
  }
  for (std::size_t m = 0; m < b.methods.size(); ++m) {
    const std::string css = method_css(evaluation, b.methods[m]);
    std::vector<std::pair<double, double>> line;
    Markup dots;
    for (std::size_t d = 0; d < b.deciles.size(); ++d) {
      const double value = b.deciles[d].methods[m].*figure;
      if (!(value > 0) && y.log) continue;
      line.emplace_back(x.at(static_cast<double>(d + 1)), y.at(value));
      dots += element(
          "circle",
          {{"class", css}, {"cx", number(line.back().first)}, {"cy", number(line.back().second)}, {"r", "3"}},
          element_text("title", {}, fmt::format("{}, tenth {}: {}", b.methods[m], d + 1, tick_text(value))));
    }
    out += svg_path(line, "line " + css) + dots;
  }
  for (std::size_t d = 0; d < b.deciles.size(); ++d) {
    out += svg_text(x.at(static_cast<double>(d + 1)), kBottom + 14, b.deciles[d].name, "tick", "middle");
  }
  out += svg_line(left, kBottom, right, kBottom, "base");
  out += svg_text(left, kTop - 14, title, "axis");
  out += svg_text(right, kBottom + 34, "tenth of the inputs, from easy to hard", "axis", "end");
  return out;
}

std::pair<double, double> range_of(const Breakdown& b, Figure figure) {
  double low = kNotMeasured, high = kNotMeasured;
  for (const InputGroup& group : b.deciles) {
    for (const GroupFigures& figures : group.methods) {
      if (!(figures.*figure > 0)) continue;
      low = std::fmin(low, figures.*figure);
      high = std::fmax(high, figures.*figure);
    }
  }
  return {low, high};
}

Markup draw_legend(const Evaluation& evaluation) {
  Markup out;
  for (const std::string& method : evaluation.breakdown.methods) {
    const Markup symbol = svg_line(0, 9, 18, 9, "line " + method_css(evaluation, method));
    out +=
        element("span", {},
                element("svg", {{"viewBox", "0 0 18 18"}, {"aria-hidden", "true"}}, symbol) + text(method));
  }
  return element("div", {{"class", "legend"}}, out);
}

// Columns of a table: score of each method, the subject's difference, time of each, looks of the subject.
std::vector<std::string> group_head(const Breakdown& b) {
  std::vector<std::string> head;
  for (const std::string& method : b.methods) head.push_back(method + " %");
  head.push_back(fmt::format("{} - SBS, points", b.methods[b.subject]));
  for (const std::string& method : b.methods) head.push_back(method + " ms");
  head.push_back(fmt::format("{} looks", b.methods[b.subject]));
  return head;
}

void add_cells(const Breakdown& b, const InputGroup& group, std::vector<std::string>& row) {
  const GroupFigures& own = group.methods[b.subject];
  for (const GroupFigures& figures : group.methods) row.push_back(percent(figures.score, 1));
  row.push_back(points(own.score - group.methods[0].score, 1));
  for (const GroupFigures& figures : group.methods) row.push_back(milliseconds(figures.ms));
  row.push_back(fmt::format("{:.2f}", own.looks));
}

Markup classes_table(const Breakdown& b, std::string caption, const std::vector<std::size_t>& order,
                     std::size_t shown) {
  TableSpec table;
  table.caption = std::move(caption);
  table.wrap_names = true;
  table.head = {"class", "inputs"};
  for (std::string& title : group_head(b)) table.head.push_back(std::move(title));
  for (std::size_t k = 0; k < std::min(shown, order.size()); ++k) {
    const InputGroup& group = b.classes[order[k]];
    std::vector<std::string> row{group.name, grouped(group.inputs)};
    add_cells(b, group, row);
    table.rows.push_back(std::move(row));
  }
  return html_table(table);
}

Markup deciles_table(const Breakdown& b) {
  TableSpec table;
  table.caption = "Tenths of the inputs by difficulty";
  table.head = {"tenth", "mean difficulty", "inputs"};
  for (std::string& title : group_head(b)) table.head.push_back(std::move(title));
  for (const InputGroup& group : b.deciles) {
    std::vector<std::string> row{group.name, fmt::format("{:.3f}", group.difficulty), grouped(group.inputs)};
    add_cells(b, group, row);
    table.rows.push_back(std::move(row));
  }
  return html_table(table);
}

}  // namespace

Markup difficulty_figure(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  if (b.deciles.empty() || b.methods.size() < 2) return {};
  const auto [low, high] = range_of(b, &GroupFigures::score);
  const auto [least, most] = range_of(b, &GroupFigures::ms);
  if (!(high > 0) || !(most > 0)) return {};
  const double pad = std::max(0.01, 0.05 * (high - low));
  FigureSpec spec;
  spec.drawing = draw_panel(evaluation, &GroupFigures::score, 58, 480,
                            Scale{std::max(0.0, low - pad), std::min(1.02, high + pad), kBottom, kTop, false},
                            score_phrase(evaluation) + ", %", [](double v) { return percent(v, 0); });
  spec.drawing +=
      draw_panel(evaluation, &GroupFigures::ms, 562, 984, Scale{least / 1.3, most * 1.3, kBottom, kTop, true},
                 "mean time per input, ms (logarithmic)", [](double v) { return fmt::format("{:.3g}", v); });
  spec.id = "difficulty";
  spec.title = "By difficulty: score and time";
  spec.description =
      "Two panels, score and mean time by tenths of the inputs from easy to hard, one line a method.";
  spec.width = kWidth;
  spec.height = kHeight;
  spec.legend = draw_legend(evaluation);
  spec.caption =
      "An input's difficulty is 1 less the mean probability that the models give to its label; each tenth "
      "has the same "
      "number of inputs. Whoever chooses well spends time on the hard ones alone. What all models get wrong "
      "stays "
      "wrong, whatever is spent on it.";
  spec.table = deciles_table(b);
  return figure(spec);
}

Markup classes_tables(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  if (b.classes.size() < 2 || b.subject == 0) return {};
  const auto worst = worst_classes(b);
  const std::string name = b.methods[b.subject];
  if (b.classes.size() <= kAllClasses) {
    return classes_table(
        b,
        fmt::format("All {} classes; first where the {} loses most right answers against SBS",
                    b.classes.size(), name),
        worst, b.classes.size());
  }
  const double mean = static_cast<double>(evaluation.n_inputs) / static_cast<double>(b.classes.size());
  const std::string of_all =
      fmt::format("{} of {} classes that have inputs, {:.1f} each{}", kNamedClasses, b.classes.size(), mean,
                  mean < 10 ? ", which is too few to conclude anything from" : "");
  return classes_table(
             b,
             fmt::format("{}: those where the {} loses most right answers against SBS, by their number",
                         of_all, name),
             worst, kNamedClasses) +
         classes_table(b, fmt::format("{}: the dearest for the {}", of_all, name), dearest_classes(b),
                       kNamedClasses);
}

}  // namespace triage
