// Runs the exhibits in the paper's order and sums them up.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/stop.h"
#include "report/phrases.h"
#include "study/exhibits.h"
#include "triage/clock.h"
#include "triage/error.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

void check_study(const Table& table) {
  check_table(table);
  if (table.schema.size() == 0) {
    throw Error(ErrorCode::kUsage,
                "study: the profile has no features, expected the paper's; profile again with them");
  }
  if (std::all_of(table.outputs.begin(), table.outputs.end(), [](const TopK& o) { return o.empty(); })) {
    throw Error(ErrorCode::kUsage,
                "study: the profile has scores alone, expected what the models said, which the cascade "
                "needs; profile the networks");
  }
}

std::string describe_verdict(const StudyRun& run) {
  const Evaluation& evaluation = run.evaluation;
  const Method& premodel = method_of(evaluation, {MethodKind::kPremodel});
  const Method& cascade = method_of(evaluation, {MethodKind::kCascade});
  const Method& sbs = method_of(evaluation, {MethodKind::kSbs});
  const std::string note = agreement_note(evaluation.labels_from);
  // There is no gap where labels are a model's answers: it is the best model and never wrong.
  const double closed = premodel.pooled.closed_gap;
  const std::string gap =
      std::isfinite(closed) ? fmt::format(", and a closed gap of {} %", percent(closed)) : "";
  return fmt::format(
      "The paper's premodel scores {} % {} at {} ms; {}, the best single model, {} % at {} ms. That is {} "
      "against it, {} against the zero router at equal time{}. The confidence cascade, "
      "which looks at what a cheap "
      "model says, scores {} % at {} ms.{}{}",
      percent(premodel.pooled.score, 2), criterion_name(run.evaluation),
      milliseconds(premodel.pooled.mean_ms), sbs_model(evaluation), percent(sbs.pooled.score, 2),
      milliseconds(sbs.pooled.mean_ms), points_phrase(premodel.score_gain),
      points_phrase(premodel.above_router), gap, percent(cascade.pooled.score, 2),
      milliseconds(cascade.pooled.mean_ms), note.empty() ? "" : " ", note);
}

}  // namespace

Study study_paper(const Table& table, const StudyOptions& options) {
  check_study(table);
  const auto step = [&](std::string_view what) {
    throw_if_stopped(options.stop, "study");
    if (options.on_step) options.on_step(what);
  };
  step("cross-validation");
  StudyRun run = start_run(table, options);
  Study study;
  study.title =
      fmt::format("Adaptive model selection on {} inputs and {} models", table.n_inputs(), table.n_models());
  const auto add = [&](Exhibit exhibit) { study.exhibits.push_back(std::move(exhibit)); };
  const auto add_all = [&](std::vector<Exhibit> exhibits) {
    for (Exhibit& exhibit : exhibits) add(std::move(exhibit));
  };
  step("models");
  add_all(motivation_exhibits(run));
  add(optimum_exhibit(run));
  add_all(selection_exhibits(run));
  step("features");
  const std::int64_t start = steady_clock().now_ns();
  const auto searches = search_features(run);
  const double search_ms =
      static_cast<double>(steady_clock().now_ns() - start) * 1e-6 / static_cast<double>(searches.size());
  add_all(feature_exhibits(run, searches));
  add_all(performance_exhibits(run));
  step("kinds of premodels");
  add(techniques_exhibit(run));
  add(mixtures_exhibit(run));
  step("numbers of models");
  add(model_count_exhibit(run));
  step("costs");
  add(cost_exhibit(run, search_ms));
  add(controls_exhibit(run));
  add(stages_exhibit(run));
  add(soundness_exhibit(run));
  if (options.other != nullptr) {
    step("stability");
    add(stability_exhibit(run));
  }
  if (options.exhaustive != nullptr) {
    step("timing");
    add(timing_exhibit(run));
  }
  step("variants");
  add(variants_exhibit(run, searches));
  study.verdict = describe_verdict(run);
  study.findings = evaluation_remarks(run.evaluation);
  study.contradictions = paper_contradictions();
  study.evaluation = std::move(run.evaluation);
  return study;
}

}  // namespace triage
