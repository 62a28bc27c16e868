// The report's breakdown by difficulty (a figure) and by class (tables).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "evaluate/class_ranking.h"
#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/svg.h"
#include "report/text_layout.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kHeight = 300, kTop = 26, kBottom = 250;
constexpr std::size_t kAllClasses = 20, kNamedClasses = 10;

// A line a method over the tenths.
struct PanelSpec {
  double left, right;  // pixels
  std::string title;
  std::function<double(const InputGroup&, std::size_t)> value;  // of a method
  std::function<std::string(double)> tick_text;
  bool log = false;
  std::size_t first_method = 0;
};

// With room around the values, which are above 0 for logarithmic ones.
AxisScale scale_of(const Breakdown& b, const PanelSpec& panel) {
  double low = kNotMeasured, high = kNotMeasured;
  for (const InputGroup& group : b.deciles) {
    for (std::size_t m = panel.first_method; m < b.methods.size(); ++m) {
      const double value = panel.value(group, m);
      if (panel.log && !(value > 0)) continue;
      low = std::fmin(low, value);
      high = std::fmax(high, value);
    }
  }
  if (!std::isfinite(low)) low = high = 1;
  if (panel.log) return {low / 1.3, high * 1.3, kBottom, kTop, true};
  const double pad = std::max(0.005, 0.06 * (high - low));
  return {low - pad, high + pad, kBottom, kTop, false};
}

Markup draw_panel(const Evaluation& evaluation, const PanelSpec& panel) {
  const Breakdown& b = evaluation.breakdown;
  const AxisScale y = scale_of(b, panel);
  const AxisScale x{0.6, static_cast<double>(b.deciles.size()) + 0.4, panel.left, panel.right, false};
  Markup out;
  for (const double tick : panel.log ? log_ticks(y.from, y.to) : linear_ticks(y.from, y.to, 6)) {
    const bool is_zero = panel.first_method > 0 && std::abs(tick) < 1e-9;
    out += svg_line(panel.left, y.at(tick), panel.right, y.at(tick), is_zero ? "zero" : "grid");
    out += svg_text(panel.left - 8, y.at(tick), panel.tick_text(tick), "tick", "end");
  }
  for (std::size_t m = panel.first_method; m < b.methods.size(); ++m) {
    const std::string css = method_css(b.methods[m]);
    std::vector<std::pair<double, double>> line;
    Markup dots;
    for (std::size_t d = 0; d < b.deciles.size(); ++d) {
      const double value = panel.value(b.deciles[d], m);
      if (panel.log && !(value > 0)) continue;
      line.emplace_back(x.at(static_cast<double>(d + 1)), y.at(value));
      dots += element(
          "circle",
          {{"class", css}, {"cx", number(line.back().first)}, {"cy", number(line.back().second)}, {"r", "3"}},
          element_text("title", {},
                       fmt::format("{}, tenth {}: {}", method_name(evaluation, b.methods[m]), d + 1,
                                   panel.tick_text(value))));
    }
    out += svg_path(line, "line " + css) + dots;
  }
  for (std::size_t d = 0; d < b.deciles.size(); ++d) {
    out += svg_text(x.at(static_cast<double>(d + 1)), kBottom + 14, b.deciles[d].name, "tick", "middle");
  }
  out += svg_line(panel.left, kBottom, panel.right, kBottom, "base");
  out += svg_text(panel.left - 30, kTop - 14, panel.title, "axis");
  return out + svg_text(panel.right, kBottom + 34, "tenth, from easy to hard", "axis", "end");
}

Markup draw_legend(const Evaluation& evaluation) {
  Markup out;
  for (const MethodId method : evaluation.breakdown.methods) {
    const Markup symbol = svg_line(0, 9, 18, 9, "line " + method_css(method));
    out += element("span", {},
                   element("svg", {{"viewBox", "0 0 18 18"}, {"aria-hidden", "true"}}, symbol) +
                       text(method_name(evaluation, method)));
  }
  return element("div", {{"class", "legend"}}, out);
}

// Columns of a table: score of each method, the subject's difference, time of each, looks of the subject.
std::vector<std::string> group_head(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  const ScoreWords words = words_of(evaluation);
  const std::string subject = method_name(evaluation, b.methods[b.subject]);
  std::vector<std::string> head;
  for (const MethodId method : b.methods) head.push_back(words.head_of(method_name(evaluation, method)));
  head.push_back(subject + " - SBS" + comma(words.gain_unit()));
  for (const MethodId method : b.methods) {
    head.push_back(method_name(evaluation, method) + " " + words.cost_unit());
  }
  head.push_back(subject + " looks");
  return head;
}

