// Learning curves as figures: the training sets of each size summed up, and auto held against its rivals.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "study/learning_draw.h"

namespace triage {

struct CurveQuartiles {
  double low = 0, median = 0, high = 0;
};
// A method after training on so many inputs, over the draws; against the SBS of the same draw.
struct CurvePoint {
  CurveMethod method = CurveMethod::kAuto;
  CurveQuartiles gain;   // mean score less that of the SBS, a share
  CurveQuartiles ratio;  // mean time over that of the SBS
  double mean_gain = 0, mean_ratio = 1;
  double worth = 0;  // mean_gain + kWorthOfTime * (1 - mean_ratio)
};

// Auto less a method, over draws and inputs, with the standard error for both (stats/crossed_error.h).
struct CurveRival {
  CurveMethod method = CurveMethod::kSbs;
  double worth = 0, worth_error = 0;
  double score = 0, score_error = 0;
  bool is_cheaper = false;  // the method takes no more time than auto
  // Auto is worth less, by more than half a standard error.
  [[nodiscard]] bool is_above() const;
  // The method has more score, by more than half a standard error, and takes no more time.
  [[nodiscard]] bool dominates() const;
  // Either of them, by a method that the check counts.
  [[nodiscard]] bool fails_auto() const;
};

struct CurveStep {
  std::size_t inputs = 0;          // to train on
  std::size_t judging = 0;         // inputs of a draw that judge
  std::vector<CurvePoint> points;  // as curve_methods() has them
  std::vector<CurveRival> rivals;  // the same without auto
  std::vector<PolicyKind> chosen;  // by auto, shape (draws)

  // Whether no rival fails it.
  [[nodiscard]] bool passes() const;
};

// 100, 200, 400, ... and `most` itself where it is at least a quarter more than the last of them; all leave a
// fifth of `n_inputs`, or 200, whichever is fewer. None where 100 leave too few.
[[nodiscard]] std::vector<std::size_t> curve_sizes(std::size_t n_inputs, std::size_t most);

[[nodiscard]] CurveStep sum_up_draws(std::span<const LearningDraw> draws, std::size_t n_train);

// One step for each size. Throws as study_learning() does.
[[nodiscard]] std::vector<CurveStep> measure_curves(const Table& table, const LearningOptions& options);

}  // namespace triage
