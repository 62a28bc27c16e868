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
  return words_of(evaluation).figures(method.pooled.score, method.pooled.mean_ms);
}

// "2.61x faster than", "1.2 times the cost of"; "against" where the other costs nothing.
std::string time_against(const ScoreWords& words, double ratio) {
  if (!std::isfinite(ratio)) return "against";
  return ratio < 1 ? fmt::format("{}x {} than", times(1 / ratio), words.faster())
                   : fmt::format("{} times the {} of", times(ratio), words.cost_noun());
}

// "+0.12 points [-0.10, +0.31] at 1.2 times its time".
std::string contrast_phrase(const ScoreWords& words, const Contrast& contrast) {
  return fmt::format("{} at {} times its {}", words.gain_phrase(contrast.score_gain),
                     times(contrast.time_ratio.value), words.cost_noun());
}

// Whether it may as well be 0; not of what never differs from the single best model.
bool is_within_noise(const Estimate& gain) {
  const auto& [low, high] = gain.interval;
  return low <= 0 && high >= 0 && low < high;
}

// What chooses by features, and what training chooses, must not lose to the single best model unseen.
bool is_told_noise(const Evaluation& evaluation, MethodId method) {
  const bool is_of_table = evaluation.imported || evaluation.find({MethodKind::kForests}) != nullptr;
  return is_of_table && (method.kind == MethodKind::kForests || method.kind == MethodKind::kLadder ||
                         method.kind == MethodKind::kAuto);
}

std::string noise_sentences(const Evaluation& evaluation) {
  std::string out;
  for (const Judgement& judged : evaluation.recommendation.candidates) {
    const Estimate& gain = evaluation.find(judged.method)->score_gain;
    if (!is_told_noise(evaluation, judged.method) || !is_within_noise(gain)) continue;
    out += fmt::format(" The estimated gain of {}, {}, is within its noise.",
                       method_phrase(evaluation, judged.method), words_of(evaluation).gain_phrase(gain));
  }
  return out;
}

// How the recommended method's score differs from that of the single best model.
std::string gain_sentence(const Evaluation& evaluation, const Method& method) {
  const ScoreWords words = words_of(evaluation);
  std::string out = words.is_named() ? fmt::format(" It is {}.", words.advantage(method.score_gain))
                                     : fmt::format(" Its {} differs by {}.", words.name(),
                                                   words.gain_phrase(method.score_gain));
  if (is_told_noise(evaluation, method.id) && is_within_noise(method.score_gain)) {
    out += fmt::format(" That is within its noise: what it surely saves is {}.", words.cost_noun());
  }
  return out;
}

std::string use_method(const Evaluation& evaluation, const Method& method) {
  const std::string kinds =
      method.id.kind == MethodKind::kAuto ? fmt::format(" ({})", auto_kinds(evaluation)) : "";
  return fmt::format("Use {}{}: {}, {} {} alone ({}).", method_phrase(evaluation, method.id), kinds,
                     figures(evaluation, method), time_against(words_of(evaluation), method.time_ratio.value),
                     sbs_model(evaluation), figures(evaluation, *evaluation.find({MethodKind::kSbs}))) +
         gain_sentence(evaluation, method);
}

std::string keep_single(const Evaluation& evaluation) {
  const bool any = !evaluation.recommendation.candidates.empty();
  return fmt::format("Use {} alone: {}.{}", sbs_model(evaluation),
                     figures(evaluation, *evaluation.find({MethodKind::kSbs})),
                     any ? " No policy judged here is worth its selection." : "") +
         noise_sentences(evaluation);
}

std::string shortcoming_phrase(const ScoreWords& words, Shortcoming shortcoming) {
  switch (shortcoming) {
    case Shortcoming::kScoresLess:
      return fmt::format("it {} than the single best model", words.is_named() ? "is worse" : "scores less");
    case Shortcoming::kTooFewInputs:
      return fmt::format("so few inputs do not tell whether it {} as the single best model",
                         words.is_named() ? "is as good" : "scores as much");
    case Shortcoming::kNeitherFasterNorBetter:
      return fmt::format("it is neither {} nor better than the single best model", words.faster());
    case Shortcoming::kNotAboveRouter:
      return fmt::format("mixing two single models at random (the zero router) does as well at its {}",
                         words.cost_noun());
  }
  return "";
}

void remark_candidates(const Evaluation& evaluation, Remarks& out) {
  const MethodId best = evaluation.recommendation.method;
  const ScoreWords words = words_of(evaluation);
  for (const Judgement& judged : evaluation.recommendation.candidates) {
    if (judged.method == best) continue;
    const Method& method = *evaluation.find(judged.method);
    const std::string reason =
        judged.shortcoming
            ? fmt::format("not worth using: {}", shortcoming_phrase(words, *judged.shortcoming))
            : fmt::format("worth using too, but {} is preferred", method_phrase(evaluation, best));
    const std::string subject = judged.method.kind == MethodKind::kAuto
                                    ? fmt::format("What training chooses by itself ({}; {})",
                                                  auto_kinds(evaluation), figures(evaluation, method))
                                    : fmt::format("The {}{} ({})", method_name(evaluation, judged.method),
                                                  judged.method.kind == MethodKind::kForests ? " policy" : "",
                                                  figures(evaluation, method));
    out.push_back(fmt::format("{} is {}; against the zero router at equal {} {}.", subject, reason,
                              words.cost_noun(), words.gain_phrase(method.above_router)));
  }
}

