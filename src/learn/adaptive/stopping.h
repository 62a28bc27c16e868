// When to stop: backward induction along an order of models.
//
// With price p and marginal costs c_j, V_J = r_J after the last look; before, going on from stage j is worth
// V_{j+1} - p c_{j+1}, stopping r_j. The gain of going on, net of its price, is regressed on the evidence by
// ridge regression; the policy goes on while the prediction is above zero, and V_j is what that policy gets.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/combine.h"
#include "stats/standardise.h"

namespace triage {

// Penalties of the regression, on standardised evidence.
inline constexpr double kRidge = 20;
inline constexpr double kOwnRidge = 3000;  // of numbers of single classes, which thousands of rows tell

using GainWeights = std::vector<double>;  // intercept, then one number each

// What one prefix of an order says on n rows.
struct StageRows {
  std::size_t n_numbers =
      kEvidenceNumbers;         // of evidence: kEvidenceNumbers, and the classes' own where they have them
  std::vector<float> evidence;  // (n, n_numbers)
  std::vector<float> right;     // (n) score of its answer, 0 or 1
  std::vector<float> soft;      // (n) its probability of being right, see StageCache

  [[nodiscard]] std::span<const float> evidence_row(std::size_t row) const {
    return {evidence.data() + row * n_numbers, n_numbers};
  }

  // What training takes an answer to be worth: hard scores are right on average, soft ones have less noise.
  [[nodiscard]] double reward(std::size_t row) const {
    return (static_cast<double>(right[row]) + 3 * static_cast<double>(soft[row])) / 4;
  }
};

[[nodiscard]] inline double predict(const GainWeights& model, std::span<const float> evidence) {
  double sum = model[0];
  for (std::size_t i = 0; i < evidence.size(); ++i) sum += model[1 + i] * static_cast<double>(evidence[i]);
  return sum;
}

// The part of ridge regression that does not depend on what is predicted.
class GainFitter {
 public:
  // On the rows `which` of `stage`, at least one.
  GainFitter(const StageRows& stage, std::span<const std::uint32_t> which);
  // `gain` has shape (which.size()).
  [[nodiscard]] GainWeights fit(std::span<const double> gain) const;

 private:
  const StageRows& stage_;
  std::span<const std::uint32_t> which_;
  std::size_t d_;  // numbers of evidence
  Standardisation columns_;
  std::array<std::array<double, kMaxEvidence>, kMaxEvidence> gram_{};
};

// Gains of all stages but the last at a price, shape (stages - 1). `stages` are the prefixes of one order,
// `costs` (stages) what each of its models adds; `fitters` (stages - 1) are of the same rows `which`.
[[nodiscard]] std::vector<GainWeights> fit_stopping(std::span<const StageRows* const> stages,
                                                    std::span<const GainFitter> fitters,
                                                    std::span<const double> costs, double price,
                                                    std::span<const std::uint32_t> which);

// How much hard scores count in a gain whose standard error they have, the rest being soft ones: hard scores
// are right on average, soft ones have less noise, so the fewer rows, the more the soft ones count.
[[nodiscard]] inline double weight_of_hard_scores(double error) {
  constexpr double kTrust = 0.01;  // standard error at which both count the same
  return kTrust * kTrust / (kTrust * kTrust + error * error);
}

// What a policy reaches on some rows, and how that differs from a reference (the single best model), row by
// row.
struct Reached {
  double score = 0;      // mean of `right` where it stops
  double cost = 0;       // mean
  double gain = 0;       // mean of `right` less the reference's
  double soft_gain = 0;  // the same of `soft`
  double square = 0;     // mean square of the difference in `right`

  void add(const Reached& other, double weight) {
    score += weight * other.score;
    cost += weight * other.cost;
    gain += weight * other.gain;
    soft_gain += weight * other.soft_gain;
    square += weight * other.square;
  }
};
[[nodiscard]] Reached run_stopping(std::span<const StageRows* const> stages,
                                   std::span<const GainWeights> gains, std::span<const double> costs,
                                   const StageRows& reference, std::span<const std::uint32_t> which);

}  // namespace triage
