// The report's section on stops: who answered when, and how often that was wrong.
#include <fmt/format.h>

#include <algorithm>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000, kRow = 34, kBar = 24, kHead = 30;

double share_of(std::size_t part, std::size_t whole) {
  return whole == 0 ? kNotMeasured : static_cast<double>(part) / static_cast<double>(whole);
}

std::string count_of(std::size_t part, std::size_t whole) {
  return fmt::format("{} ({} %)", grouped(part), percent(share_of(part, whole)));
}

std::string models_of(const StageDecisions& stage) {
  constexpr std::size_t kShown = 3;
  if (stage.models.size() == 1) return stage.models.front().model;
  std::string out;
  for (std::size_t m = 0; m < std::min(kShown, stage.models.size()); ++m) {
    out += fmt::format("{}{} {} %", m == 0 ? "" : ", ", stage.models[m].model,
                       percent(stage.models[m].share, 0));
  }
  if (stage.models.size() > kShown) out += fmt::format(", {} more", stage.models.size() - kShown);
  return out;
}

std::string row_name(const StageDecisions& stage, std::size_t look) {
  const auto& first = stage.models.front();
  return stage.models.size() == 1
             ? fmt::format("{}. {}", look, first.model)
             : fmt::format("{}. {} and {} more", look, first.model, stage.models.size() - 1);
}

// What became of the inputs answered at one look, as pieces of a bar in this order.
struct Piece {
  const char* css;
  const char* name;
  double inputs;
};
std::vector<Piece> pieces_of(const StageDecisions& stage) {
  const auto answered = static_cast<double>(stage.answered), chosen = static_cast<double>(stage.chosen);
  const double right = stage.answered > 0 ? stage.right * answered : 0;
  const double curable = stage.chosen > 0 ? stage.wrong_to_stop * chosen : 0;
  return {{"answer-right", "answered, right", right},
          {"answer-early", "answered, wrong to stop: the last look would have put it right", curable},
          {"answer-wrong", "answered, wrong, as in the end", std::max(0.0, answered - right - curable)}};
}

// One bar a look, each beginning where those end that were answered before.
Markup draw_method(const Evaluation& evaluation, const Decisions& decisions, double left, double top) {
  double total = static_cast<double>(decisions.stages.front().reached);
  const AxisScale x{0, total, left, kWidth - 12, false};
  Markup out = svg_text(12, top + 12, method_name(evaluation, decisions.method), "strong");
  double from = 0, y = top + kHead;
  for (std::size_t s = 0; s < decisions.stages.size(); ++s) {
    const StageDecisions& stage = decisions.stages[s];
    out += svg_text(left - 10, y + kBar / 2, row_name(stage, s + 1), "", "end");
    const double begin = from;
    for (const Piece& piece : pieces_of(stage)) {
      if (piece.inputs <= 0) continue;
      const double width = std::max(0.5, x.at(from + piece.inputs) - x.at(from));
      out += element("rect",
                     {{"class", piece.css},
                      {"x", number(x.at(from))},
                      {"y", number(y)},
                      {"width", number(width)},
                      {"height", number(kBar)}},
                     element_text("title", {},
                                  fmt::format("{}, look {}: {} on {} % of the inputs",
                                              method_name(evaluation, decisions.method), s + 1, piece.name,
                                              percent(piece.inputs / total, 2))));
      from += piece.inputs;
    }
    const std::string figure =
        fmt::format("{} % of the inputs", percent(share_of(stage.answered, evaluation.n_inputs)));
    const double end = x.at(from);
    const bool fits_behind = end + 8 + text_width(figure, 12) < kWidth - 12;
    out += svg_text(fits_behind ? end + 8 : x.at(begin) - 8, y + kBar / 2, figure, "tick halo",
                    fits_behind ? "start" : "end");
    y += kRow;
  }
  return out;
}

Markup draw_legend() {
  Markup out;
  StageDecisions none;
  for (const Piece& piece : pieces_of(none)) {
    const Markup symbol =
        element("rect", {{"class", piece.css}, {"x", "2"}, {"y", "2"}, {"width", "14"}, {"height", "14"}});
    out += element(
        "span", {},
        element("svg", {{"viewBox", "0 0 18 18"}, {"aria-hidden", "true"}}, symbol) + text(piece.name));
  }
  return element("div", {{"class", "legend"}}, out);
}

Markup decisions_table(const Evaluation& evaluation, const Decisions& decisions) {
  const ScoreWords words = words_of(evaluation);
  TableSpec table;
  table.caption = fmt::format("The {}, look by look", method_name(evaluation, decisions.method));
  if (decisions.left_out > 0) {
    table.caption += fmt::format("; {} inputs are left out, on which no model of its order ran",
                                 grouped(decisions.left_out));
  }
  table.head = {"look",
                "model",
                "inputs that reach it",
                "answered here",
                words.is_named() ? words.head() + " of those" : "right, % of those",
                "wrong to stop, % of chosen stops",
                "right to stop, %",
                "continued for nothing, %",
                "lost, %",
                "won, %"};
  table.text_columns = {1};
  for (std::size_t s = 0; s < decisions.stages.size(); ++s) {
    const StageDecisions& stage = decisions.stages[s];
    table.rows.push_back(
        {fmt::format("{}", s + 1), models_of(stage), count_of(stage.reached, evaluation.n_inputs),
         count_of(stage.answered, stage.reached), words.score(stage.right, 1),
         percent(stage.wrong_to_stop, 2), percent(stage.right_to_stop, 2), percent(stage.for_nothing),
         percent(stage.lost_going_on, 2), percent(stage.won_going_on, 2)});
  }
  return html_table(table);
}

}  // namespace

Markup decisions_figure(const Evaluation& evaluation) {
  if (evaluation.decisions.empty()) return {};
  double left = 120;
  for (const Decisions& decisions : evaluation.decisions) {
    for (std::size_t s = 0; s < decisions.stages.size(); ++s) {
      left = std::max(left, text_width(row_name(decisions.stages[s], s + 1), 13) + 14);
    }
  }
  left = std::min(left, 400.0);
  FigureSpec spec;
  double top = 4;
  for (const Decisions& decisions : evaluation.decisions) {
    spec.drawing += draw_method(evaluation, decisions, left, top);
    top += kHead + kRow * static_cast<double>(decisions.stages.size()) + 12;
    spec.table += decisions_table(evaluation, decisions);
  }
  spec.id = "decisions";
  spec.title = "Which look answered, and how well";
  spec.description =
      "For each method one bar a look: the inputs that were answered there, by whether that was right; each "
      "bar begins "
      "where the inputs end that were answered before.";
  spec.width = kWidth;
  spec.height = top;
  spec.legend = draw_legend();
  spec.caption =
      "The whole width is all inputs, and each bar begins where those end that an earlier look answered. All "
      "models ran "
      "on every input, so it is known what the last look would have said; the table has the reverse too, "
      "stops that "
      "saved a right answer, and what became of the inputs that went on: for nothing, when the answer at "
      "hand was "
      "right already; lost, when it was and the one in the end was not; won, the other way round.";
  return figure(spec);
}

}  // namespace triage
