// The report's tables and its glossary.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sections.h"

namespace triage {
namespace {

std::string with_spread(double mean, double deviation, int digits) {
  if (!std::isfinite(mean)) return kNoFigure;
  if (!std::isfinite(deviation)) return percent(mean, digits);
  return fmt::format("{} ± {}", percent(mean, digits), percent(deviation, digits));
}

// A list of terms; dd text is plain.
Markup definitions(const std::vector<std::pair<std::string, std::string>>& items) {
  Markup out;
  for (const auto& [term, meaning] : items) {
    out += element_text("dt", {}, term) + element_text("dd", {}, meaning);
  }
  return element("dl", {}, out);
}

using Definitions = std::vector<std::pair<std::string, std::string>>;

// What means the same in every report.
Definitions fixed_definitions() {
  return {
      {"time",
       "What the user waits: selection (features and decisions), preprocessing and inference. Loading and "
       "decoding are not in it. Preprocessing and shared feature computations count once an input."},
      {"optimum", "Of one input: the cheapest model that is right, by mean times of the training inputs."},
      {"optimum chosen", "Share of the inputs that have an optimum on which the method ran it last."},
      {"SBS", "Single best model: the best mean score on the training inputs (ties: the cheaper)."},
      {"VBS, oracle",
       "Always the optimum; the cheapest model where none is right. No selector can do better in "
       "score, and it pays nothing for knowing."},
      {"closed gap", "(score - SBS) / (VBS - SBS): 0 % is as good as SBS, 100 % as good as the oracle."},
      {"zero router",
       "Mixes two single models at random, as the hull of the training inputs says for a given time. "
       "It looks at no input; a selector has to beat it at equal time."},
      {"controls",
       "What the premodel has to beat: itself with features shuffled among the training inputs; each "
       "stage's more frequent answer; its first model always."},
      {"perfect chain", "The premodel's chain and fallback if its stages were never wrong and cost nothing."},
      {"overhead", "Selection's share of the time."},
      {"AIQ",
       "Mean height of a frontier's convex hull between the times of the cheapest and the dearest model."},
      {"95 % of the way",
       "Time at which a frontier's hull has done 95 % of the way from the cheapest model's score to SBS's, "
       "as a share "
       "of SBS's time."},
      {"intervals of frontiers",
       "Their hulls are read again on 200 resamples of the inputs. Where a resampled hull does not reach "
       "SBS's score its "
       "speed-up counts as 0, where it does not get 95 % of the way its time as \u201cnever\u201d. A hull is "
       "the best "
       "of many settings, so it flatters a little."},
      {"difficulty", "Of one input: 1 less the mean probability that the models give to its label."},
      {"ECE",
       "Expected calibration error: inputs in bins of equal size by confidence, mean over the inputs of the "
       "distance "
       "between their bin's mean confidence and share of answers whose best class is right."},
      {"wrong to stop",
       "Of the stops by choice: the answer is wrong, and that of the last look would have been right. "
       "\u201cRight to stop\u201d is the reverse; of all others the end would have been the same."},
      {"went on for nothing",
       "Of those that continued: what was known before the next look was right already. \u201cLost\u201d: "
       "right before and wrong in the end; \u201cwon\u201d: wrong before and right in the end."}};
}

}  // namespace

Markup results_table(const Evaluation& evaluation) {
  TableSpec table;
  const bool cv = evaluation.folds > 0;
  table.caption =
      std::string("All inputs at once") +
      (cv ? ", ± standard deviation over the folds; differences to SBS" : "; differences to SBS") +
      interval_note(evaluation, " with paired bootstrap 95 % intervals");
  table.head = {"method",
                score_head(Criterion::kTop1, evaluation.labels_from),
                score_head(Criterion::kTop5, evaluation.labels_from),
                "mean ms",
                "score - SBS, points",
                "time / SBS"};
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    table.rows.push_back({method_name(evaluation, m.id), with_spread(p.top1, m.deviation.top1, 2),
                          percent(p.top5, 2), milliseconds(p.mean_ms), points_estimate(m.score_gain),
                          times_estimate(m.time_ratio)});
  }
  return html_table(table);
}

