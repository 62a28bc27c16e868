// Cascade routing: its decision by hand and against brute force over all supersets, and what training judges
// against what the policy does.
#include "learn/routing/train_cascade_routing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stop_token>

#include "learn/routing/cascade_routing_policy.h"
#include "learn/routing/quality_estimates.h"
#include "learn/tables.h"
#include "learn/training_info.h"
#include "support/expect_error.h"
#include "triage/error.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/replay.h"
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

// Everything that training has learned.
std::vector<double> numbers_of(const RoutingParameters& parameters) {
  std::vector<double> numbers;
  const auto add = [&](const std::vector<double>& more) {
    numbers.insert(numbers.end(), more.begin(), more.end());
  };
  add(parameters.costs.of_set);
  add(parameters.costs.least);
  for (const SetEstimator& set : parameters.estimator.sets) {
    add(set.weights);
    for (const auto& gaps : set.gaps) add(gaps);
  }
  auto settings = parameters.settings;
  settings.push_back(parameters.chosen);
  for (const RoutingSetting& setting : settings) {
    add({setting.price, static_cast<double>(setting.pool)});
    add(setting.lambda);
  }
  return numbers;
}

TEST(CascadeRouting, DependsOnSeedAndRowsAlone) {
  const Table table = random_table(300, 4, 6);
  const auto trained = [](const Table& on, Rows rows, std::uint64_t seed) {
    CascadeRoutingOptions options;
    options.fit_rows = 100;
    options.search_rows = 50;
    const auto policy = train_cascade_routing(on, rows, {.seed = seed}, options);
    return std::pair(numbers_of(dynamic_cast<const CascadeRouting&>(*policy).parameters()),
                     policy->info().training);
  };
  const auto rows = all_rows(table);
  const Rows some = Rows(rows).subspan(50, 200);
  const auto a = trained(table, some, 3);
  EXPECT_EQ(trained(table, some, 3), a);
  // The same inputs the other way round, and among others.
  std::vector<std::uint32_t> backwards(some.rbegin(), some.rend());
  EXPECT_EQ(trained(table, backwards, 3), a);
  const Table alone = select_table_inputs(table, backwards);
  EXPECT_EQ(trained(alone, all_rows(alone), 3), a);
  EXPECT_NE(trained(table, some, 4), a) << "the seed draws";
  EXPECT_NE(trained(table, Rows(rows).first(200), 3), a) << "other rows";
}

// Three models of known qualities, whatever they say: 0.6, 0.9 and 0.8; 1, 2 and 4 to run.
CascadeRouting of_known_qualities(double lambda) {
  const Table table = random_table(40, 3, 1);
  const auto rows = all_rows(table);
  RoutingParameters model;
  model.estimator.n_models = model.estimator.most = 3;
  for (ModelSet set = 0; set < 8; ++set) {
    SetEstimator estimator;
    const std::size_t d = count_numbers(size_of(set));
    estimator.weights.assign(3 * (1 + d), 0);
    for (std::size_t m = 0; m < 3; ++m) {
      const double quality = std::array{0.6, 0.9, 0.8}[m];
      estimator.weights[m * (1 + d)] = std::log(quality / (1 - quality));
    }
    estimator.gaps.assign(8, std::vector<double>(9));
    model.estimator.sets.push_back(std::move(estimator));
  }
  model.costs = costs_of({1, 2, 4});
  model.chosen = {0, 7, {lambda, lambda / 2}};
  return CascadeRouting(make_policy_info(table, rows, Criterion::kTop1, all_models(table)), model);
}

// That one of these policies tells of a decision: after how many looks, what is worth the most, what that
// promises, and what the decision was made of; and as people read it.
void expect_told(const CascadeRouting& policy, const Trace& trace, std::size_t looks,
                 const std::vector<ModelIndex>& best, double promised, double lambda) {
  ASSERT_EQ(trace.size(), 1U);
  const auto& step = std::get<RoutingStep>(trace[0]);
  EXPECT_EQ(step.looks, looks);
  EXPECT_EQ(step.best, best);
  EXPECT_NEAR(step.quality, promised, 1e-12);
  EXPECT_NEAR(step.lambda, lambda, 1e-12);
  ASSERT_EQ(step.qualities.size(), 3U);
  const std::array known{0.6, 0.9, 0.8};
  for (std::size_t m = 0; m < 3; ++m) EXPECT_NEAR(step.qualities[m], known[m], 1e-12) << m;
  std::string names;
  for (const ModelIndex m : best) names += fmt::format("{}model{}", names.empty() ? "" : " + ", m);
  const TraceLine line = describe(trace[0], policy.info());
  EXPECT_EQ(line.what, fmt::format("after {} looks {} is worth the most, with an expected quality of {:.4f}",
                                   looks, names, promised));
  ASSERT_EQ(line.values.size(), 4U);
  EXPECT_EQ(line.values[1], (std::pair<std::string, double>("quality of model1", step.qualities[1])));
  EXPECT_EQ(line.values[3], (std::pair<std::string, double>("lambda", step.lambda)));
}

