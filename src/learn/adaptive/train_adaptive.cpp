// Training of adaptive policies: a grid of prices, an order for each by inner cross-validation, then weights
// and gains of the chosen orders on all rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number_text.h"
#include "base/stop.h"
#include "learn/adaptive/order_search.h"
#include "learn/training_info.h"
#include "policy/adaptive_policy.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

void check(const Table& table, Rows rows, const LearnOptions& learn, const AdaptiveOptions& options) {
  const auto fail = [](std::string_view what, auto found, std::string_view expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("adaptive: {} {}, expected {}", what, number_text(found), expected));
  };
  // Every inner fold has to fit something.
  if (rows.size() < 20) fail("training inputs", rows.size(), "at least 20; profile more");
  if (options.max_stages < 1 || options.max_stages > static_cast<int>(kMaxPooledLooks)) {
    fail("stages", options.max_stages, "1 to 4");
  }
  for (const double ratio : options.cost_ratios) {
    if (!(ratio >= 1)) fail("cost ratio", ratio, "at least 1");
  }
  if (options.search_rows < 20) fail("search rows", options.search_rows, "at least 20");
  if (learn.margin && !std::isfinite(*learn.margin)) fail("margin", *learn.margin, "a finite share");
  if (options.price && !(std::isfinite(*options.price) && *options.price >= 0)) {
    fail("price", *options.price, "a finite score a unit of cost, 0 or more");
  }
  if (!has_all_outputs(table, rows))
    fail("a table", "without outputs", "what each model said; profile images");
}

// An order and what to expect of it, for one price.
struct Plan {
  double price = 0;
  const OrderCurve* curve = nullptr;
  Reached expected;
};

// Standard error of the gain.
double error_of(const Reached& reached, std::size_t n_rows) {
  return std::sqrt(std::max(0.0, reached.square - reached.gain * reached.gain) / static_cast<double>(n_rows));
}

// The gain over the single best model, by hard and soft scores.
double shrunk_gain(const Reached& reached, std::size_t n_rows) {
  const double weight = weight_of_hard_scores(error_of(reached, n_rows));
  return weight * reached.gain + (1 - weight) * reached.soft_gain;
}

std::vector<Plan> plan_settings(std::span<const OrderCurve> curves, std::span<const double> prices,
                                std::size_t n_rows) {
  std::vector<Plan> plans;
  for (std::size_t p = 0; p < prices.size(); ++p) {
    const auto value = [&](const OrderCurve& c) {
      return shrunk_gain(c.at_price[p], n_rows) - prices[p] * c.at_price[p].cost;
    };
    const auto best = std::max_element(curves.begin(), curves.end(), [&](const auto& a, const auto& b) {
      return value(a) != value(b) ? value(a) < value(b) : a.order.size() > b.order.size();
    });
    plans.push_back({prices[p], &*best, best->at_price[p]});
  }
  return plans;
}

// Those that are the best at some price.
std::vector<Order> best_orders(std::span<const Plan> plans) {
  std::vector<Order> orders;
  for (const Plan& plan : plans) {
    if (std::find(orders.begin(), orders.end(), plan.curve->order) == orders.end()) {
      orders.push_back(plan.curve->order);
    }
  }
  return orders;
}

// The cheapest plan whose gain reaches the margin or comes within half a standard error of the largest.
// Smaller differences cannot be told apart. Without that allowance the best single model, whose gain over
// itself is exactly 0, would win over a good policy whose estimate came out slightly negative by chance.
// Gains are averaged over neighbouring prices, since single ones are noisy.
std::size_t choose_plan(std::span<const Plan> plans, double margin, std::size_t n_rows) {
  std::vector<double> gains;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    double sum = 0, n = 0;
    for (std::size_t j = i == 0 ? 0 : i - 1; j < std::min(plans.size(), i + 2); ++j) {
      sum += shrunk_gain(plans[j].expected, n_rows);
      n += 1;
    }
    gains.push_back(sum / n);
  }
  const auto best = static_cast<std::size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
  std::size_t chosen = best;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const double enough = std::min(margin, gains[best] - error_of(plans[i].expected, n_rows) / 2);
    if (gains[i] >= enough && plans[i].expected.cost < plans[chosen].expected.cost) chosen = i;
  }
  return chosen;
}

