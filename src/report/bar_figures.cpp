// The report's bar charts and the spread over folds.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000;
constexpr double kRow = 30;
constexpr double kBar = 18;

// From cheap to expensive: a ramp of rising darkness (viridis), readable with any colour vision and in both
// themes.
constexpr std::array<std::array<int, 3>, 6> kRamp{
    {{253, 231, 37}, {122, 209, 81}, {34, 168, 132}, {42, 120, 142}, {65, 68, 135}, {84, 24, 104}}};

struct Tint {
  std::string css;
  bool dark = false;
};

Tint tint(std::size_t index, std::size_t count) {
  const double position =
      count < 2 ? 0 : static_cast<double>(index) / static_cast<double>(count - 1) * double{kRamp.size() - 1};
  const auto low = std::min(static_cast<std::size_t>(position), kRamp.size() - 2);
  const double share = position - static_cast<double>(low);
  std::array<int, 3> rgb{};
  for (std::size_t c = 0; c < 3; ++c) {
    rgb[c] = static_cast<int>(std::lround(kRamp[low][c] + share * (kRamp[low + 1][c] - kRamp[low][c])));
  }
  const double light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  return {fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]), light < 140};
}

// Models from the cheapest to the most expensive.
std::vector<std::size_t> by_cost(const Evaluation& evaluation) {
  std::vector<std::size_t> order;
  for (std::size_t m = 0; m < evaluation.models.size(); ++m) order.push_back(m);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return evaluation.methods[a].pooled.mean_ms < evaluation.methods[b].pooled.mean_ms;
  });
  return order;
}

double name_width(const std::vector<std::string>& names) {
  double width = 60;
  for (const std::string& name : names) width = std::max(width, text_width(name, 13));
  return std::min(width + 14, 330.0);
}

// Rows of one bar each, a figure behind it.
struct Bar {
  std::string name;
  double before = 0;  // drawn lighter, in front
  double value = 0;
  std::string figure;
  std::string css;
};

Markup draw_bars(const std::vector<Bar>& bars, double maximum) {
  std::vector<std::string> names;
  for (const Bar& bar : bars) names.push_back(bar.name);
  const double left = name_width(names);
  const AxisScale x{0, maximum, left, kWidth - 150, false};
  Markup out;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double y = 8 + kRow * static_cast<double>(i), middle = y + kBar / 2;
    const auto rect = [&](double from, double to, const std::string& css) {
      return element("rect",
                     {{"class", css},
                      {"x", number(x.at(from))},
                      {"y", number(y)},
                      {"rx", "2"},
                      {"width", number(std::max(1.0, x.at(to) - x.at(from)))},
                      {"height", number(kBar)}},
                     element_text("title", {}, bar.name + ": " + bar.figure));
    };
    out += svg_text(left - 10, middle, bar.name, "", "end");
    if (bar.before > 0) out += rect(0, bar.before, "bar before");
    out += rect(bar.before, bar.before + bar.value, "bar " + bar.css);
    out += svg_text(x.at(bar.before + bar.value) + 8, middle, bar.figure, "tick");
  }
  return out;
}

Markup two_column_table(std::string caption, std::vector<std::string> head, const std::vector<Bar>& bars) {
  TableSpec table;
  table.caption = std::move(caption);
  table.head = std::move(head);
  for (const Bar& bar : bars) table.rows.push_back({bar.name, bar.figure});
  return html_table(table);
}

// Cumulated shares of one stacked bar.
Markup draw_stack(const Evaluation& evaluation, const Method& method, const std::vector<std::size_t>& order,
                  const AxisScale& x, double y) {
  Markup out;
  double from = 0;
  const auto segment = [&](double share, const std::string& name, const std::string& fill, const char* css,
                           const char* ink) {
    if (share <= 0) return;
    const double left = x.at(from), width = x.at(from + share) - left;
    Attributes attributes{{"class", css},
                          {"x", number(left)},
                          {"y", number(y)},
                          {"width", number(width)},
                          {"height", number(kBar + 4)}};
    if (!fill.empty()) attributes.emplace_back("fill", fill);
    out += element("rect", attributes,
                   element_text("title", {},
                                fmt::format("{}: {} on {} %", method_name(evaluation, method.id), name,
                                            percent(share))));
    const std::string figure = percent(share, 0);
    const std::string full = name + " " + figure;
    const bool fits = text_width(full, 12) + 10 < width;
    if (fits || text_width(figure, 12) + 6 < width) {
      out += svg_text(left + width / 2, y + kBar / 2 + 2, fits ? full : figure, ink, "middle");
    }
    from += share;
  };
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Tint colour = tint(k, order.size());
    segment(method.chosen[order[k]], evaluation.models[order[k]], colour.css, "seg",
            colour.dark ? "on-dark" : "on-light");
  }
  segment(method.chosen.back(), "refused", "", "seg none", "on-none");
  return out;
}

