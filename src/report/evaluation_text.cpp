// The evaluation as plain text for a terminal.
#include <fmt/format.h>

#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sentences.h"
#include "report/text_layout.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

std::string marked(const Evaluation& evaluation, const Method& method) {
  return fmt::format("{} {}", method.id == evaluation.recommendation.method ? '*' : ' ',
                     method_name(evaluation, method.id));
}

std::vector<std::string> accuracy_head(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  const auto head = [&](Criterion criterion) { return score_head(criterion, evaluation.labels_from); };
  std::vector<std::string> out{"  method", words.is_named() ? words.head() : head(Criterion::kTop1),
                               evaluation.folds > 0 ? "+-sd" : ""};
  if (!words.is_named()) out.push_back(head(Criterion::kTop5));
  for (std::string title : {words.gain_head("SBS"), "mean " + words.cost_unit(), "p99 " + words.cost_unit(),
                            words.cost_noun() + " / SBS"}) {
    out.push_back(std::move(title));
  }
  return out;
}

std::string accuracy_table(const Evaluation& evaluation) {
  const bool cv = evaluation.folds > 0;
  const ScoreWords words = words_of(evaluation);
  // F1 against another model's answers says little, and the longer headings need its column.
  const bool has_f1 = evaluation.labels_from.empty() && has_class_figures(evaluation);
  std::vector<std::vector<std::string>> rows{accuracy_head(evaluation)};
  if (has_f1) rows.back().emplace_back("F1 %");
  for (const Method& m : evaluation.methods) {
    const bool is_sbs = m.id.kind == MethodKind::kSbs;
    // All inputs alike, as the verdict has them; geometric means over folds are the paper's and in the JSON.
    auto& row = rows.emplace_back(std::vector<std::string>{marked(evaluation, m), words.score(m.pooled.top1),
                                                           cv ? words.spread(m.deviation.top1, 2) : ""});
    if (!words.is_named()) row.push_back(percent(m.pooled.top5, 2));
    row.push_back(is_sbs ? "" : words.gain_estimate(m.score_gain));
    row.push_back(words.cost(m.pooled.mean_ms));
    row.push_back(words.cost(m.pooled.p99_ms));
    row.push_back(is_sbs ? "" : times_estimate(m.time_ratio));
    if (has_f1) row.push_back(percent(m.pooled.f1));
  }
  return align(rows);
}

std::string selection_table(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  std::vector<std::vector<std::string>> rows{
      {"  method", "optimum %", "closed gap %",
       words.is_named() ? words.gain_head("router") : "above router, points", "overhead %", "looks",
       "answered %"}};
  for (const Method& m : evaluation.methods) {
    if (m.id.kind == MethodKind::kSingle || m.id.kind == MethodKind::kSbs) continue;
    const Metrics& p = m.pooled;
    rows.push_back({marked(evaluation, m), percent(p.optimum), percent(p.closed_gap),
                    words.gain_estimate(m.above_router), percent(p.overhead), fmt::format("{:.2f}", p.looks),
                    percent(p.coverage)});
  }
  return align(rows);
}

std::string selection_trace(const Evaluation& evaluation) {
  if (!has_selection(evaluation)) return {};
  const ScoreWords words = words_of(evaluation);
  std::vector<std::vector<std::string>> rows{{"  model", "coverage %", "gain, points", ""}};
  for (const SelectionStep& step : evaluation.selection.trace) {
    rows.push_back({fmt::format("  {}", evaluation.models[static_cast<std::size_t>(step.model)]),
                    percent(step.coverage, 2), points(step.gain), step.kept ? "" : "dropped"});
  }
  const std::string right = words.counts_run_times() ? " Covered is what a model so far ends in time."
                                                     : right_note(evaluation.labels_from);
  return fmt::format("\nAlgorithm 1 over all inputs (theta {} points){}{}\n", percent(evaluation.theta, 2),
                     right.empty() ? "" : ".", right) +
         align(rows);
}

std::string stage_table(const Evaluation& evaluation) {
  if (evaluation.stages.empty()) return {};
  std::vector<std::vector<std::string>> rows{{"  stage", "accuracy %", "base rate %"}};
  for (const StageAccuracy& s : evaluation.stages) {
    rows.push_back({fmt::format("  {}", s.label), percent(s.accuracy), percent(s.base_rate)});
  }
  return fmt::format("\nThe premodel's stages\n{}", align(rows));
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation, const ReportInfo& info) {
  std::string out =
      fmt::format("{} inputs, {} models, {}, {}\n\n", evaluation.n_inputs, evaluation.models.size(),
                  criterion_name(evaluation), protocol_phrase(evaluation));
  out += accuracy_table(evaluation) + "\n" + selection_table(evaluation) + selection_trace(evaluation);
  out += stage_table(evaluation);
  out += sources_text(evaluation) + frontiers_text(evaluation) + request_text(evaluation) +
         decisions_text(evaluation) + difficulty_text(evaluation) + classes_text(evaluation) +
         reliability_text(evaluation);
  out += evaluation.folds > 0 ? "\nArithmetic means over all inputs, +- standard deviation over folds"
                              : "\nAll inputs at once; SBS chosen in hindsight";
  out += interval_note(evaluation, "; differences and ratios with 95 % intervals") + ".\n";
  if (!evaluation.labels_from.empty()) {
    out += wrap(
        fmt::format("Agreement: the answer is that of {0}, whose own is 100 % by construction. In top 5: "
                    "that answer is among the best five.",
                    evaluation.labels_from),
        "", "");
  }
  out += wrap(evaluation_verdict(evaluation), "\nVerdict: ", "  ");
  if (!info.make.empty())
    out += fmt::format("  To make it: {}\n", info.make);  // to be copied, so not wrapped
  for (const std::string& remark : evaluation_remarks(evaluation)) out += wrap(remark, "  - ", "    ");
  if (!evaluation.machine.empty() && !evaluation.imported) out += wrap(evaluation.machine, "Machine: ", "  ");
  out += wrap(timing_sentence(evaluation), evaluation.imported ? "Costs: " : "Timing: ", "  ");
  const std::string difference = timing_difference_sentences(evaluation);
  if (!difference.empty()) {
    out += wrap(difference, "What difference the timing makes: ", "  ");
  }
  return out;
}

}  // namespace triage