std::size_t nearest_price(std::span<const Plan> plans, double price) {
  std::size_t nearest = 0;
  const auto distance = [&](const Plan& plan) {
    return std::abs(std::log(std::max(price, 1e-300) / plan.price));
  };
  for (std::size_t i = 1; i < plans.size(); ++i) {
    if (distance(plans[i]) < distance(plans[nearest])) nearest = i;
  }
  return nearest;
}

AdaptiveSetting fit_setting(const Plan& plan, StageCache& cache, const MarginalCosts& costs,
                            std::span<const ModelIndex> models) {
  AdaptiveSetting setting;
  setting.price = plan.price;
  setting.score = plan.expected.score;
  setting.cost = plan.expected.cost;
  const Order& order = plan.curve->order;
  std::vector<const StageRows*> stages;
  std::vector<GainFitter> fitters;
  for (std::size_t j = 1; j <= order.size(); ++j) {
    const auto& stage = cache.at(std::span(order).first(j));
    stages.push_back(&stage.rows);
    if (j < order.size()) fitters.emplace_back(stage.rows, cache.fit_on());
    setting.stages.push_back({stage.weights, {}});
    const auto at = std::find(models.begin(), models.end(), order[j - 1]);
    setting.order.push_back(static_cast<ModelIndex>(at - models.begin()));
  }
  const auto gains = fit_stopping(stages, fitters, costs.of(order), plan.price, cache.fit_on());
  for (std::size_t j = 0; j < gains.size(); ++j) setting.stages[j].gain = gains[j];
  return setting;
}

// Those that some plan runs, by rising cost.
std::vector<ModelIndex> models_of(std::span<const Plan> plans, const MarginalCosts& costs) {
  std::vector<ModelIndex> models;
  for (const Plan& plan : plans) {
    for (const ModelIndex model : plan.curve->order) {
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    }
  }
  std::sort(models.begin(), models.end(), [&](ModelIndex a, ModelIndex b) {
    return costs.alone(a) != costs.alone(b) ? costs.alone(a) < costs.alone(b) : a < b;
  });
  return models;
}

}  // namespace

double default_margin(const Table& table) { return table.labels_from.empty() ? 0 : -0.005; }

std::unique_ptr<Policy> train_adaptive(const Table& table, Rows given, const LearnOptions& learn,
                                       const AdaptiveOptions& options) {
  check(table, given, learn, options);
  const auto shuffled = shuffled_rows(table, given, learn.seed);
  const Rows rows(shuffled);
  const auto model_cost = model_costs(table, rows, learn.cost);
  const ModelIndex sbs = single_best(mean_scores(table, rows, learn.criterion), model_cost);
  if (!(model_cost[static_cast<std::size_t>(sbs)] > 0)) {
    throw Error(ErrorCode::kUsage,
                "adaptive: the best single model costs nothing, expected costs above 0; use it alone");
  }
  const auto prices = price_grid(model_cost[static_cast<std::size_t>(sbs)]);

  const auto orders = candidate_orders(table, rows, learn, options);
  const Rows searched = rows.first(std::min(rows.size(), options.search_rows));
  auto curves = judge_orders(table, searched, learn, prices, orders);
  if (searched.size() < rows.size()) {
    // Judge the best orders again, on all rows: a better estimate.
    const auto best = best_orders(plan_settings(curves, prices, searched.size()));
    curves = judge_orders(table, rows, learn, prices, best);
  }
  const auto plans = plan_settings(curves, prices, rows.size());
  const double margin = learn.margin.value_or(default_margin(table));

  StageCache cache(table, rows, learn.criterion, first_positions(rows.size()),
                   strong_models(table, rows, learn.criterion), own_classes(table, rows.size()));
  const MarginalCosts costs(table, rows, learn.cost);
  const auto models = models_of(plans, costs);

  AdaptiveParameters model;
  model.unit = learn.cost;
  model.chosen =
      options.price ? nearest_price(plans, *options.price) : choose_plan(plans, margin, rows.size());
  for (const Plan& plan : plans) {
    throw_if_stopped(learn.stop, "adaptive");
    model.settings.push_back(fit_setting(plan, cache, costs, models));
  }
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, models);
  info.best = make_policy_info(table, rows, learn.criterion, std::span(&sbs, 1)).models.front();
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  const Reached& expected = plans[model.chosen].expected;
  info.training.details =
      AdaptiveFacts{options.price, margin, expected.gain, error_of(expected, rows.size()), orders.size()};
  return make_adaptive(std::move(info), std::move(model));
}

}  // namespace triage
