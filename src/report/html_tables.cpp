// The report's tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/text_layout.h"

namespace triage {
namespace {

std::string with_spread(const ScoreWords& words, double mean, double deviation, int digits) {
  if (!std::isfinite(mean)) return kNoFigure;
  if (!std::isfinite(deviation)) return words.score(mean, digits);
  return fmt::format("{} ± {}", words.score(mean, digits), words.spread(deviation, digits));
}

}  // namespace

Markup results_table(const Evaluation& evaluation) {
  TableSpec table;
  const bool cv = evaluation.folds > 0;
  table.caption =
      std::string("All inputs at once") +
      (cv ? ", ± standard deviation over the folds; differences to SBS" : "; differences to SBS") +
      interval_note(evaluation, " with paired bootstrap 95 % intervals");
  const ScoreWords words = words_of(evaluation);
  table.head = {"method",
                words.is_named() ? words.head() : score_head(Criterion::kTop1, evaluation.labels_from),
                "mean " + words.cost_unit(), words.gain_head("SBS"), words.cost_noun() + " / SBS"};
  if (!words.is_named()) {
    table.head.insert(table.head.begin() + 2, score_head(Criterion::kTop5, evaluation.labels_from));
  }
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    auto& row = table.rows.emplace_back(std::vector<std::string>{
        method_name(evaluation, m.id), with_spread(words, p.top1, m.deviation.top1, 2), words.cost(p.mean_ms),
        words.gain_estimate(m.score_gain), times_estimate(m.time_ratio)});
    if (!words.is_named()) row.insert(row.begin() + 2, percent(p.top5, 2));
  }
  return html_table(table);
}

Markup details_table(const Evaluation& evaluation) {
  TableSpec table;
  const ScoreWords words = words_of(evaluation);
  const std::string unit = " " + words.cost_unit();
  const bool has_classes = has_class_figures(evaluation);
  table.caption = fmt::format("Spread of the {}s{}, over all inputs", words.cost_noun(),
                              has_classes ? " and quality by class" : "");
  table.head = {"method", "p50" + unit, "p90" + unit, "p99" + unit};
  if (has_classes) table.head.insert(table.head.end(), {"precision %", "recall %", "F1 %"});
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    auto& row = table.rows.emplace_back(std::vector<std::string>{
        method_name(evaluation, m.id), words.cost(p.p50_ms), words.cost(p.p90_ms), words.cost(p.p99_ms)});
    if (has_classes) row.insert(row.end(), {percent(p.precision), percent(p.recall), percent(p.f1)});
  }
  return html_table(table);
}

Markup selection_metrics_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "How well each method selects, over all inputs";
  const ScoreWords words = words_of(evaluation);
  table.head = {
      "method",       "optimum chosen %",
      "closed gap %", words.is_named() ? words.gain_head("zero router") : "above zero router, points",
      "overhead %",   "looks",
      "answered %"};
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    table.rows.push_back({method_name(evaluation, m.id), percent(p.optimum), percent(p.closed_gap),
                          words.gain_estimate(m.above_router), percent(p.overhead),
                          std::isfinite(p.looks) ? fmt::format("{:.2f}", p.looks) : kNoFigure,
                          percent(p.coverage)});
  }
  return html_table(table);
}

Markup request_table(const Evaluation& evaluation) {
  const std::string asked = request_phrase(evaluation);
  if (asked.empty()) return {};
  TableSpec table;
  table.caption = fmt::format(
      "Asked for {}: share of the inputs on which a cap decided, which took longer all the "
      "same, whose confidence fell short",
      asked);
  table.head = {"policy", "limited %", "breached %", "unsure %"};
  for (const Method& m : evaluation.methods) {
    if (m.id.kind != MethodKind::kPolicy) continue;
    table.rows.push_back({method_name(evaluation, m.id), percent(m.pooled.limited, 2),
                          percent(m.pooled.breached, 2), percent(m.pooled.unsure, 2)});
  }
  return html_table(table);
}

Markup methods_list(const Evaluation& evaluation) {
  Definitions items;
  for (const Method& m : evaluation.methods) {
    if (m.id.kind != MethodKind::kSingle)
      items.emplace_back(method_name(evaluation, m.id), method_about(evaluation, m.id) + ".");
  }
  return definition_list(items);
}

Markup frontier_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "Frontiers, read on their convex hulls against SBS" +
                  interval_note(evaluation, ", with bootstrap 95 % intervals");
  const ScoreWords words = words_of(evaluation);
  const std::string &unit = words.terms().score_unit, time = words.cost_noun();
  table.head = {"frontier",
                unit.empty() ? "AIQ" : "AIQ " + unit,
                fmt::format("closed gap at SBS's {}, %", time),
                fmt::format("less {} at SBS's score, times", time),
                fmt::format("{} gained at SBS's {}", words.named_unit(), time),
                fmt::format("{} for 95 % of the way to SBS's score, % of SBS's", time)};
  const auto add = [&](const Frontier& f) {
    const Frontier::Intervals& spread = f.intervals;
    table.rows.push_back({frontier_name(f), words.score_estimate(f.aiq, spread.aiq, 2),
                          percent_estimate(f.closed_gap, spread.closed_gap),
                          times_estimate(f.speed_up_at_equal_score, spread.speed_up_at_equal_score),
                          words.gain_estimate({f.score_gain_at_equal_time, spread.score_gain_at_equal_time}),
                          percent_estimate(f.time_share_for_95, spread.time_share_for_95)});
  };
  add(evaluation.zero_router);
  for (const Frontier& f : evaluation.frontiers) add(f);
  return html_table(table);
}

Markup contrasts_table(const Evaluation& evaluation) {
  if (evaluation.contrasts.empty()) return {};
  TableSpec table;
  table.caption =
      "Differences between methods" + interval_note(evaluation, ", with paired bootstrap 95 % intervals");
  const ScoreWords words = words_of(evaluation);
  table.head = {"method", "against", (words.is_named() ? words.name() : "score") + comma(words.gain_unit()),
                words.cost_noun() + ", ratio"};
  table.text_columns = {1};
  for (const Contrast& c : evaluation.contrasts) {
    table.rows.push_back({method_name(evaluation, c.method), method_name(evaluation, c.reference),
                          words.gain_estimate(c.score_gain), times_estimate(c.time_ratio)});
  }
  return html_table(table);
}

Markup stages_table(const Evaluation& evaluation) {
  if (evaluation.stages.empty()) return {};
  TableSpec table;
  table.caption = "The premodel's stages on the test inputs of the folds";
  table.head = {"stage", "accuracy %", "base rate %", "“yes” is right on %", "inputs judged"};
  for (const StageAccuracy& s : evaluation.stages) {
    table.rows.push_back({s.label, percent(s.accuracy), percent(s.base_rate), percent(s.positives),
                          fmt::format("{}", s.inputs)});
  }
  return html_table(table);
}

}  // namespace triage
