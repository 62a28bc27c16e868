// Cascade routing: its decision by hand and against brute force over all supersets, and what training judges
// against what the policy does.
#include "learn/routing/train_cascade_routing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stop_token>

#include "learn/training_info.h"
#include "learn/routing/cascade_routing_policy.h"
#include "learn/routing/quality_estimates.h"
#include "learn/tables.h"
#include "support/expect_error.h"
#include "triage/error.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

using testing::random_table;
using testing::table_of;

constexpr ModelSet set_of(std::initializer_list<std::size_t> models) {
  ModelSet set = 0;
  for (const std::size_t m : models) set |= ModelSet{1} << m;
  return set;
}

// Costs that add up.
SetCosts costs_of(const std::vector<double>& models) {
  SetCosts costs{{}, models};
  for (ModelSet set = 0; set < ModelSet{1} << models.size(); ++set) {
    double sum = 0;
    for (std::size_t m = 0; m < models.size(); ++m) sum += contains(set, m) ? models[m] : 0;
    costs.of_set.push_back(sum);
  }
  return costs;
}

TEST(ExpectedMax, OfTwoIsExactAndOfThreeNearlySo) {
  const std::vector<double> mean(3), covariance{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const Normals normals{mean, covariance};
  EXPECT_DOUBLE_EQ(max_of(normals, set_of({1})).mean, 0);
  EXPECT_NEAR(max_of(normals, set_of({0, 2})).mean, 1 / std::sqrt(std::acos(-1)), 1e-12);
  EXPECT_NEAR(max_of(normals, set_of({0, 2})).variance, 1 - 1 / std::acos(-1), 1e-12);
  EXPECT_NEAR(max_of(normals, set_of({0, 1, 2})).mean, 0.84628, 0.003);
  EXPECT_EQ(max_of(normals, 0).mean, -std::numeric_limits<double>::infinity());
}

TEST(ExpectedMax, OfVariablesThatDoNotDifferIsTheLarger) {
  const std::vector<double> mean{0.3, 0.7}, equal{0.04, 0.04, 0.04, 0.04}, none(4);
  EXPECT_DOUBLE_EQ(max_of({mean, equal}, 3).mean, 0.7);
  EXPECT_DOUBLE_EQ(max_of({mean, none}, 3).mean, 0.7);
}

TEST(BestSupermodel, ByHand) {
  // The first has run and is known; the second is 0.9 +- 0.2. E[max] is 0.7 F(-1) + 0.9 F(1) + 0.2 f(1), with
  // F and f the standard normal's distribution and density: 0.916663, 0.216663 more, for a cost of 2.
  const std::vector<double> mean{0.7, 0.9}, covariance{0, 0, 0, 0.04};
  const Normals qualities{mean, covariance};
  const SetCosts costs = costs_of({1, 2});
  const Supermodel both = best_supermodel(qualities, costs, 1, 0.108, 3);
  EXPECT_EQ(both.set, 3U);
  EXPECT_NEAR(both.quality, 0.916663, 1e-6);
  EXPECT_NEAR(both.value, 0.916663 - 0.216, 1e-6);
  const Supermodel one = best_supermodel(qualities, costs, 1, 0.109, 3);
  EXPECT_EQ(one.set, 1U);
  EXPECT_DOUBLE_EQ(one.value, 0.7);
  EXPECT_EQ(best_supermodel(qualities, costs, 1, 0, 1).set, 1U) << "the second is not in the pool";
}

TEST(BestSupermodel, RoutesBeforeAnyLook) {
  const std::vector<double> mean{0.7, 0.9}, covariance(4);
  const SetCosts costs = costs_of({1, 2});
  EXPECT_EQ(best_supermodel({mean, covariance}, costs, 0, 0.15, 3).set, 2U);  // 0.6 against 0.55
  EXPECT_EQ(best_supermodel({mean, covariance}, costs, 0, 0.25, 3).set, 1U);  // 0.4 against 0.45
  EXPECT_EQ(best_supermodel({mean, covariance}, costs, 0, 100, 3).set, 1U) << "never empty";
}

TEST(BestSupermodel, AgreesWithBruteForceOverAllSupersets) {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    Random random(seed);
    const std::size_t k = 2 + random.below(5);
    std::vector<double> mean, factors, model_costs;
    for (std::size_t m = 0; m < k; ++m) {
      mean.push_back(0.5 + 0.5 * random.uniform());
      model_costs.push_back(0.1 + random.uniform());
      for (std::size_t f = 0; f < k; ++f) factors.push_back(0.2 * random.uniform() - 0.05);
    }
    std::vector<double> covariance(k * k);
    for (std::size_t a = 0; a < k; ++a)
      for (std::size_t b = 0; b < k; ++b)
        for (std::size_t f = 0; f < k; ++f) covariance[a * k + b] += factors[a * k + f] * factors[b * k + f];
    const Normals qualities{mean, covariance};
    const SetCosts costs = costs_of(model_costs);
    const auto n_sets = static_cast<ModelSet>(costs.of_set.size());
    const auto pool = static_cast<ModelSet>(1 + random.below(n_sets - 1));
    const ModelSet run = pool & static_cast<ModelSet>(random.below(n_sets));
    const double lambda = 0.3 * random.uniform() * random.uniform();

    Supermodel best{0, 0, -1e9};
    for (ModelSet set = 1; set < n_sets; ++set) {
      if ((set & run) != run || (set & ~pool) != 0) continue;
      Maximum max = max_of(qualities, run);
      for (std::size_t m = 0; m < k; ++m)
        if (contains(set & ~run, m)) max = max_with(max, qualities, m);
      const double value = max.mean - lambda * (costs.of_set[set] - costs.of_set[run]);
      if (value > best.value) best = {set, max.mean, value};
    }
    const Supermodel found = best_supermodel(qualities, costs, run, lambda, pool);
    EXPECT_LE(found.value, best.value + 1e-12);
    // Lemma 1 is exact where E[max] is, which is for two; Clark's approximation costs a little beyond.
    EXPECT_NEAR(found.value, best.value, size_of(pool) <= 2 ? 1e-12 : 1e-3) << "seed " << seed;
  }
}

