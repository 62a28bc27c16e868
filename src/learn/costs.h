// What running models costs on some rows, and the prices that training tries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "triage/tools/rows.h"

namespace triage {

// What combining the looks and deciding takes, for each look of an order of several, whatever the machine:
// 0.2 to 0.6 us on an AMD EPYC (policy_bench). It matters where models take microseconds.
inline constexpr double kDecisionMs = 3e-4;

// Mean costs of the models over some rows, preprocessing apart, since an order pays each recipe once.
class MarginalCosts {
 public:
  // Throws kUsage for energies that were not measured.
  MarginalCosts(const Table& table, Rows rows, const CostWeights& weights);
  // What each model of an order adds, its decision included, shape (order.size()). A single model needs no
  // decision.
  [[nodiscard]] std::vector<double> of(std::span<const ModelIndex> order) const;
  [[nodiscard]] double alone(ModelIndex model) const;
  // Without its preprocessing.
  [[nodiscard]] double infer(ModelIndex model) const { return infer_[static_cast<std::size_t>(model)]; }

 private:
  double decision_ = 0;
  std::vector<std::int32_t> recipe_of_;
  std::vector<double> infer_;       // (m)
  std::vector<double> preprocess_;  // (r)
};

// Prices, in score a unit of cost, where `unit` is the cost of the single best model: from "only what gains
// ten points per hundredth of it" to "whatever gains anything", twelve steps per factor of 10.
[[nodiscard]] std::vector<double> price_grid(double unit);

}  // namespace triage
