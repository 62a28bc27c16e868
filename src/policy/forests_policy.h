// The policy that forests make: what the features say decides which model runs, before anything has run.
#pragma once

#include <optional>
#include <vector>

#include "policy/forests.h"
#include "policy/run_schedule.h"
#include "triage/policy.h"

namespace triage {

// Positions are those of PolicyInfo::models; features are those of its schema.
struct ForestsParameters {
  Forests forests;
  CostWeights unit = kTimeCost;        // of costs and prices
  std::vector<PriceSetting> settings;  // 1 or more, by falling price
  std::size_t chosen = 0;              // of a request without a price
  RunSchedule schedule{};              // only with Terms::cutoff
};

class ForestsPolicy final : public Policy {
 public:
  ForestsPolicy(PolicyInfo info, ForestsParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "forests"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] std::span<const PriceSetting> price_settings() const override { return parameters_.settings; }
  [[nodiscard]] std::optional<std::size_t> default_setting() const override { return parameters_.chosen; }
  [[nodiscard]] CostWeights price_unit() const override { return parameters_.unit; }
  [[nodiscard]] const ForestsParameters& parameters() const { return parameters_; }

  // The choice for each of n rows, `features` (n, d), without what a schedule adds.
  void choose_rows(std::span<const float> features, const Request& request,
                   std::span<ModelIndex> models) const;

 private:
  [[nodiscard]] double price_of(const Request& request) const;
  // The model of the least expected loss and price, and the next.
  struct Ranking {
    ModelIndex best = kNoModel, second = kNoModel;
  };
  [[nodiscard]] Ranking rank(const Evidence& evidence, Trace* trace) const;
  [[nodiscard]] Action next_of_schedule(const Evidence& evidence, const Ranking& ranking) const;

  ForestsParameters parameters_;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_forests(PolicyInfo info, ForestsParameters parameters);

}  // namespace triage