// What the policy does with each input of a table.
struct Played {
  Replay replay;
  double looks = 0, score = 0;
};
Played play(const Table& table, Rows rows, const Policy& policy, double price) {
  const FakeClock clock;
  Played played{make_replay("cascade routing", table.n_inputs())};
  replay_policy(table, rows, policy, clock, played.replay, {.price = price});
  for (const std::uint32_t row : rows) {
    played.looks += played.replay.looks[row] / static_cast<double>(rows.size());
    played.score += played.replay.top1[row] / static_cast<double>(rows.size());
  }
  return played;
}

TEST(CascadeRouting, DoesWhatTrainingJudged) {
  const Table table = random_table(400, 5, 17);
  const auto rows = all_rows(table);
  const auto models = all_models(table);  // by rising cost
  const RoutedRows routed = routed_rows(table, rows, Criterion::kTop1, models);
  RoutingParameters model;
  model.estimator = fit_qualities(routed, rows, models.size(), 4);
  model.costs = costs_of(mean_costs(table, rows));
  for (const double lambda : {1.0, 0.1, 0.03, 0.01, 0.001}) {
    for (const ModelSet pool : {set_of({0, 1}), set_of({1, 3, 4}), set_of({0, 2, 3, 4})}) {
      RoutingSetting setting{lambda, pool, std::vector<double>(size_of(pool) - 1, lambda)};
      setting.lambda.back() *= 2;
      std::vector<RoutingSums> sums(1);
      run_settings(routed, rows, model.estimator, model.costs, std::span(&setting, 1), sums);
      RoutingParameters own = model;
      own.settings = {setting};
      own.chosen = setting;
      const CascadeRouting policy(make_policy_info(table, rows, Criterion::kTop1, models), std::move(own));
      EXPECT_NEAR(play(table, rows, policy, lambda).score, sums[0].score / 400, 1e-9);
      EXPECT_NEAR(play(table, rows, policy, kNotMeasured).score, sums[0].score / 400, 1e-9);
    }
  }
}

TEST(CascadeRouting, LooksMoreTheLessTimeIsWorth) {
  const Table table = random_table(800, 4, 5);
  const auto rows = all_rows(table);
  const auto policy = train_cascade_routing(table, rows, {});
  const auto settings = policy->price_settings();
  ASSERT_GT(settings.size(), 10U);
  const Played dear = play(table, rows, *policy, settings.front().price);
  const Played cheap = play(table, rows, *policy, settings.back().price);
  EXPECT_NEAR(dear.looks, 1, 1e-9);
  EXPECT_EQ(dear.replay.model[0], 0) << "the cheapest model, always";
  EXPECT_GT(cheap.looks, 1.5);
  EXPECT_GT(cheap.score, dear.score + 0.1);
}

TEST(CascadeRouting, IsReproducibleAndExplains) {
  const Table table = random_table(300, 4, 6);
  const auto rows = all_rows(table);
  CascadeRoutingOptions options;
  options.fit_rows = 100;
  options.search_rows = 50;
  const auto a = train_cascade_routing(table, rows, {}, options),
             b = train_cascade_routing(table, rows, {}, options);
  EXPECT_EQ(a->info().training, b->info().training);
  Look look{0, table.outputs[0], table.outputs[0].confidence(), {}};
  Trace trace;
  (void)a->next({{}, std::span(&look, 1), {}, {.price = 0}}, &trace);
  ASSERT_EQ(trace.size(), 1U);
  const auto& step = std::get<RoutingStep>(trace[0]);
  EXPECT_EQ(step.looks, 1U);
  EXPECT_EQ(step.qualities.size(), 4U);
  EXPECT_FALSE(step.best.empty());
  EXPECT_TRUE(describe(trace[0], a->info()).what.starts_with("after 1 looks "));
  EXPECT_FALSE(a->default_setting().has_value());
  EXPECT_EQ(a->with_certificate(0, {}), nullptr);
  EXPECT_EQ(a->answer({{}, std::span(&look, 1), {}}).model, 0);
  EXPECT_EQ(a->answer({{}, {}, {}}).kind, Action::Kind::kRefuse);
}