Markup model_legend(const Evaluation& evaluation, const std::vector<std::size_t>& order) {
  Markup out;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Markup swatch = element(
        "span",
        {{"class", "tint"}, {"style", "background:" + tint(k, order.size()).css}, {"aria-hidden", "true"}},
        Markup{});
    out += element("span", {}, swatch + text(evaluation.models[order[k]]));
  }
  return element("div", {{"class", "legend"}}, out);
}

bool chooses(const Method& method) { return method.id.kind != MethodKind::kSingle; }

Markup choices_table(const Evaluation& evaluation, const std::vector<std::size_t>& order) {
  TableSpec table;
  table.caption = "Share of the inputs, in %, by the last model that ran";
  table.head = {"method"};
  for (const std::size_t m : order) table.head.push_back(evaluation.models[m]);
  table.head.emplace_back("refused");
  for (const Method& method : evaluation.methods) {
    if (!chooses(method)) continue;
    std::vector<std::string> row{method_name(evaluation, method.id)};
    for (const std::size_t m : order) row.push_back(percent(method.chosen[m]));
    row.push_back(percent(method.chosen.back()));
    table.rows.push_back(row);
  }
  return html_table(table);
}

Markup fold_table(const Evaluation& evaluation) {
  TableSpec table;
  const ScoreWords words = words_of(evaluation);
  const std::string& unit = words.terms().score_unit;
  table.caption = fmt::format("{}{}, and mean {} in {}, fold by fold", score_phrase(evaluation),
                              unit.empty() ? "" : " in " + unit, words.cost_noun(), words.cost_unit());
  table.head = {"method"};
  for (int f = 0; f < evaluation.folds; ++f) {
    const auto fold = static_cast<std::size_t>(f);
    table.head.push_back(evaluation.sources.empty() ? fmt::format("fold {}", f + 1)
                                                    : evaluation.sources[fold]);
  }
  for (const Method& method : evaluation.methods) {
    std::vector<std::string> row{method_name(evaluation, method.id)};
    for (const Metrics& fold : method.folds) {
      row.push_back(fmt::format("{} / {}", words.score(fold.score, 1), words.cost(fold.mean_ms)));
    }
    table.rows.push_back(row);
  }
  return html_table(table);
}

// What is said where no model scores anything.
std::string none_word(const ScoreWords& words) {
  if (words.counts_run_times()) return "none ends in time";
  return words.is_named() ? "all are worst" : "none is right";
}

}  // namespace

Markup optimum_figure(const Evaluation& evaluation) {
  std::vector<Bar> bars;
  double maximum = evaluation.optimum_share.back();
  for (const std::size_t m : by_cost(evaluation)) {
    const double share = evaluation.optimum_share[m];
    maximum = std::max(maximum, share);
    bars.push_back({evaluation.models[m], 0, share, percent(share) + " %", ""});
  }
  const ScoreWords words = words_of(evaluation);
  const double nobody = evaluation.optimum_share.back();
  if (!words.is_named() || nobody > 0)
    bars.push_back({none_word(words), 0, nobody, percent(nobody) + " %", "none"});
  FigureSpec spec;
  spec.id = "optimum";
  spec.title = "How often each model is the optimum";
  spec.description = fmt::format(
      "One bar a model: share of the inputs on which it is {}.",
      words.is_named() ? "the best, and the cheapest of equals" : "the cheapest model that is right");
  spec.width = kWidth;
  spec.height = kRow * static_cast<double>(bars.size()) + 8;
  spec.drawing = draw_bars(bars, maximum);
  spec.caption = fmt::format(
      "Share of the inputs on which a model is {} (the paper's Figure 5), "
      "from the cheapest model to the dearest.{}",
      words.is_named() ? "the best, the cheapest of equals" : "right and no cheaper one is",
      right_note(evaluation.labels_from));
  spec.table = two_column_table(spec.title, {"model", "share"}, bars);
  return figure(spec);
}

Markup selection_figure(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  const std::string_view covers = words.counts_run_times() ? "ends in time" : "is right";
  std::vector<Bar> bars;
  double before = 0;
  for (const SelectionStep& step : evaluation.selection.trace) {
    const auto m = static_cast<std::size_t>(step.model);
    const std::string share =
        evaluation.selected_share.empty()
            ? std::string()
            : fmt::format(", in {} % of folds", percent(evaluation.selected_share[m], 0));
    bars.push_back({fmt::format("{}. {}", bars.size() + 1, evaluation.models[m]), before, step.gain,
                    fmt::format("{} % ({}){}", percent(step.coverage), points(step.gain),
                                step.kept ? share : ", dropped"),
                    step.kept ? "gain" : "dropped"});
    before = step.coverage;
  }
  // Room for the figures behind the bars.
  FigureSpec spec;
  spec.id = "selection";
  spec.title = "Algorithm 1: which models the premodel chooses from";
  spec.description = fmt::format(
      "One bar a step: share of the inputs on which some chosen model {}, and its growth.", covers);
  spec.width = kWidth;
  spec.height = kRow * static_cast<double>(bars.size()) + 8;
  spec.drawing = draw_bars(bars, std::max(before, 0.01) * 1.22);
  spec.caption = fmt::format(
      "Share of the inputs on which some chosen model {}, and what each step adds. A "
      "step that adds no more than theta, {} points, ends the choice and is dropped. Shown "
      "for all inputs; each fold chooses on its own.{}",
      covers, percent(evaluation.theta, 2), right_note(evaluation.labels_from));
  spec.table = two_column_table(spec.title, {"step", "coverage (gain)"}, bars);
  return figure(spec);
}

