#include "learn/costs.h"

#include <algorithm>
#include <cmath>

namespace triage {

MarginalCosts::MarginalCosts(const Table& table, Rows rows, const CostWeights& weights)
    : decision_(weights.per_ms * kDecisionMs), recipe_of_(table.recipe_of) {
  (void)model_costs(table, rows, weights);  // throws where they were not measured
  const std::size_t n_recipes = table.n_recipes();
  infer_.assign(table.n_models(), 0);
  preprocess_.assign(n_recipes, 0);
  const double share = 1 / static_cast<double>(rows.size());
  for (const std::uint32_t row : rows) {
    for (std::size_t m = 0; m < infer_.size(); ++m) {
      infer_[m] += share * static_cast<double>(table.infer_ms[row * infer_.size() + m]);
    }
    for (std::size_t r = 0; r < n_recipes; ++r) {
      preprocess_[r] += share * static_cast<double>(table.preprocess_ms[row * n_recipes + r]);
    }
  }
  const auto joules = [&](const std::vector<double>& values, std::size_t i) {
    return values.empty() ? kNotMeasured : values[i];
  };
  for (std::size_t m = 0; m < infer_.size(); ++m)
    infer_[m] = weights.of(infer_[m], joules(table.energy.infer_j, m));
  for (std::size_t r = 0; r < n_recipes; ++r)
    preprocess_[r] = weights.of(preprocess_[r], joules(table.energy.preprocess_j, r));
}

std::vector<double> MarginalCosts::of(std::span<const ModelIndex> order) const {
  std::vector<double> costs;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::int32_t recipe = recipe_of_[static_cast<std::size_t>(order[i])];
    const bool paid =
        std::any_of(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](ModelIndex m) { return recipe_of_[static_cast<std::size_t>(m)] == recipe; });
    costs.push_back(infer_[static_cast<std::size_t>(order[i])] +
                    (paid ? 0 : preprocess_[static_cast<std::size_t>(recipe)]) +
                    (order.size() > 1 ? decision_ : 0));
  }
  return costs;
}

double MarginalCosts::alone(ModelIndex model) const { return of({&model, 1}).front(); }

std::vector<double> price_grid(double unit) {
  constexpr double kHighest = 10, kLowest = 3e-4;
  constexpr int kPerDecade = 12;
  std::vector<double> prices;
  for (int i = 0;; ++i) {
    const double price = kHighest * std::pow(10.0, -static_cast<double>(i) / kPerDecade);
    if (price < kLowest) return prices;
    prices.push_back(price / unit);
  }
}

}  // namespace triage
