#include "triage/tools/recommendation.h"

#include <algorithm>

namespace triage {
namespace {

bool is_candidate(MethodKind kind) {
  return kind == MethodKind::kPremodel || kind == MethodKind::kCascade || kind == MethodKind::kForests ||
         kind == MethodKind::kLadder || kind == MethodKind::kAdaptive || kind == MethodKind::kAuto ||
         kind == MethodKind::kPolicy;
}

bool is_auto(const Method& method) { return method.id.kind == MethodKind::kAuto; }

Judgement judge(const Method& method) {
  Judgement judged{.method = method.id,
                   .no_worse = low_end(method.score_gain) > -kScoreTolerance,
                   .better = low_end(method.score_gain) > 0,
                   .faster = high_end(method.time_ratio) < 1,
                   .above_router = low_end(method.above_router) > 0};
  if (judged.is_worth_using()) return judged;
  if (!judged.no_worse) {
    judged.shortcoming =
        high_end(method.score_gain) < 0 ? Shortcoming::kScoresLess : Shortcoming::kTooFewInputs;
  } else if (!judged.faster && !judged.better) {
    judged.shortcoming = Shortcoming::kNeitherFasterNorBetter;
  } else {
    judged.shortcoming = Shortcoming::kNotAboveRouter;
  }
  return judged;
}

// Both worth using.
bool is_preferred(const Method& a, const Judgement& a_judged, const Method& b, const Judgement& b_judged) {
  if (a_judged.saves_time() != b_judged.saves_time()) return a_judged.saves_time();
  return a_judged.saves_time() ? a.time_ratio.value < b.time_ratio.value
                               : a.score_gain.value > b.score_gain.value;
}

}  // namespace

const char* to_string(Shortcoming shortcoming) {
  switch (shortcoming) {
    case Shortcoming::kScoresLess:
      return "scores_less";
    case Shortcoming::kTooFewInputs:
      return "too_few_inputs";
    case Shortcoming::kNeitherFasterNorBetter:
      return "neither_faster_nor_better";
    case Shortcoming::kNotAboveRouter:
      return "not_above_router";
  }
  return "";
}

Recommendation recommend(std::span<const Method> methods) {
  Recommendation recommendation;
  const Method* best = nullptr;
  Judgement best_judged;
  const bool has_auto = std::any_of(methods.begin(), methods.end(), is_auto);
  for (const Method& method : methods) {
    if (!is_candidate(method.id.kind)) continue;
    const Judgement judged = judge(method);
    recommendation.candidates.push_back(judged);
    if (!judged.is_worth_using() || (has_auto && !is_auto(method))) continue;
    if (best != nullptr && !is_preferred(method, judged, *best, best_judged)) continue;
    best = &method;
    best_judged = judged;
  }
  if (best != nullptr) recommendation.method = best->id;
  return recommendation;
}

}  // namespace triage