void add_cells(const Evaluation& evaluation, const InputGroup& group, std::vector<std::string>& row) {
  const ScoreWords words = words_of(evaluation);
  const GroupFigures& own = group.methods[evaluation.breakdown.subject];
  for (const GroupFigures& figures : group.methods) row.push_back(words.score(figures.score, 1));
  row.push_back(words.gain(own.score - group.methods[0].score, 1));
  for (const GroupFigures& figures : group.methods) row.push_back(words.cost(figures.ms));
  row.push_back(fmt::format("{:.2f}", own.looks));
}

Markup classes_table(const Evaluation& evaluation, std::string caption, const std::vector<std::size_t>& order,
                     std::size_t shown) {
  const Breakdown& b = evaluation.breakdown;
  TableSpec table;
  table.caption = std::move(caption);
  table.wrap_names = true;
  table.head = {"class", "inputs"};
  for (std::string& title : group_head(evaluation)) table.head.push_back(std::move(title));
  for (std::size_t k = 0; k < std::min(shown, order.size()); ++k) {
    const InputGroup& group = b.classes[order[k]];
    std::vector<std::string> row{group.name, grouped(group.inputs)};
    add_cells(evaluation, group, row);
    table.rows.push_back(std::move(row));
  }
  return html_table(table);
}

Markup deciles_table(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  TableSpec table;
  table.caption = "Tenths of the inputs by difficulty";
  table.head = {"tenth", "mean difficulty", "inputs"};
  for (std::string& title : group_head(evaluation)) table.head.push_back(std::move(title));
  for (const InputGroup& group : b.deciles) {
    std::vector<std::string> row{group.name, fmt::format("{:.3f}", group.difficulty), grouped(group.inputs)};
    add_cells(evaluation, group, row);
    table.rows.push_back(std::move(row));
  }
  return html_table(table);
}

}  // namespace

Markup difficulty_figure(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  if (b.deciles.empty() || b.methods.size() < 2) return {};
  const auto score = [](const InputGroup& g, std::size_t m) { return g.methods[m].score; };
  const auto gain = [](const InputGroup& g, std::size_t m) {
    return g.methods[m].score - g.methods[0].score;
  };
  const auto ms = [](const InputGroup& g, std::size_t m) { return g.methods[m].ms; };
  const ScoreWords words = words_of(evaluation);
  const auto in_percent = [&](double v) { return words.score(v, 0); };
  const auto in_points = [&](double v) { return words.gain(v, 1); };
  const auto in_ms = [](double v) { return fmt::format("{:.3g}", v); };
  FigureSpec spec;
  spec.drawing =
      draw_panel(evaluation, {50, 322, words.name() + comma(words.terms().score_unit), score, in_percent}) +
      draw_panel(evaluation,
                 {388, 652, "difference to SBS" + comma(words.gain_unit()), gain, in_points, false, 1}) +
      draw_panel(evaluation, {720, 984, cost_axis(words), ms, in_ms, true});
  spec.id = "difficulty";
  spec.title = "By difficulty: score and " + words.cost_noun();
  spec.description = fmt::format(
      "Three panels, score, its difference to SBS and mean {} by tenths of the inputs from easy to hard, "
      "one line a "
      "method.",
      words.cost_noun());
  spec.width = kWidth;
  spec.height = kHeight;
  spec.legend = draw_legend(evaluation);
  spec.caption =
      "An input's difficulty is 1 less the mean probability that the models give to its label; each tenth "
      "has the same "
      "number of inputs. Whoever chooses well spends time on the hard ones alone. What all models get wrong "
      "stays "
      "wrong, whatever is spent on it.";
  spec.table = deciles_table(evaluation);
  return figure(spec);
}

Markup classes_tables(const Evaluation& evaluation) {
  const Breakdown& b = evaluation.breakdown;
  if (b.classes.size() < 2 || b.subject == 0) return {};
  const auto worst = worst_classes(b);
  const std::string name = method_name(evaluation, b.methods[b.subject]);
  if (b.classes.size() <= kAllClasses) {
    return classes_table(evaluation,
                         fmt::format("All {} classes; first where {} loses most right answers against SBS",
                                     b.classes.size(), name),
                         worst, b.classes.size());
  }
  const double mean = static_cast<double>(evaluation.n_inputs) / static_cast<double>(b.classes.size());
  const std::string of_all =
      fmt::format("{} of {} classes that have inputs, {:.1f} each{}", kNamedClasses, b.classes.size(), mean,
                  mean < 10 ? ", which is too few to conclude anything from" : "");
  return classes_table(evaluation,
                       fmt::format("{}: those where {} loses most right answers against SBS, by their number",
                                   of_all, name),
                       worst, kNamedClasses) +
         classes_table(evaluation, fmt::format("{}: the dearest for {}", of_all, name), dearest_classes(b),
                       kNamedClasses);
}

}  // namespace triage
