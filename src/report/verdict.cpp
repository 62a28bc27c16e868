// The verdict and the remarks: what an evaluation's recommendation and figures say.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sentences.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using Remarks = std::vector<std::string>;

std::string figures(const Evaluation& evaluation, const Method& method) {
  return fmt::format("{} % {} at {} ms", percent(method.pooled.score, 2),
                     score_word(evaluation.criterion, evaluation.labels_from),
                     milliseconds(method.pooled.mean_ms));
}

// "2.61x faster than", "1.2 times the time of".
std::string time_against(double ratio) {
  return ratio < 1 ? fmt::format("{}x faster than", times(1 / ratio))
                   : fmt::format("{} times the time of", times(ratio));
}

std::string use_method(const Evaluation& evaluation, const Method& method) {
  const std::string kinds =
      method.id.kind == MethodKind::kAuto ? fmt::format(" ({})", auto_kinds(evaluation)) : "";
  return fmt::format(
      "Use {}{}: {}, {} {} alone ({}). Its {} differs by {}.", method_phrase(evaluation, method.id), kinds,
      figures(evaluation, method), time_against(method.time_ratio.value), sbs_model(evaluation),
      figures(evaluation, *evaluation.find({MethodKind::kSbs})),
      score_word(evaluation.criterion, evaluation.labels_from), points_phrase(method.score_gain));
}

std::string keep_single(const Evaluation& evaluation) {
  const bool any = !evaluation.recommendation.candidates.empty();
  return fmt::format("Use {} alone: {}.{}", sbs_model(evaluation),
                     figures(evaluation, *evaluation.find({MethodKind::kSbs})),
                     any ? " No policy judged here is worth its selection." : "");
}

const char* shortcoming_phrase(Shortcoming shortcoming) {
  switch (shortcoming) {
    case Shortcoming::kScoresLess:
      return "it scores less than the single best model";
    case Shortcoming::kTooFewInputs:
      return "so few inputs do not tell whether it scores as much as the single best model";
    case Shortcoming::kNeitherFasterNorBetter:
      return "it is neither faster nor better than the single best model";
    case Shortcoming::kNotAboveRouter:
      return "mixing two single models at random (the zero router) does as well at its time";
  }
  return "";
}

void remark_candidates(const Evaluation& evaluation, Remarks& out) {
  const MethodId best = evaluation.recommendation.method;
  for (const Judgement& judged : evaluation.recommendation.candidates) {
    if (judged.method == best) continue;
    const Method& method = *evaluation.find(judged.method);
    const std::string reason =
        judged.shortcoming
            ? fmt::format("not worth using: {}", shortcoming_phrase(*judged.shortcoming))
            : fmt::format("worth using too, but {} is preferred", method_phrase(evaluation, best));
    const std::string subject =
        judged.method.kind == MethodKind::kAuto
            ? fmt::format("What training chooses by itself ({}; {})", auto_kinds(evaluation),
                          figures(evaluation, method))
            : fmt::format("The {} ({})", method_name(evaluation, judged.method), figures(evaluation, method));
    out.push_back(fmt::format("{} is {}; against the zero router at equal time {}.", subject, reason,
                              points_phrase(method.above_router)));
  }
}

void remark_contrasts(const Evaluation& evaluation, Remarks& out) {
  for (const Contrast& contrast : evaluation.contrasts) {
    if (!is_control(contrast.reference.kind)) continue;
    const bool beats = low_end(contrast.score_gain) > 0;
    out.push_back(fmt::format("The {} {} its control '{}': {} at {} times its time.",
                              method_name(evaluation, contrast.method), beats ? "beats" : "does not beat",
                              method_name(evaluation, contrast.reference), points_phrase(contrast.score_gain),
                              times(contrast.time_ratio.value)));
  }
}

// The adaptive policy against what it has to beat, in one sentence.
void remark_rivals(const Evaluation& evaluation, Remarks& out) {
  std::string list;
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.method.kind != MethodKind::kAdaptive) continue;
    if (contrast.reference.kind != MethodKind::kCascade && !is_rival(contrast.reference.kind)) continue;
    list += fmt::format("{}{} {} at {} times its time", list.empty() ? "" : "; ",
                        method_name(evaluation, contrast.reference), points_phrase(contrast.score_gain),
                        times(contrast.time_ratio.value));
  }
  if (!list.empty()) out.push_back(fmt::format("The adaptive policy against its rivals: {}.", list));
}

// The models that a method runs, the commonest first: "v3-small@224, lite1@288 (80, 20 % of the inputs)".
std::string models_run(const Evaluation& evaluation, const Method& method) {
  std::vector<std::size_t> order;
  for (std::size_t m = 0; m < evaluation.models.size(); ++m) {
    if (method.chosen[m] > 0) order.push_back(m);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return method.chosen[a] > method.chosen[b]; });
  std::string names, shares;
  for (const std::size_t m : order) {
    names += (names.empty() ? "" : ", ") + evaluation.models[m];
    shares += (shares.empty() ? "" : ", ") + percent(method.chosen[m], 0);
  }
  return order.size() == 1 ? names : fmt::format("{}, on {} % of the inputs", names, shares);
}

