// The HTML report: one page without outside resources.
#include <fmt/format.h>

#include <cmath>

#include "report/method_names.h"
#include "report/page.h"
#include "report/phrases.h"
#include "report/sections.h"
#include "report/sentences.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

std::string headline(const Evaluation& evaluation) {
  const MethodId best = evaluation.recommendation.method;
  return best == MethodId{MethodKind::kSbs} ? fmt::format("Use {} alone", sbs_model(evaluation))
                                            : "Use " + method_phrase(evaluation, best);
}

Markup tile(std::string_view label, std::string_view value, std::string_view unit, std::string_view detail) {
  return element(
      "div", {{"class", "tile"}},
      element_text("p", {{"class", "label"}}, label) +
          element("p", {{"class", "value"}}, text(value) + text(" ") + element_text("small", {}, unit)) +
          element_text("p", {{"class", "detail"}}, detail));
}

std::string oracle_note(const Evaluation& evaluation) {
  const std::string nobody = percent(evaluation.optimum_share.back());
  const ScoreWords words = words_of(evaluation);
  if (!evaluation.labels_from.empty()) return "by construction: labels are a model's answers";
  if (words.counts_run_times()) return fmt::format("on {} % of inputs no model ends in time", nobody);
  return words.is_named() ? "what choosing without error would reach"
                          : fmt::format("on {} % of inputs no model is right", nobody);
}

std::string folds_note(const Evaluation& evaluation) {
  if (evaluation.folds == 0) return "finished policies";
  if (evaluation.official_folds) return fmt::format("{} folds of the table's own", evaluation.folds);
  return fmt::format("{} folds, seed {}", evaluation.folds, evaluation.seed);
}

Markup tiles(const Evaluation& evaluation) {
  const Method& best = *evaluation.find(evaluation.recommendation.method);
  const Method& sbs = *evaluation.find({MethodKind::kSbs});
  const Method& vbs = *evaluation.find({MethodKind::kVbs});
  const bool is_single = &best == &sbs;
  const ScoreWords words = words_of(evaluation);
  const std::string &unit = words.terms().score_unit, &cost_unit = words.cost_unit(),
                    time = words.cost_noun();
  Markup out;
  out += tile(score_phrase(evaluation), words.score(best.pooled.score), unit,
              is_single
                  ? "SBS, one model on every input"
                  : fmt::format("{} to {} alone", words.gain_phrase(best.score_gain), sbs_model(evaluation)));
  out += tile(
      fmt::format("mean {} per input", time), words.cost(best.pooled.mean_ms), cost_unit,
      fmt::format("p50 {}, p99 {}", words.cost(best.pooled.p50_ms), words.cost_phrase(best.pooled.p99_ms)));
  out += is_single
             ? tile(time + " of the oracle", words.cost(vbs.pooled.mean_ms), cost_unit,
                    "what choosing without error or cost would take")
             : tile(words.faster() + " than SBS", times(1 / best.time_ratio.value), "times",
                    fmt::format("{} takes {}", sbs_model(evaluation), words.cost_phrase(sbs.pooled.mean_ms)));
  out += tile("oracle's " + (words.is_named() ? words.name() : "score"), words.score(vbs.pooled.score), unit,
              oracle_note(evaluation));
  out += tile("selection overhead", percent(best.pooled.overhead), "%",
              fmt::format("of the {} goes into choosing", time));
  out += tile("inputs", grouped(evaluation.n_inputs), "",
              fmt::format("{} models, {}", evaluation.models.size(), folds_note(evaluation)));
  return element("div", {{"class", "tiles"}}, out);
}

Markup section(std::string_view title, std::string_view intro, const Markup& content) {
  if (content.empty()) return {};
  Markup inner = element_text("h2", {}, title);
  if (!intro.empty()) inner += element_text("p", {{"class", "note"}}, intro);
  return element("section", {}, inner + content);
}

Markup page_head(const Evaluation& evaluation, const ReportInfo& info) {
  Markup inner = element_text("p", {{"class", "kicker"}},
                              fmt::format("Triage evaluation{}{}", info.date.empty() ? "" : ", ", info.date));
  inner += element_text("h1", {}, headline(evaluation));
  // The headline says already what to use. Its exact text is cut off, since model names may contain colons.
  const std::string verdict = evaluation_verdict(evaluation);
  std::string_view lead = verdict;
  if (lead.starts_with(headline(evaluation) + ": ")) lead.remove_prefix(headline(evaluation).size() + 2);
  inner += element_text("p", {{"class", "lead"}}, lead);
  if (!info.make.empty()) {
    inner += element("p", {{"class", "note"}}, text("To make it: ") + element_text("code", {}, info.make));
  }
  for (const std::string& warning : evaluation_warnings(evaluation)) {
    inner += element_text("p", {{"class", "warning"}, {"role", "note"}}, "Warning: " + warning + ".");
  }
  return element("header", {}, inner + tiles(evaluation));
}

