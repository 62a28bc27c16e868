// The verdict: which method to use, from intervals alone. The rules, also in docs/design.md:
//  - no worse: the 95 % interval of (score - SBS's) lies above -0.5 points; better: it lies above 0;
//  - faster: the interval of (mean time / SBS's) lies below 1;
//  - above the router: the interval of (score - zero router's at equal time) lies above 0;
//  - worth using: above the router, and either no worse and faster, or better.
// Of the learned methods worth using the fastest no worse one is recommended; without such, the one of the
// highest score; without any, SBS alone. Where no intervals were made, the figures themselves are compared.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/band_reading.h"
#include "evaluate/recommendation.h"
#include "report/phrases.h"

namespace triage {
namespace {

constexpr double kTolerance = 0.005;

bool is_candidate(const Method& method) {
  return method.kind == MethodKind::kPremodel || method.kind == MethodKind::kCascade ||
         method.kind == MethodKind::kAdaptive || method.kind == MethodKind::kPolicy;
}
bool is_no_worse(const Method& method) { return low_end(method.score_gain) > -kTolerance; }
bool is_better(const Method& method) { return low_end(method.score_gain) > 0; }
bool is_faster(const Method& method) { return high_end(method.time_ratio) < 1; }
bool is_above_router(const Method& method) { return low_end(method.above_router) > 0; }
bool saves_time(const Method& method) { return is_no_worse(method) && is_faster(method); }
bool is_worth_using(const Method& method) {
  return is_above_router(method) && (saves_time(method) || is_better(method));
}

// Whether `a` is to be preferred to `b`, both worth using.
bool is_preferred(const Method& a, const Method& b) {
  if (saves_time(a) != saves_time(b)) return saves_time(a);
  return saves_time(a) ? a.time_ratio.value < b.time_ratio.value : a.score_gain.value > b.score_gain.value;
}

const Method* recommended(const Evaluation& evaluation) {
  const Method* best = nullptr;
  for (const Method& method : evaluation.methods) {
    if (!is_candidate(method) || !is_worth_using(method)) continue;
    if (best == nullptr || is_preferred(method, *best)) best = &method;
  }
  return best;
}

std::string figures(const Evaluation& evaluation, const Method& method) {
  return fmt::format("{} % {} at {} ms", percent(method.pooled.score, 2),
                     score_word(evaluation.criterion, evaluation.labels_from),
                     milliseconds(method.pooled.mean_ms));
}

// "2.6 times less time than", "1.2 times the time of".
std::string time_against(double ratio) {
  return ratio < 1 ? fmt::format("{} times less time than", times(1 / ratio))
                   : fmt::format("{} times the time of", times(ratio));
}

std::string recommend(const Evaluation& evaluation, const Method& method) {
  return fmt::format("Use the {}: {}, {} {} alone ({}). Its {} differs by {}.", method.name,
                     figures(evaluation, method), time_against(method.time_ratio.value),
                     sbs_model(evaluation), figures(evaluation, *evaluation.find("SBS")),
                     score_word(evaluation.criterion, evaluation.labels_from),
                     points_phrase(method.score_gain));
}

std::string keep_single(const Evaluation& evaluation) {
  const bool any = std::any_of(evaluation.methods.begin(), evaluation.methods.end(), is_candidate);
  return fmt::format("Use {} alone: {}.{}", sbs_model(evaluation),
                     figures(evaluation, *evaluation.find("SBS")),
                     any ? " No policy judged here is worth its selection." : "");
}

// Why a method is not recommended.
std::string shortcoming(const Method& method) {
  if (!is_no_worse(method)) {
    return high_end(method.score_gain) < 0
               ? "it scores less than the single best model"
               : "so few inputs do not tell whether it scores as much as the single best model";
  }
  if (!is_faster(method) && !is_better(method))
    return "it is neither faster nor better than the single best model";
  return "mixing two single models at random (the zero router) does as well at its time";
}

void remark_candidates(Evaluation& evaluation, const Method* best) {
  for (const Method& method : evaluation.methods) {
    if (!is_candidate(method) || &method == best) continue;
    const std::string reason = is_worth_using(method)
                                   ? fmt::format("worth using too, but the {} is preferred", best->name)
                                   : fmt::format("not worth using: {}", shortcoming(method));
    evaluation.remarks.push_back(fmt::format("The {} ({}) is {}; against the zero router at equal time {}.",
                                             method.name, figures(evaluation, method), reason,
                                             points_phrase(method.above_router)));
  }
}

void remark_contrasts(Evaluation& evaluation) {
  for (const Contrast& contrast : evaluation.contrasts) {
    const Method* reference = evaluation.find(contrast.reference);
    if (reference == nullptr || reference->kind != MethodKind::kControl) continue;
    const bool beats = low_end(contrast.score_gain) > 0;
    evaluation.remarks.push_back(fmt::format("The {} {} its control '{}': {} at {} times its time.",
                                             contrast.method, beats ? "beats" : "does not beat",
                                             contrast.reference, points_phrase(contrast.score_gain),
                                             times(contrast.time_ratio.value)));
  }
}

// The adaptive policy against what it has to beat, in one sentence.
void remark_rivals(Evaluation& evaluation) {
  std::string list;
  for (const Contrast& contrast : evaluation.contrasts) {
    const Method* method = evaluation.find(contrast.method);
    const Method* reference = evaluation.find(contrast.reference);
    if (method == nullptr || reference == nullptr || method->kind != MethodKind::kAdaptive) continue;
    if (reference->kind != MethodKind::kCascade && reference->kind != MethodKind::kRival) continue;
    list += fmt::format("{}{} {} at {} times its time", list.empty() ? "" : "; ", contrast.reference,
                        points_phrase(contrast.score_gain), times(contrast.time_ratio.value));
  }
  if (!list.empty()) evaluation.remarks.push_back(fmt::format("The adaptive against its rivals: {}.", list));
}

// Which of two premodels does better, where more than one was asked for.
void remark_variants(Evaluation& evaluation) {
  for (const Contrast& contrast : evaluation.contrasts) {
    const Method* method = evaluation.find(contrast.method);
    const Method* reference = evaluation.find(contrast.reference);
    if (method == nullptr || method->kind != MethodKind::kPremodel) continue;
    if (reference == nullptr || reference->kind != MethodKind::kPremodel) continue;
    const bool better = low_end(contrast.score_gain) > 0, worse = high_end(contrast.score_gain) < 0;
    evaluation.remarks.push_back(fmt::format(
        "The {} scores {} the '{}': {} at {} times its time.", contrast.method,
        better  ? "more than"
        : worse ? "less than"
                : "neither more nor less than",
        contrast.reference, points_phrase(contrast.score_gain), times(contrast.time_ratio.value)));
  }
}

void remark_stages(Evaluation& evaluation) {
  const auto& stages = evaluation.stages;
  if (stages.empty()) return;
  const auto n = std::count_if(stages.begin(), stages.end(),
                               [](const StageAccuracy& s) { return s.accuracy > s.base_rate; });
  std::string shares;
  for (const StageAccuracy& s : stages) {
    shares += fmt::format("{}{} ({})", shares.empty() ? "" : ", ", percent(s.accuracy), percent(s.base_rate));
  }
  evaluation.remarks.push_back(fmt::format(
      "{} of the premodel's {} stages {} right more often than by always giving the more frequent "
      "answer; in %, with that base rate: {}.",
      n == 0 ? "None" : std::to_string(n), stages.size(), n > 1 ? "are" : "is", shares));
}

void remark_frontier(Evaluation& evaluation) {
  for (const Frontier& frontier : evaluation.frontiers) {
    if (!std::isfinite(frontier.speed_up_at_equal_score)) continue;
    evaluation.remarks.push_back(fmt::format(
        "On the frontier of {} the score of {} alone takes {} times less time; at its time the score is {} "
        "points higher.",
        frontier.name, sbs_model(evaluation), times(frontier.speed_up_at_equal_score),
        points(frontier.score_gain_at_equal_time)));
  }
}

void remark_bands(Evaluation& evaluation) {
  for (const Frontier& frontier : evaluation.frontiers) {
    std::string sentence = band_sentence(frontier);
    if (!sentence.empty()) evaluation.remarks.push_back(std::move(sentence));
  }
}

// Two answers that are the same are both right or both wrong.
void remark_agreement(Evaluation& evaluation, const Method* best) {
  if (evaluation.labels_from.empty() || evaluation.criterion != Criterion::kTop1 || best == nullptr) return;
  const std::string differing = percent(1 - best->pooled.score, 2);
  evaluation.remarks.push_back(fmt::format(
      "Whatever the true labels are, the accuracy of the {} on these inputs is within {} points of "
      "{}'s: they differ on {} % of them.",
      best->name, differing, evaluation.labels_from, differing));
}

void remark_oracle(Evaluation& evaluation) {
  const Method& vbs = *evaluation.find("VBS (oracle)");
  if (!evaluation.labels_from.empty()) {
    evaluation.remarks.push_back(
        fmt::format("A selector that always took the cheapest model that agrees with {}, free of cost, would "
                    "take {} ms.",
                    evaluation.labels_from, milliseconds(vbs.pooled.mean_ms)));
    return;
  }
  evaluation.remarks.push_back(
      fmt::format("A selector that is never wrong and free of cost would reach {}; on {} % of the inputs no "
                  "model is right.",
                  figures(evaluation, vbs), percent(evaluation.optimum_share.back())));
}

}  // namespace

void write_verdict(Evaluation& evaluation) {
  const Method* best = recommended(evaluation);
  evaluation.recommended = best != nullptr ? best->name : "SBS";
  evaluation.verdict = best != nullptr ? recommend(evaluation, *best) : keep_single(evaluation);
  const std::string note = agreement_note(evaluation.labels_from);
  if (!note.empty()) evaluation.verdict += " " + note;
  remark_agreement(evaluation, best);
  remark_candidates(evaluation, best);
  remark_contrasts(evaluation);
  remark_rivals(evaluation);
  remark_variants(evaluation);
  remark_stages(evaluation);
  if (!evaluation.soundness.verdict.empty()) evaluation.remarks.push_back(evaluation.soundness.verdict);
  remark_frontier(evaluation);
  remark_bands(evaluation);
  remark_oracle(evaluation);
}

}  // namespace triage
