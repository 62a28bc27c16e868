// Which order an adaptive policy takes at each price, and which price is the default.
#pragma once

#include <span>
#include <vector>

#include "learn/adaptive/order_search.h"

namespace triage {

// An order and what to expect of it, for one price.
struct Plan {
  double price = 0;
  const OrderCurve* curve = nullptr;
  Reached expected;
};

// One plan for each price, as judged on `n_rows`. One family over all prices: the order changes only where
// the prices that follow gain more by it, in sum, than one standard error of the gain. Found by dynamic
// programming over (price, order).
[[nodiscard]] std::vector<Plan> plan_settings(std::span<const OrderCurve> curves,
                                              std::span<const double> prices, std::size_t n_rows);

// Those that some plan takes.
[[nodiscard]] std::vector<Order> planned_orders(std::span<const Plan> plans);

// Position of the plan of highest expected_worth, of gains less `margin`, where the single best model costs
// `best_cost`; of equals the cheapest. Gains are averaged over neighbouring prices, since single ones are
// noisy.
[[nodiscard]] std::size_t choose_plan(std::span<const Plan> plans, double margin, double best_cost,
                                      std::size_t n_rows);
[[nodiscard]] std::size_t nearest_price(std::span<const Plan> plans, double price);

// Standard error of the gain over the single best model.
[[nodiscard]] double error_of(const Reached& reached, std::size_t n_rows);

}  // namespace triage
