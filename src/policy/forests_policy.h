// The policy that forests make, or neighbours in their place: what the features say decides which model runs,
// before anything has run.
#pragma once

#include <optional>
#include <vector>

#include "policy/forests.h"
#include "policy/nearest_rows.h"
#include "policy/priced_policy.h"
#include "policy/run_schedule.h"

namespace triage {

// Positions are those of PolicyInfo::models; features are those of its schema.
struct ForestsParameters {
  Forests forests;                                        // empty where neighbours choose
  std::optional<NearestRows> nearest;                     // instead of forests
  CostWeights unit = kTimeCost;                           // of costs and prices
  std::vector<PriceSetting> settings;                     // 1 or more, by falling price
  std::size_t chosen = 0;                                 // of a request without a price
  RunSchedule schedule{};                                 // only with Terms::cutoff
  std::optional<Certificate> certificate = std::nullopt;  // of the chosen setting

  [[nodiscard]] std::size_t n_models() const { return nearest ? nearest->n_models : forests.n_models; }
  [[nodiscard]] std::size_t n_features() const {
    return nearest ? nearest->n_features : forests.features.n_features;
  }
  [[nodiscard]] bool has_costs() const { return nearest ? nearest->has_costs() : forests.has_costs; }
};

class ForestsPolicy final : public PricedPolicy<ForestsParameters> {
 public:
  ForestsPolicy(PolicyInfo info, ForestsParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "forests"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;

  // The model of the least expected loss and price, what is expected of it, and the next.
  struct Ranking {
    ModelIndex best = kNoModel, second = kNoModel;
    float loss = 0, cost = 0;  // of the best; the cost NaN where none is predicted
  };
  // Of each of n rows, `features` (n, d): what is chosen once a schedule's short runs are over.
  void rank_rows(std::span<const float> features, const Request& request, std::span<Ranking> rankings) const;
  // How the choice runs where no short run comes before it.
  [[nodiscard]] Action first_run(const Ranking& ranking) const;

 private:
  [[nodiscard]] double price_of(const Request& request) const;
  [[nodiscard]] Ranking rank(const Evidence& evidence, Trace* trace) const;
  [[nodiscard]] Action next_of_schedule(const Evidence& evidence, const Ranking& ranking) const;
  [[nodiscard]] std::unique_ptr<Policy> remake(ForestsParameters parameters) const override;

  std::optional<NearestSearch> search_;  // where neighbours choose
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_forests(PolicyInfo info, ForestsParameters parameters);

}  // namespace triage