Markup details_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "Spread of the times and quality by class, over all inputs";
  table.head = {"method", "p50 ms", "p90 ms", "p99 ms", "precision %", "recall %", "F1 %"};
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    table.rows.push_back({method_name(evaluation, m.id), milliseconds(p.p50_ms), milliseconds(p.p90_ms),
                          milliseconds(p.p99_ms), percent(p.precision), percent(p.recall), percent(p.f1)});
  }
  return html_table(table);
}

Markup selection_metrics_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "How well each method selects, over all inputs";
  table.head = {"method", "optimum chosen %", "closed gap %", "above zero router, points", "overhead %",
                "looks",  "answered %"};
  for (const Method& m : evaluation.methods) {
    const Metrics& p = m.pooled;
    if (m.id == evaluation.recommendation.method) table.strong_rows.push_back(table.rows.size());
    table.rows.push_back({method_name(evaluation, m.id), percent(p.optimum), percent(p.closed_gap),
                          points_estimate(m.above_router), percent(p.overhead),
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
  std::vector<std::pair<std::string, std::string>> items;
  for (const Method& m : evaluation.methods) {
    if (m.id.kind != MethodKind::kSingle)
      items.emplace_back(method_name(evaluation, m.id), method_about(evaluation, m.id) + ".");
  }
  return definitions(items);
}

Markup frontier_table(const Evaluation& evaluation) {
  TableSpec table;
  table.caption = "Frontiers, read on their convex hulls against SBS" +
                  interval_note(evaluation, ", with bootstrap 95 % intervals");
  table.head = {"frontier",
                "AIQ %",
                "closed gap at SBS's time, %",
                "less time at SBS's score, times",
                "points gained at SBS's time",
                "time for 95 % of the way to SBS's score, % of SBS's"};
  const auto add = [&](const Frontier& f) {
    const Frontier::Intervals& spread = f.intervals;
    table.rows.push_back({frontier_name(f), percent_estimate(f.aiq, spread.aiq, 2),
                          percent_estimate(f.closed_gap, spread.closed_gap),
                          times_estimate(f.speed_up_at_equal_score, spread.speed_up_at_equal_score),
                          points_estimate(f.score_gain_at_equal_time, spread.score_gain_at_equal_time),
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
  table.head = {"method", "against", "score, points", "time, ratio"};
  table.text_columns = {1};
  for (const Contrast& c : evaluation.contrasts) {
    table.rows.push_back({method_name(evaluation, c.method), method_name(evaluation, c.reference),
                          points_estimate(c.score_gain), times_estimate(c.time_ratio)});
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

Markup glossary(const Evaluation& evaluation) {
  const std::string score =
      evaluation.labels_from.empty()
          ? fmt::format("1 when the answer is right under {} and 0 otherwise; a refusal is wrong.",
                        criterion_name(evaluation))
          : fmt::format(
                "{}: 1 when the answer is right, that is the one of {}{}, and 0 otherwise; a refusal is "
                "wrong. It is no accuracy.",
                criterion_name(evaluation), evaluation.labels_from,
                evaluation.criterion == Criterion::kTop1 ? "" : " among the best five");
  Definitions items{{"score", score}};
  const Definitions fixed = fixed_definitions();
  items.insert(items.end(), fixed.begin(), fixed.end());
  const Definitions rest{
      {"interval",
       fmt::format("Paired bootstrap over the inputs, {} resamples, 2.5 % to 97.5 %. It covers the choice "
                   "of inputs, not that of the training set.",
                   evaluation.resamples)},
      {"precision, recall, F1",
       "Averaged over the classes that have inputs, with equal weight; a class that is never answered has "
       "precision 0."},
  };
  items.insert(items.end(), rest.begin(), rest.end());
  if (evaluation.resamples == 0) {
    std::erase_if(items, [](const auto& item) { return item.first.starts_with("interval"); });
  }
  return definitions(items);
}

}  // namespace triage
