// Cascade routing: J. Dekoninck, M. Baader, M. Vechev, "A Unified Approach to Routing and Cascading for
// LLMs", ICML 2025, arXiv 2410.10347; code at github.com/eth-sri/cascade-routing. A rival in evaluation, not
// saved to policy files.
//
// A "supermodel" is a set M of models that are all run, with the best of their answers taken. After the
// models S have run, every M that contains S is worth
//
//   E[max over m in M of q_m] - lambda * cost(M)
//
// where q_m, the quality of m's answer, is normal: its mean is estimated from what the models in S said, its
// covariance is how far such estimates lie from those made when all have run. While the best M is not S
// itself, its cheapest model that has not run is; then everything is estimated again. lambda may differ from
// step to step. A superset of M is not looked at when the last model added to M does not pay (their Lemma 1).
//
// Where we go beyond the paper, each time because it made the rival stronger: the models to choose from (the
// "pool", which the paper is given) are searched like lambda; estimates use the numbers of all looks, not of
// the model in question alone; covariances grow with q (1 - q), so that a confident answer is expected to
// gain less than a doubtful one; and E[max] is computed by Clark's formulas, not from 100 random draws.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "learn/routing/expected_max.h"
#include "triage/policy.h"

namespace triage {

inline constexpr std::size_t kMaxRoutedLooks = 4;  // models that run on one input
inline constexpr std::size_t kNumbersPerLook = 4;  // of a look

// What estimates are made from; entry [m] of models that have not run means nothing.
struct LookEvidence {
  // log(t1 / (1 - t1)), log t2, entropy, t1, where t1 and t2 are the model's two best probabilities.
  std::array<std::array<float, kNumbersPerLook>, kMaxRouted> own{};
  std::array<std::array<float, kMaxRouted>, kMaxRouted> log_p{};  // [a][b] of what b gives to a's best class
  std::array<std::int32_t, kMaxRouted> best{};
};
// `outputs` (k): null where a model has not run.
[[nodiscard]] LookEvidence gather_evidence(std::span<const TopK* const> outputs);

// Numbers of a set of looks: each one's own; of each pair the logarithms of what one gives to the other's
// best class, both ways, and whether their best classes are the same.
[[nodiscard]] constexpr std::size_t count_numbers(std::size_t n_looks) {
  return n_looks * kNumbersPerLook + 3 * (n_looks * (n_looks - 1) / 2);
}
inline constexpr std::size_t kMaxRoutingNumbers = count_numbers(kMaxRoutedLooks);
void write_numbers(const LookEvidence& evidence, ModelSet set, std::span<double> numbers);

// What one set of looks tells about the quality of all k models.
struct SetEstimator {
  std::vector<double> weights;  // (k, 1 + d) of logistic regressions on the set's d numbers
  // (2^k) by pool, each (k, k): covariance of the gaps between these estimates and those when the whole pool
  // has run, each gap in units of sqrt(q (1 - q)). Only the pool's own entries count. Empty for pools that do
  // not contain the set, or have too many models.
  std::vector<std::vector<double>> gaps;
};
struct QualityEstimator {
  std::size_t n_models = 0;  // k
  std::size_t most = 0;      // models of a pool
  // By set, (2^k); empty for sets of more than `most` models. Weights of models outside a set of `most` are
  // 0.
  std::vector<SetEstimator> sets;

  // The means q of all k qualities, after the looks of `set`.
  void estimate(const LookEvidence& evidence, ModelSet set, std::span<double> quality) const;
  // Their covariances (k, k) row-major, for models of the pool; 0 for others.
  void spread(std::span<const double> quality, ModelSet set, ModelSet pool,
              std::span<double> covariance) const;
};

// What running sets of models costs.
struct SetCosts {
  std::vector<double> of_set;  // (2^k) with each recipe once
  std::vector<double> least;   // (k) what a model adds at the very least
};

struct Supermodel {
  ModelSet set = 0;
  double quality = 0;  // expected
  double value = 0;    // less lambda times what it costs more than what has run
};
// The best superset of `run` within `pool`; `run` itself when none is worth more. Not empty unless the pool
// is.
[[nodiscard]] Supermodel best_supermodel(const Normals& qualities, const SetCosts& costs, ModelSet run,
                                         double lambda, ModelSet pool);

// How it is used at one price.
struct RoutingSetting {
  double price = 0;            // score that a unit of cost is worth, for which this setting is the best
  ModelSet pool = 0;           // that it chooses from; the cheapest runs first, as all inputs look alike then
  std::vector<double> lambda;  // (pool's models, less one) for the decision after 1, 2, ... looks
  double score = 0, cost = 0;  // expected, by inner cross-validation
};

struct RoutingParameters {
  CostWeights unit = kTimeCost;  // of costs and prices
  QualityEstimator estimator;
  SetCosts costs;
  std::vector<RoutingSetting> settings;  // by falling price
  RoutingSetting chosen;                 // of a request without a price
};

class CascadeRouting final : public Policy {
 public:
  // The models of `info` are by rising cost. Throws kPolicy when the parts do not fit together.
  CascadeRouting(PolicyInfo info, RoutingParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "cascade routing"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] Action answer(const Evidence& evidence) const override;
  [[nodiscard]] std::span<const PriceSetting> price_settings() const override { return prices_; }
  [[nodiscard]] CostWeights price_unit() const override { return parameters_.unit; }
  [[nodiscard]] const RoutingParameters& parameters() const { return parameters_; }

 private:
  [[nodiscard]] const RoutingSetting& setting(const Request& request) const;

  RoutingParameters parameters_;
  std::vector<PriceSetting> prices_;  // of the settings
};

}  // namespace triage
