// Training of cascade routing: estimates, then lambda for each step and how many models may run, by inner
// cross-validation, as the paper searches them on its training part.
#include "learn/routing/train_cascade_routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number_text.h"
#include "base/stop.h"
#include "learn/costs.h"
#include "learn/premodel/labelled_rows.h"
#include "learn/routing/quality_estimates.h"
#include "learn/training_info.h"
#include "stats/hull.h"
#include "table/row_order.h"
#include "triage/error.h"

namespace triage {
namespace {

// A step's lambda against that of the step before.
constexpr std::array kLambdaRatios{0.25, 0.5, 1.0, 2.0, 4.0};
constexpr std::size_t kKept = 300;  // settings that go on to be judged on more rows
constexpr std::size_t kFolds = 3;
constexpr std::size_t kFoldsOfFew = 5;
constexpr std::size_t kFew = 5000;  // rows
constexpr std::string_view kName = "cascade routing";

void check(const Table& table, Rows rows, const LearnOptions& learn, const CascadeRoutingOptions& options) {
  const auto fail = [](std::string_view what, auto found, std::string_view expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("cascade routing: {} {}, expected {}", what, number_text(found), expected));
  };
  expect_training_inputs(table, rows, "cascade routing");
  if (options.max_models < 1 || options.max_models > kMaxRouted) fail("models", options.max_models, "1 to 8");
  if (options.max_looks < 1 || options.max_looks > kMaxRoutedLooks)
    fail("looks", options.max_looks, "1 to 4");
  if (options.fit_rows < 20) fail("rows to fit", options.fit_rows, "at least 20");
  if (options.search_rows < 20) fail("rows to search", options.search_rows, "at least 20");
  if (learn.margin && !std::isfinite(*learn.margin)) fail("margin", *learn.margin, "a finite share");
  if (!has_all_outputs(table, rows))
    fail("a table", "without outputs", "what each model said; profile images");
}

// The single best model and those nearest to the hull, by rising cost.
std::vector<ModelIndex> choose_models(std::span<const double> costs, std::span<const double> scores,
                                      std::size_t sbs, std::size_t most) {
  std::vector<ModelIndex> models(costs.size());
  std::iota(models.begin(), models.end(), ModelIndex{0});
  const auto by = [&](const auto& value) {
    std::stable_sort(models.begin(), models.end(), [&](ModelIndex a, ModelIndex b) {
      return value(static_cast<std::size_t>(a)) < value(static_cast<std::size_t>(b));
    });
  };
  std::vector<CostValue> hull;
  for (const std::size_t m : upper_hull(costs, scores)) hull.push_back({costs[m], scores[m]});
  by([&](std::size_t m) { return m == sbs ? -1 : hull_value(hull, costs[m]) - scores[m]; });
  models.resize(std::min(models.size(), most));
  by([&](std::size_t m) { return costs[m]; });
  return models;
}

SetCosts set_costs(const MarginalCosts& marginal, std::span<const ModelIndex> models) {
  SetCosts costs;
  for (const ModelIndex model : models) costs.least.push_back(marginal.infer(model));
  for (ModelSet set = 0; set < ModelSet{1} << models.size(); ++set) {
    std::vector<ModelIndex> members;
    for (std::size_t m = 0; m < models.size(); ++m) {
      if (contains(set, m)) members.push_back(models[m]);
    }
    const auto added = marginal.of(members);
    costs.of_set.push_back(std::accumulate(added.begin(), added.end(), 0.0));
  }
  return costs;
}

// Every pool of up to `most` of k models, with one lambda for all steps.
std::vector<RoutingSetting> all_settings(std::size_t k, std::size_t most, std::span<const double> lambdas) {
  std::vector<RoutingSetting> settings;
  for (ModelSet pool = 1; pool < ModelSet{1} << k; ++pool) {
    const std::size_t n = size_of(pool);
    if (n > most) continue;
    if (n == 1) settings.push_back({0, pool, {}});
    for (const double lambda : lambdas.first(n == 1 ? 0 : lambdas.size()))
      settings.push_back({0, pool, std::vector<double>(n - 1, lambda)});
  }
  return settings;
}

// The same pools with a lambda for each step.
std::vector<RoutingSetting> vary_lambda(std::span<const RoutingSetting> settings,
                                        std::span<const double> lambdas) {
  std::vector<RoutingSetting> varied;
  std::set<ModelSet> pools;
  for (const RoutingSetting& setting : settings) {
    if (!pools.insert(setting.pool).second) continue;
    const std::size_t n_steps = setting.lambda.size();
    if (n_steps == 0) varied.push_back(setting);
    for (const double lambda : lambdas.first(n_steps == 0 ? 0 : lambdas.size())) {
      for (const double ratio : kLambdaRatios) {
        if (n_steps == 1 && ratio != 1) continue;
        RoutingSetting own{0, setting.pool, {lambda}};
        while (own.lambda.size() < n_steps) own.lambda.push_back(own.lambda.back() * ratio);
        varied.push_back(std::move(own));
      }
    }
  }
  return varied;
}

// The rows, dealt into inner folds, each with estimates from the others.
class RoutingFolds {
 public:
  RoutingFolds(const RoutedRows& rows, std::span<const std::uint32_t> groups, std::size_t k,
               const SetCosts& costs, const CascadeRoutingOptions& options, std::stop_token stop)
      : rows_(rows), costs_(costs), stop_(std::move(stop)) {
    const auto order = first_positions(rows.evidence.size());
    const std::size_t n_folds = order.size() > kFew ? kFolds : kFoldsOfFew;
    for (InnerFold& parts : inner_folds(order, groups, n_folds)) {
      throw_if_stopped(stop_, kName);
      parts.train.resize(std::min(parts.train.size(), options.fit_rows));
      estimators_.push_back(fit_qualities(rows, parts.train, k, options.max_looks, stop_));
      tests_.push_back(std::move(parts.test));
    }
  }
  // Means over at most `most` rows.
  std::vector<RoutingSums> judge(std::span<const RoutingSetting> settings, std::size_t most) const {
    std::vector<RoutingSums> sums(settings.size());
    std::size_t n = 0;
    for (std::size_t fold = 0; fold < tests_.size(); ++fold) {
      throw_if_stopped(stop_, kName);
      const auto which =
          std::span(tests_[fold]).first(std::min(tests_[fold].size(), 1 + most / tests_.size()));
      run_settings(rows_, which, estimators_[fold], costs_, settings, sums, stop_);
      n += which.size();
    }
    for (RoutingSums& sum : sums) {
      sum.score /= static_cast<double>(n);
      sum.cost /= static_cast<double>(n);
    }
    return sums;
  }