Markup choices_figure(const Evaluation& evaluation) {
  const auto order = by_cost(evaluation);
  std::vector<std::string> names;
  for (const Method& method : evaluation.methods) {
    if (chooses(method)) names.push_back(method_name(evaluation, method.id));
  }
  const double left = name_width(names);
  const AxisScale x{0, 1, left, kWidth - 10, false};
  FigureSpec spec;
  double y = 6;
  for (const Method& method : evaluation.methods) {
    if (!chooses(method)) continue;
    spec.drawing += svg_text(left - 10, y + kBar / 2 + 2, method_name(evaluation, method.id), "", "end");
    spec.drawing += draw_stack(evaluation, method, order, x, y);
    y += kRow + 2;
  }
  spec.id = "choices";
  spec.title = "What was chosen, and how often";
  spec.description = "One bar a method, divided by the share of inputs on which each model ran last.";
  spec.width = kWidth;
  spec.height = y + 2;
  spec.legend = model_legend(evaluation, order);
  spec.caption =
      "Share of the inputs by the last model that ran, from the cheapest (light) to the dearest (dark); "
      "a cascade may have run cheaper ones before.";
  spec.table = choices_table(evaluation, order);
  return figure(spec);
}

Markup folds_figure(const Evaluation& evaluation) {
  if (evaluation.folds == 0) return {};
  std::vector<std::string> names;
  double low = 1, high = 0;
  const auto is_shown = [](const Method& m) {
    return m.id.kind != MethodKind::kSingle && m.id.kind != MethodKind::kRandom;
  };
  for (const Method& method : evaluation.methods) {
    if (!is_shown(method)) continue;
    names.push_back(method_name(evaluation, method.id));
    for (const Metrics& fold : method.folds) {
      low = std::min(low, fold.score);
      high = std::max(high, fold.score);
    }
  }
  const std::string unit =
      words_of(evaluation).terms().score_unit.empty() ? "" : " " + words_of(evaluation).terms().score_unit;
  const double left = name_width(names), pad = std::max(0.002, 0.04 * (high - low));
  const AxisScale x{low - pad, high + pad, left, kWidth - 20, false};
  const double bottom = kRow * static_cast<double>(names.size()) + 6;
  FigureSpec spec;
  const ScoreWords words = words_of(evaluation);
  for (const WordedTick& tick : score_ticks(words, x.from, x.to, 7, x.to - x.from < 0.07 ? 1 : 0)) {
    spec.drawing += svg_line(x.at(tick.at), 0, x.at(tick.at), bottom, "grid");
    spec.drawing += svg_text(x.at(tick.at), bottom + 14, tick.text, "tick", "middle");
  }
  double y = 16;
  for (const Method& method : evaluation.methods) {
    if (!is_shown(method)) continue;
    spec.drawing += svg_text(left - 10, y, method_name(evaluation, method.id), "", "end");
    for (std::size_t f = 0; f < method.folds.size(); ++f) {
      const double score = method.folds[f].score;
      spec.drawing += element(
          "circle", {{"class", "dot cascade"}, {"cx", number(x.at(score))}, {"cy", number(y)}, {"r", "5"}},
          element_text("title", {},
                       fmt::format("{}, fold {}: {}{}", method_name(evaluation, method.id), f + 1,
                                   words.score(score), unit)));
    }
    spec.drawing +=
        svg_line(x.at(method.arithmetic.score), y - 9, x.at(method.arithmetic.score), y + 9, "mean");
    y += kRow;
  }
  spec.id = "folds";
  spec.title = "Spread over the folds";
  spec.description = "One row a method, one dot a fold, by the score in that fold; a line at the mean.";
  spec.width = kWidth;
  spec.height = bottom + 28;
  spec.caption = fmt::format("{}{}, one dot a fold; the line is the arithmetic mean.",
                             score_phrase(evaluation), unit.empty() ? "" : " in" + unit);
  spec.table = fold_table(evaluation);
  return figure(spec);
}

}  // namespace triage
