// Training of adaptive policies: a grid of prices, an order for each by inner cross-validation, then weights
// and gains of the chosen orders on all rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number_text.h"
#include "base/stop.h"
#include "learn/adaptive/order_search.h"
#include "learn/adaptive/plans.h"
#include "learn/priced_outcome.h"
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
  expect_training_inputs(table, rows, "adaptive");
  if (options.max_stages < 1 || options.max_stages > static_cast<int>(kMaxPooledLooks)) {
    fail("stages", options.max_stages, "1 to 4");
  }
  for (const double ratio : options.cost_ratios) {
    if (!(ratio >= 1)) fail("cost ratio", ratio, "at least 1");
  }
  if (options.search_rows < 20) fail("search rows", options.search_rows, "at least 20");
  if (learn.margin && !std::isfinite(*learn.margin)) fail("margin", *learn.margin, "a finite share");
  if (options.price) expect_price("adaptive", *options.price);
  if (!has_all_outputs(table, rows))
    fail("a table", "without outputs", "what each model said; profile images");
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
    const auto& stage = cache.at(order.first(j));
    stages.push_back(&stage.rows);
    if (j < order.size()) fitters.emplace_back(stage.rows, cache.fit_on());
    setting.stages.push_back({stage.weights, {}});
    const auto at = std::find(models.begin(), models.end(), order.models[j - 1]);
    setting.order.push_back(static_cast<ModelIndex>(at - models.begin()));
  }
  const auto gains = fit_stopping(stages, fitters, costs.of(order.models), plan.price, cache.fit_on());
  for (std::size_t j = 0; j < gains.size(); ++j) setting.stages[j].gain = gains[j];
  return setting;
}

// Those that some plan runs, by rising cost.
std::vector<ModelIndex> models_of(std::span<const Plan> plans, const MarginalCosts& costs) {
  std::vector<ModelIndex> models;
  for (const Plan& plan : plans) {
    for (const ModelIndex model : plan.curve->order.models) {
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
    const auto best = planned_orders(plan_settings(curves, prices, searched.size()));
    curves = judge_orders(table, rows, learn, prices, best);
  }
  const auto plans = plan_settings(curves, prices, rows.size());
  const double margin = learn.margin.value_or(default_margin(table));

  StageCache cache(table, rows, learn.criterion, first_positions(rows.size()),
                   strong_models(table, rows, learn.criterion), own_classes(table));
  const MarginalCosts costs(table, rows, learn.cost);
  const auto models = models_of(plans, costs);

  AdaptiveParameters model;
  model.unit = learn.cost;
  const double best_cost = model_cost[static_cast<std::size_t>(sbs)];
  model.chosen = options.price ? nearest_price(plans, *options.price)
                               : choose_plan(plans, margin, best_cost, rows.size());
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