TEST(CascadeRouting, ExplainsWhatItDoes) {
  const std::vector<Look> looks{{0, testing::output_of(3, 0.5F), 0.5, {}},
                                {1, testing::output_of(4, 0.4F), 0.4, {}}};
  {
    // 0.9 - 0.2 * 2 is less than 0.6, which costs nothing more.
    const CascadeRouting dear = of_known_qualities(0.2);
    Trace trace;
    const Action action = dear.next({{}, std::span(looks).first(1), {}}, &trace);
    EXPECT_EQ(action.kind, Action::Kind::kAnswer);
    EXPECT_EQ(action.model, 0);
    expect_told(dear, trace, 1, {0}, 0.6, 0.2);
  }
  const CascadeRouting policy = of_known_qualities(0.1);
  {
    // 0.9 - 0.1 * 2, or - 0.1 * 6 with model2 as well, against 0.6.
    Trace trace;
    const Action action = policy.next({{}, std::span(looks).first(1), {}}, &trace);
    EXPECT_EQ(action.kind, Action::Kind::kRun);
    EXPECT_EQ(action.model, 1);
    expect_told(policy, trace, 1, {0, 1}, 0.9, 0.1);
  }
  {
    Trace trace;
    const Action action = policy.next({{}, looks, {}}, &trace);
    EXPECT_EQ(action.kind, Action::Kind::kAnswer);
    EXPECT_EQ(action.model, 1);
    EXPECT_EQ(action.answer.best(), 4);
    expect_told(policy, trace, 2, {0, 1}, 0.9, 0.05);
  }
}

TEST(CascadeRouting, TheTraceChangesNoDecision) {
  const Table table = random_table(300, 4, 6);
  const auto rows = all_rows(table);
  const auto policy = train_cascade_routing(table, rows, {});
  EXPECT_FALSE(policy->default_setting().has_value());
  EXPECT_EQ(policy->with_certificate(0, {}), nullptr);
  const auto settings = policy->price_settings();
  const double price = settings[settings.size() / 2].price;
  std::size_t decisions = 0;
  for (const std::uint32_t row : rows) {
    std::vector<Look> looks;
    for (bool answered = false; !answered;) {
      const Evidence evidence{{}, looks, {}, {.price = price}};
      Trace trace;
      const Action action = policy->next(evidence, &trace), plain = policy->next(evidence);
      ASSERT_EQ(action.kind, plain.kind);
      ASSERT_EQ(action.model, plain.model);
      decisions += trace.size();
      answered = action.kind != Action::Kind::kRun;
      const TopK& output = table.outputs[table.at(row, action.model)];
      looks.push_back({action.model, output, output.confidence(), {}});
    }
  }
  EXPECT_GT(decisions, rows.size()) << "more than one each";
}

TEST(CascadeRouting, AnswersWithTheLookOfMostExpectedQuality) {
  const CascadeRouting policy = of_known_qualities(0.1);
  const std::vector<Look> looks{{2, testing::output_of(5, 0.9F), 0.9, {}},
                                {1, testing::output_of(4, 0.4F), 0.4, {}},
                                {0, testing::output_of(3, 0.8F), 0.8, {}}};
  const auto model_of = [&](std::size_t first, std::size_t n) {
    return policy.answer({{}, std::span(looks).subspan(first, n), {}}).model;
  };
  EXPECT_EQ(model_of(0, 3), 1);
  EXPECT_EQ(model_of(1, 2), 1);
  EXPECT_EQ(model_of(0, 1), 2);
  EXPECT_EQ(model_of(2, 1), 0);
  EXPECT_EQ(policy.answer({{}, {}, {}}).kind, Action::Kind::kRefuse);
}

TEST(CascadeRouting, KeepsTheBestModelAmongFewCandidates) {
  const Table table = random_table(300, 6, 8);
  const auto rows = all_rows(table);
  const auto best = single_best(mean_scores(table, rows, Criterion::kTop1), mean_costs(table, rows));
  for (const std::size_t n : {1, 2}) {
    CascadeRoutingOptions options;
    options.max_models = n;
    const auto policy = train_cascade_routing(table, rows, {}, options);
    ASSERT_EQ(policy->info().models.size(), n);
    EXPECT_EQ(policy->info().models.back().name, table.models[static_cast<std::size_t>(best)].name);
  }
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