 private:
  const RoutedRows& rows_;
  const SetCosts& costs_;
  std::stop_token stop_;
  std::vector<QualityEstimator> estimators_;
  std::vector<std::vector<std::uint32_t>> tests_;
};

// At most `most` settings, those that score the least below what others reach at no more cost: the frontier,
// and what chance may have kept from it.
std::vector<RoutingSetting> near_frontier(std::span<const RoutingSetting> settings,
                                          std::span<const RoutingSums> reached, std::size_t most) {
  std::vector<std::size_t> order(settings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return reached[a].cost != reached[b].cost ? reached[a].cost < reached[b].cost
                                              : reached[a].score > reached[b].score;
  });
  std::vector<std::pair<double, std::size_t>> below;  // how far, and whose
  double best = -1;
  for (const std::size_t i : order) {
    // -1: on the frontier, which comes before what merely equals it.
    below.emplace_back(reached[i].score > best ? -1 : best - reached[i].score, i);
    best = std::max(best, reached[i].score);
  }
  std::stable_sort(below.begin(), below.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  below.resize(std::min(below.size(), most));
  std::vector<RoutingSetting> kept;
  for (const auto& [distance, i] : below) kept.push_back(settings[i]);
  return kept;
}

std::vector<RoutingSetting> best_at_prices(std::span<const RoutingSetting> settings,
                                           std::span<const RoutingSums> reached,
                                           std::span<const double> prices) {
  std::vector<RoutingSetting> best;
  for (const double price : prices) {
    const auto value = [&](const RoutingSums& r) { return r.score - price * r.cost; };
    const auto at = std::max_element(reached.begin(), reached.end(),
                                     [&](const auto& a, const auto& b) { return value(a) < value(b); });
    best.push_back(settings[static_cast<std::size_t>(at - reached.begin())]);
    best.back().price = price;
    best.back().score = at->score;
    best.back().cost = at->cost;
  }
  return best;
}

// The cheapest that scores enough, else the best.
std::size_t choose(std::span<const RoutingSums> reached, double wanted) {
  std::size_t best = 0, chosen = reached.size();
  for (std::size_t i = 0; i < reached.size(); ++i) {
    if (reached[i].score > reached[best].score) best = i;
    if (reached[i].score < wanted - 1e-12) continue;
    if (chosen == reached.size() || reached[i].cost < reached[chosen].cost) chosen = i;
  }
  return chosen == reached.size() ? best : chosen;
}

}  // namespace

std::unique_ptr<Policy> train_cascade_routing(const Table& table, Rows given, const LearnOptions& learn,
                                              const CascadeRoutingOptions& options) {
  check(table, given, learn, options);
  const auto rows = shuffled_rows(table, given, learn.seed);
  const auto scores = mean_scores(table, rows, learn.criterion);
  const auto model_cost = model_costs(table, rows, learn.cost);
  const auto sbs = static_cast<std::size_t>(single_best(scores, model_cost));
  const auto models = choose_models(model_cost, scores, sbs, options.max_models);
  const std::size_t k = models.size();
  const auto prices = price_grid(model_cost[sbs]);
  const RoutedRows routed = routed_rows(table, rows, learn.criterion, models);

  RoutingParameters model;
  model.costs = set_costs({table, rows, learn.cost}, models);
  const auto fit_on = first_positions(std::min(rows.size(), options.fit_rows));
  model.estimator = fit_qualities(routed, fit_on, k, options.max_looks, learn.stop);

  const RoutingFolds folds(routed, group_numbers(table, rows), k, model.costs, options, learn.stop);
  auto settings = all_settings(k, options.max_looks, prices);
  std::size_t n_settings = settings.size();
  settings = vary_lambda(near_frontier(settings, folds.judge(settings, options.search_rows), kKept), prices);
  n_settings += settings.size();
  settings = near_frontier(settings, folds.judge(settings, options.search_rows), kKept);
  const auto reached = folds.judge(settings, rows.size());
  model.unit = learn.cost;
  model.settings = best_at_prices(settings, reached, prices);
  const double wanted = scores[sbs] + learn.margin.value_or(default_margin(table));
  const std::size_t chosen = choose(reached, wanted);
  model.chosen = settings[chosen];

  PolicyInfo info = make_policy_info(table, rows, learn.criterion, models);
  info.training.seed = learn.seed;
  info.training.details = RoutingFacts{learn.cost,
                                       wanted,
                                       reached[chosen].score >= wanted - 1e-12,
                                       reached[chosen].score,
                                       reached[chosen].cost,
                                       n_settings,
                                       fit_on.size()};
  return std::make_unique<CascadeRouting>(std::move(info), std::move(model));
}

}  // namespace triage