void remark_contrasts(const Evaluation& evaluation, Remarks& out) {
  for (const Contrast& contrast : evaluation.contrasts) {
    if (!is_control(contrast.reference.kind)) continue;
    const bool beats = low_end(contrast.score_gain) > 0;
    out.push_back(fmt::format("The {} {} its control '{}': {}.", method_name(evaluation, contrast.method),
                              beats ? "beats" : "does not beat", method_name(evaluation, contrast.reference),
                              contrast_phrase(words_of(evaluation), contrast)));
  }
}

// The adaptive policy against what it has to beat, in one sentence.
void remark_rivals(const Evaluation& evaluation, Remarks& out) {
  std::string list;
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.method.kind != MethodKind::kAdaptive) continue;
    if (contrast.reference.kind != MethodKind::kCascade && !is_rival(contrast.reference.kind)) continue;
    list += fmt::format("{}{} {}", list.empty() ? "" : "; ", method_name(evaluation, contrast.reference),
                        contrast_phrase(words_of(evaluation), contrast));
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
  const ScoreWords words = words_of(evaluation);
  const std::string scores = words.is_named()
                                 ? "has " + figures(evaluation, *equal)
                                 : fmt::format("scores {} % at {}", words.score(equal->pooled.score),
                                               words.cost_phrase(equal->pooled.mean_ms));
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.reference != equal->id) continue;
    out.push_back(
        fmt::format("The cheapest model that is no worse than the single best one within noise ({}) {}; "
                    "against it, {} has {}.",
                    models_run(evaluation, *equal), scores, method_phrase(evaluation, contrast.method),
                    contrast_phrase(words, contrast)));
  }
}

// Which of two premodels does better, where more than one was asked for.
void remark_variants(const Evaluation& evaluation, Remarks& out) {
  const ScoreWords words = words_of(evaluation);
  for (const Contrast& contrast : evaluation.contrasts) {
    if (contrast.method.kind != MethodKind::kPremodel) continue;
    if (contrast.reference.kind != MethodKind::kPremodel) continue;
    const bool better = low_end(contrast.score_gain) > 0, worse = high_end(contrast.score_gain) < 0;
    const std::string_view is = words.is_named() ? (better  ? "is better than"
                                                    : worse ? "is worse than"
                                                            : "is neither better nor worse than")
                                : better         ? "scores more than"
                                : worse          ? "scores less than"
                                                 : "scores neither more nor less than";
    out.push_back(fmt::format("The {} {} the '{}': {}.", method_name(evaluation, contrast.method), is,
                              method_name(evaluation, contrast.reference), contrast_phrase(words, contrast)));
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
  const ScoreWords words = words_of(evaluation);
  for (const Frontier& frontier : evaluation.frontiers) {
    if (!std::isfinite(frontier.speed_up_at_equal_score)) continue;
    const double gain = frontier.score_gain_at_equal_time;
    const std::string better = words.is_named()
                                   ? "it is " + words.advantage({gain, {}})
                                   : fmt::format("the score is {} points higher", words.gain(gain));
    out.push_back(fmt::format("On the frontier of {} the {} of {} alone is reached {}x {}; at its {} {}.",
                              frontier_name(frontier), words.is_named() ? words.name() : "score",
                              sbs_model(evaluation), times(frontier.speed_up_at_equal_score), words.faster(),
                              words.cost_noun(), better));
  }
}

void remark_bands(const Evaluation& evaluation, Remarks& out) {
  for (const Frontier& frontier : evaluation.frontiers) {
    std::string sentence = band_sentence(frontier, words_of(evaluation));
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

// What not even the oracle solves, of run times.
std::string unsolved_note(const Evaluation& evaluation) {
  if (!words_of(evaluation).counts_run_times()) return {};
  return fmt::format("; on {} % of the inputs no model ends in time",
                     percent(evaluation.optimum_share.back()));
}

void remark_oracle(const Evaluation& evaluation, Remarks& out) {
  const Method& vbs = *evaluation.find({MethodKind::kVbs});
  if (!evaluation.labels_from.empty()) {
    out.push_back(
        fmt::format("A selector that always took the cheapest model that agrees with {}, free of cost, would "
                    "take {}.",
                    evaluation.labels_from, words_of(evaluation).cost_phrase(vbs.pooled.mean_ms)));
    return;
  }
  if (words_of(evaluation).is_named()) {
    out.push_back(fmt::format("A selector that is never wrong and free of cost would reach {}{}.",
                              figures(evaluation, vbs), unsolved_note(evaluation)));
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
  std::string soundness = soundness_sentence(evaluation.soundness, words_of(evaluation));
  if (!soundness.empty()) out.push_back(std::move(soundness));
  remark_frontier(evaluation, out);
  remark_bands(evaluation, out);
  remark_oracle(evaluation, out);
  return out;
}

}  // namespace triage
