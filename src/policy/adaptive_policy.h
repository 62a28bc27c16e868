// Look, then decide: after every look the policy combines what was said (policy/combine.h), predicts what the
// next model of its order would gain in score, less its price, and stops when that is not above zero.
//
// A policy holds a setting for each price of a grid, cheapest in use first, so that one file serves every
// request; training (learn/adaptive/train_adaptive.cpp) chooses the one that is used when the request names
// no price.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/combine.h"
#include "policy/priced_policy.h"

namespace triage {

// What is decided after the first j looks of an order; j is its position plus one.
struct AdaptiveStage {
  // Of these looks in the combination: (j), or (j + 1, classes) where each class has its own.
  std::vector<double> weights;
  // predicted_gain() of going on, net of its price; empty in the last stage.
  std::vector<double> gain;
};

struct AdaptiveSetting {
  double price = 0;                   // score that a unit of cost is worth; 0 or more
  std::vector<ModelIndex> order;      // 1 to kMaxPooledLooks different models
  std::vector<AdaptiveStage> stages;  // (order.size())
  // What inner cross-validation expects of it: mean score, and mean cost of the looks.
  double score = 0;
  double cost = 0;
};

struct AdaptiveParameters {
  CostWeights unit = kTimeCost;            // of costs and prices
  std::vector<AdaptiveSetting> settings;   // by falling price
  std::size_t chosen = 0;                  // the setting of a request without a price
  std::optional<Certificate> certificate;  // of the chosen setting
};

class Adaptive final : public PricedPolicy<AdaptiveParameters> {
 public:
  Adaptive(PolicyInfo info, AdaptiveParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "adaptive"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] Action answer(const Evidence& evidence) const override;
  [[nodiscard]] std::vector<OrderedLook> look_order(const Request& request) const override;
  // The chosen one, or the one whose price is nearest (by ratio) to the request's.
  [[nodiscard]] const AdaptiveSetting& setting(const Request& request) const;

 private:
  [[nodiscard]] std::unique_ptr<Policy> remake(AdaptiveParameters parameters) const override;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_adaptive(PolicyInfo info, AdaptiveParameters parameters);

}  // namespace triage