TEST(CascadeRouting, KeepsTheBestModelAmongFewCandidates) {
  const Table table = random_table(300, 6, 8);
  CascadeRoutingOptions options;
  options.max_models = 2;
  const auto rows = all_rows(table);
  const auto policy = train_cascade_routing(table, rows, {}, options);
  const auto best = single_best(mean_scores(table, rows, Criterion::kTop1), mean_costs(table, rows));
  ASSERT_EQ(policy->info().models.size(), 2U);
  EXPECT_EQ(policy->info().models.back().name, table.models[static_cast<std::size_t>(best)].name);
}

TEST(CascadeRouting, RejectsBadOptions) {
  const Table table = random_table(60, 3, 1);
  const auto rows = all_rows(table);
  const auto expect = [&](auto change, const char* found) {
    CascadeRoutingOptions options;
    change(options);
    EXPECT_TRIAGE_ERROR(train_cascade_routing(table, rows, {}, options), ErrorCode::kUsage, "cascade routing",
                        found, "expected");
  };
  expect([](auto& o) { o.max_models = 9; }, "models 9");
  expect([](auto& o) { o.max_looks = 5; }, "looks 5");
  expect([](auto& o) { o.fit_rows = 3; }, "rows to fit 3");
  expect([](auto& o) { o.search_rows = 0; }, "rows to search 0");
  EXPECT_TRIAGE_ERROR(train_cascade_routing(table, rows, {.margin = NAN}), ErrorCode::kUsage, "margin nan");
  EXPECT_TRIAGE_ERROR(train_cascade_routing(table, std::span(rows).first(19), {}), ErrorCode::kUsage,
                      "training inputs 19");
  const Table silent = table_of({"a", "b"}, {1, 2}, std::vector(30, std::vector<std::int32_t>{1, 1}));
  EXPECT_TRIAGE_ERROR(train_cascade_routing(silent, all_rows(silent), {}), ErrorCode::kUsage,
                      "without outputs");
}

TEST(CascadeRouting, AimsAtTheMargin) {
  const Table table = random_table(300, 4, 6);
  const auto pool_at = [&](double margin) {
    const auto policy = train_cascade_routing(table, all_rows(table), {.margin = margin},
                                              {.fit_rows = 100, .search_rows = 50});
    return dynamic_cast<const CascadeRouting&>(*policy).parameters().chosen.pool;
  };
  EXPECT_EQ(pool_at(-1), 1) << "any score is enough: the cheapest model";
  EXPECT_NE(pool_at(1), 1) << "none is enough: the best that there is";
}

TEST(CascadeRouting, StopsWhenAsked) {
  const Table table = random_table(60, 3, 1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(train_cascade_routing(table, all_rows(table), {.stop = stop.get_token()}),
                      ErrorCode::kInterrupted, "cascade routing: stopped");
}

TEST(CascadeRouting, RejectsPartsThatDoNotFit) {
  const Table table = random_table(60, 3, 1);
  const auto rows = all_rows(table);
  const auto models = all_models(table);
  RoutingParameters good;
  good.estimator = fit_qualities(routed_rows(table, rows, Criterion::kTop1, models), rows, 3, 2);
  good.costs = costs_of({1, 2, 3});
  good.chosen = {0, 3, {0.1}};
  const auto expect = [&](auto change, const char* found) {
    RoutingParameters model = good;
    change(model);
    EXPECT_TRIAGE_ERROR(CascadeRouting(make_policy_info(table, rows, Criterion::kTop1, models), model),
                        ErrorCode::kPolicy, found, "expected");
  };
  expect([](auto& m) { m.chosen.pool = 0; }, "pool: 0");
  expect([](auto& m) { m.chosen.pool = 7; }, "pool: 7");
  expect([](auto& m) { m.chosen.pool = 9; }, "pool: 9");
  expect([](auto& m) { m.chosen.lambda = {}; }, "lambda: 0");
  expect([](auto& m) { m.settings = {{1, 3, {-1}}}; }, "lambda: -1");
  expect([](auto& m) { m.costs.of_set.pop_back(); }, "models: 3");
}

}  // namespace
}  // namespace triage
