// One training set of the learning curves: everything is trained on it and replayed on other inputs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "triage/tools/study.h"

namespace triage {

// What is compared; the zero router mixes the single models of the training set for the mean time of kAuto.
enum class CurveMethod {
  kAuto,
  kSbs,
  kCheapestEqual,
  kCascadeOfTwo,
  kCascadeOfThree,
  kAdaptive,
  kUnlabelled,  // auto, trained on LearningOptions::unlabelled further inputs
  kCascadeRouting,
  kZeroRouter
};
[[nodiscard]] std::string_view to_string(CurveMethod method);
// Whether kAuto is to be nowhere below it. Not those that exist only as a choice of auto's.
[[nodiscard]] bool is_judged_rival(CurveMethod method);
// Those that the table has models for, in the order above.
[[nodiscard]] std::vector<CurveMethod> curve_methods(const Table& table, const LearningOptions& options);

// On the test rows of the draw; shape (test).
struct CurveOutcome {
  CurveMethod method = CurveMethod::kAuto;
  std::vector<double> scores, ms;
};
struct LearningDraw {
  std::vector<std::uint32_t> test;
  PolicyKind auto_kind = PolicyKind::kSingleBest;
  std::vector<CurveOutcome> outcomes;  // as curve_methods() has them
};

// The first `n_train` of the draw's order of the table's inputs train; the last ones, at most
// LearningOptions::most_judging, judge, but none of a group that trains too. So what a draw trains on at one
// size it also trains on at the next.
[[nodiscard]] LearningDraw make_learning_draw(const Table& table, std::size_t n_train, std::uint64_t draw,
                                              const LearningOptions& options);

}  // namespace triage