// What is to be used against the cheapest model that is as good as the best; nothing where it is the best.
void remark_cheapest_equal(const Evaluation& evaluation, Remarks& out) {
  const Method* equal = evaluation.find({MethodKind::kCheapestEqual});
  if (equal == nullptr || equal->chosen == evaluation.find({MethodKind::kSbs})->chosen) return;
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.reference != equal->id) continue;
    out.push_back(
        fmt::format("The cheapest model that is no worse than the single best one within noise ({}) scores "
                    "{} % at {} ms; "
                    "against it, {} has {} at {} times its time.",
                    models_run(evaluation, *equal), percent(equal->pooled.score, 2),
                    milliseconds(equal->pooled.mean_ms), method_phrase(evaluation, contrast.method),
                    points_phrase(contrast.score_gain), times(contrast.time_ratio.value)));
  }
}

// Which of two premodels does better, where more than one was asked for.
void remark_variants(const Evaluation& evaluation, Remarks& out) {
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.method.kind != MethodKind::kPremodel) continue;
    if (contrast.reference.kind != MethodKind::kPremodel) continue;
    const bool better = low_end(contrast.score_gain) > 0, worse = high_end(contrast.score_gain) < 0;
    out.push_back(fmt::format("The {} scores {} the '{}': {} at {} times its time.",
                              method_name(evaluation, contrast.method),
                              better  ? "more than"
                              : worse ? "less than"
                                      : "neither more nor less than",
                              method_name(evaluation, contrast.reference), points_phrase(contrast.score_gain),
                              times(contrast.time_ratio.value)));
  }
}

void remark_stages(const Evaluation& evaluation, Remarks& out) {
  const auto& stages = evaluation.stages;
  if (stages.empty()) return;
  const auto n = std::count_if(stages.begin(), stages.end(),
                               [](const StageAccuracy& s) { return s.accuracy > s.base_rate; });
  std::string shares;
  for (const StageAccuracy& s : stages) {
    shares += fmt::format("{}{} ({})", shares.empty() ? "" : ", ", percent(s.accuracy), percent(s.base_rate));
  }
  out.push_back(fmt::format(
      "{} of the premodel's {} stages {} right more often than by always giving the more frequent "
      "answer; in %, with that base rate: {}.",
      n == 0 ? "None" : std::to_string(n), stages.size(), n > 1 ? "are" : "is", shares));
}

void remark_frontier(const Evaluation& evaluation, Remarks& out) {
  for (const Frontier& frontier : evaluation.frontiers) {
    if (!std::isfinite(frontier.speed_up_at_equal_score)) continue;
    out.push_back(
        fmt::format("On the frontier of {} the score of {} alone is reached {}x faster; at its time the "
                    "score is {} points "
                    "higher.",
                    frontier_name(frontier), sbs_model(evaluation), times(frontier.speed_up_at_equal_score),
                    points(frontier.score_gain_at_equal_time)));
  }
}

void remark_bands(const Evaluation& evaluation, Remarks& out) {
  for (const Frontier& frontier : evaluation.frontiers) {
    std::string sentence = band_sentence(frontier);
    if (!sentence.empty()) out.push_back(std::move(sentence));
  }
}

// Bounds the accuracy without labels: two equal answers are both right or both wrong.
void remark_agreement(const Evaluation& evaluation, Remarks& out) {
  const MethodId best = evaluation.recommendation.method;
  if (evaluation.labels_from.empty() || evaluation.criterion != Criterion::kTop1) return;
  if (best == MethodId{MethodKind::kSbs}) return;
  const std::string differing = percent(1 - evaluation.find(best)->pooled.score, 2);
  out.push_back(fmt::format(
      "Whatever the true labels are, the accuracy of the {} on these inputs is within {} points of "
      "{}'s: they differ on {} % of them.",
      method_name(evaluation, best), differing, evaluation.labels_from, differing));
}

void remark_oracle(const Evaluation& evaluation, Remarks& out) {
  const Method& vbs = *evaluation.find({MethodKind::kVbs});
  if (!evaluation.labels_from.empty()) {
    out.push_back(
        fmt::format("A selector that always took the cheapest model that agrees with {}, free of cost, would "
                    "take {} ms.",
                    evaluation.labels_from, milliseconds(vbs.pooled.mean_ms)));
    return;
  }
  out.push_back(
      fmt::format("A selector that is never wrong and free of cost would reach {}; on {} % of the inputs no "
                  "model is right.",
                  figures(evaluation, vbs), percent(evaluation.optimum_share.back())));
}

}  // namespace

std::string evaluation_verdict(const Evaluation& evaluation) {
  const MethodId best = evaluation.recommendation.method;
  std::string verdict = best == MethodId{MethodKind::kSbs} ? keep_single(evaluation)
                                                           : use_method(evaluation, *evaluation.find(best));
  const std::string note = agreement_note(evaluation.labels_from);
  if (!note.empty()) verdict += " " + note;
  return verdict;
}

std::vector<std::string> evaluation_remarks(const Evaluation& evaluation) {
  Remarks out;
  remark_agreement(evaluation, out);
  remark_candidates(evaluation, out);
  remark_cheapest_equal(evaluation, out);
  remark_contrasts(evaluation, out);
  remark_rivals(evaluation, out);
  remark_variants(evaluation, out);
  remark_stages(evaluation, out);
  std::string soundness = soundness_sentence(evaluation.soundness);
  if (!soundness.empty()) out.push_back(std::move(soundness));
  remark_frontier(evaluation, out);
  remark_bands(evaluation, out);
  remark_oracle(evaluation, out);
  return out;
}

}  // namespace triage
