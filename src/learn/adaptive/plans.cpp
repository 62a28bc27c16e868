#include "learn/adaptive/plans.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "learn/worth.h"

namespace triage {
namespace {

// The gain over the single best model, by hard and soft scores.
double shrunk_gain(const Reached& reached, std::size_t n_rows) {
  const double weight = weight_of_hard_scores(error_of(reached, n_rows));
  return weight * reached.gain + (1 - weight) * reached.soft_gain;
}

std::size_t best_of(std::span<const double> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// The mean over a plan and its two neighbours.
double smooth_gain(std::span<const Plan> plans, std::size_t i, std::size_t n_rows) {
  const std::size_t first = i == 0 ? 0 : i - 1, end = std::min(plans.size(), i + 2);
  const auto around = plans.subspan(first, end - first);
  double sum = 0;
  for (const Plan& plan : around) sum += shrunk_gain(plan.expected, n_rows);
  return sum / static_cast<double>(around.size());
}

}  // namespace

double error_of(const Reached& reached, std::size_t n_rows) {
  return std::sqrt(std::max(0.0, reached.square - reached.gain * reached.gain) / static_cast<double>(n_rows));
}

std::vector<Plan> plan_settings(std::span<const OrderCurve> curves, std::span<const double> prices,
                                std::size_t n_rows) {
  TRIAGE_CHECK(!curves.empty() && !prices.empty());
  const auto value = [&](std::size_t order, std::size_t p) {
    const Reached& reached = curves[order].at_price[p];
    return shrunk_gain(reached, n_rows) - prices[p] * reached.cost;
  };
  // total[o]: of the best way through the prices so far that ends in order o; came[p][o]: its order before.
  std::vector<double> total(curves.size());
  for (std::size_t o = 0; o < curves.size(); ++o) total[o] = value(o, 0);
  std::vector<std::vector<std::size_t>> came(prices.size(), std::vector<std::size_t>(curves.size()));
  for (std::size_t p = 1; p < prices.size(); ++p) {
    const std::size_t best = best_of(total);
    const double most = total[best];
    for (std::size_t o = 0; o < curves.size(); ++o) {
      const double switched = most - error_of(curves[o].at_price[p], n_rows);
      came[p][o] = switched > total[o] ? best : o;
      total[o] = std::max(total[o], switched) + value(o, p);
    }
  }
  std::vector<Plan> plans(prices.size());
  std::size_t order = best_of(total);
  for (std::size_t p = prices.size(); p-- > 0; order = came[p][order]) {
    plans[p] = {prices[p], &curves[order], curves[order].at_price[p]};
  }
  return plans;
}

std::vector<Order> planned_orders(std::span<const Plan> plans) {
  std::vector<Order> orders;
  for (const Plan& plan : plans) {
    if (std::find(orders.begin(), orders.end(), plan.curve->order) == orders.end())
      orders.push_back(plan.curve->order);
  }
  return orders;
}

std::size_t choose_plan(std::span<const Plan> plans, double margin, double best_cost, std::size_t n_rows) {
  std::vector<double> worths;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const Reached& expected = plans[i].expected;
    worths.push_back(expected_worth(smooth_gain(plans, i, n_rows) - margin, error_of(expected, n_rows),
                                    expected.cost / best_cost));
  }
  return best_of(worths);
}

std::size_t nearest_price(std::span<const Plan> plans, double price) {
  const auto distance = [&](const Plan& plan) {
    return std::abs(std::log(std::max(price, 1e-300) / plan.price));
  };
  const auto nearest = std::min_element(
      plans.begin(), plans.end(), [&](const Plan& a, const Plan& b) { return distance(a) < distance(b); });
  return static_cast<std::size_t>(nearest - plans.begin());
}

}  // namespace triage