Markup remarks(const Evaluation& evaluation) {
  Markup items;
  for (const std::string& remark : evaluation_remarks(evaluation)) items += element_text("li", {}, remark);
  return element("ul", {{"class", "remarks"}}, items);
}

Markup premodel_section(const Evaluation& evaluation) {
  Markup content;
  if (has_selection(evaluation)) content += selection_figure(evaluation);
  if (!evaluation.stages.empty()) {
    content += element_text("h3", {}, "Its stages") +
               element_text("p", {{"class", "note"}},
                            "A stage is worth its features only where its accuracy exceeds the base rate.") +
               stages_table(evaluation);
  }
  const Markup curve = soundness_figure(evaluation);
  if (!curve.empty()) {
    content += element_text("h3", {}, "Does distance to the training inputs predict failure?") +
               element_text("p", {{"class", "note"}},
                            soundness_sentence(evaluation.soundness, words_of(evaluation))) +
               curve;
  }
  return content;
}

Markup method_row(std::string_view term, std::string_view value) {
  return value.empty() ? Markup{} : element_text("dt", {}, term) + element_text("dd", {}, value);
}

std::string inputs_sentence(const Evaluation& evaluation) {
  if (evaluation.imported)
    return fmt::format("{}, {} models", grouped(evaluation.n_inputs), evaluation.models.size());
  return fmt::format("{} with {} classes; {} more left out because some model failed on them",
                     grouped(evaluation.n_inputs), evaluation.n_classes, evaluation.n_failed);
}

Markup how_measured(const Evaluation& evaluation, const ReportInfo& info) {
  std::string sources;
  for (const std::string& source : info.sources) sources += (sources.empty() ? "" : ", ") + source;
  Markup rows;
  if (!evaluation.imported) rows += method_row("Machine", evaluation.machine);
  rows += method_row(evaluation.imported ? "Costs" : "Timing", timing_sentence(evaluation));
  rows += method_row("What difference the timing makes", timing_difference_sentences(evaluation));
  if (!evaluation.imported) rows += method_row("Energy", evaluation.energy);
  rows += method_row("Profiles", sources);
  rows += method_row("Inputs", inputs_sentence(evaluation));
  rows += method_row("Labels", describe_labels(evaluation.labels_from));
  rows += method_row(
      "Protocol",
      evaluation.folds > 0
          ? fmt::format("{}. Model choice, scaling, neighbours, thresholds, SBS and "
                        "zero router are learned inside each fold from its training inputs alone.",
                        protocol_phrase(evaluation))
          : std::string(
                "Finished policies on all inputs. SBS and zero router are chosen in hindsight, on these very "
                "inputs, which favours them."));
  if (evaluation.terms.counts_ms()) {
    rows += method_row("Times",
                       "Recorded in the profile; decisions are timed while replaying, on an "
                       "otherwise idle process.");
  }
  rows += method_row("Command", info.command);
  rows += method_row("Version", info.version);
  return element("dl", {}, rows);
}

Markup body(const Evaluation& evaluation, const ReportInfo& info) {
  Markup content;
  content +=
      section("Score and " + words_of(evaluation).cost_noun(), "",
              scatter_figure(evaluation) + above_router_figure(evaluation) + frontier_table(evaluation));
  content += section("What the figures say", "", remarks(evaluation));
  content += section("Results", agreement_note(evaluation.labels_from),
                     results_table(evaluation) + contrasts_table(evaluation) + details_table(evaluation));
  content += section("Selection", agreement_note(evaluation.labels_from),
                     selection_metrics_table(evaluation) + request_table(evaluation));
  content += section("Stopping and continuing", agreement_note(evaluation.labels_from),
                     decisions_figure(evaluation));
  content +=
      section("Easy and hard inputs", agreement_note(evaluation.labels_from), difficulty_figure(evaluation));
  content += section("Classes", agreement_note(evaluation.labels_from), classes_tables(evaluation));
  content += section("Confidence", "", reliability_figure(evaluation));
  content += section("How often each model is the optimum", "", optimum_figure(evaluation));
  content += section("The premodel", "", premodel_section(evaluation));
  content += section("What was chosen", "", choices_figure(evaluation));
  content += section("Folds", "", folds_figure(evaluation));
  content += section("How it was measured", "", how_measured(evaluation, info));
  content += section("Methods", "", methods_list(evaluation));
  content += section("Definitions", "", glossary(evaluation));
  return page_head(evaluation, info) + element("main", {}, content) +
         element_text("footer", {}, "Made by triage " + info.version);
}

}  // namespace

std::string evaluation_html(const Evaluation& evaluation, const ReportInfo& info) {
  return report_page("Triage: " + headline(evaluation), evaluation_verdict(evaluation),
                     body(evaluation, info));
}

}  // namespace triage
