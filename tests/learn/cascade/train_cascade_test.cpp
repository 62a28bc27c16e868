// The cascade search against brute force over all orders and thresholds, and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stop_token>

#include "learn/cascade/cascade_search.h"
#include "learn/tables.h"
#include "policy/cascade_policy.h"
#include "support/expect_error.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::output_of;
using testing::random_table;
using testing::table_of;

// Score and time of one cascade on the rows, by running it input by input.
CascadePoint run_cascade(const Table& table, Rows rows, Criterion criterion, std::vector<ModelIndex> models,
                         std::vector<double> thresholds) {
  CascadePoint point;
  point.n_stages = static_cast<int>(models.size());
  std::copy(models.begin(), models.end(), point.models.begin());
  std::copy(thresholds.begin(), thresholds.end(), point.thresholds.begin());
  for (const std::uint32_t row : rows) {
    std::set<std::int32_t> recipes;
    for (std::size_t stage = 0; stage < models.size(); ++stage) {
      const ModelIndex model = models[stage];
      const std::size_t cell = table.at(row, model);
      point.cost += static_cast<double>(table.infer_ms[cell]);
      if (recipes.insert(table.recipe_of[static_cast<std::size_t>(model)]).second)
        point.cost += table.preprocess(row, model);
      if (stage + 1 == models.size() || table.outputs[cell].confidence() >= thresholds[stage]) {
        point.score += table.score(row, model, criterion);
        break;
      }
    }
  }
  point.score /= static_cast<double>(rows.size());
  point.cost /= static_cast<double>(rows.size());
  return point;
}

// The thresholds that the search considers: quantiles i / (t + 1) of the sorted confidences.
std::vector<double> candidates(const Table& table, Rows rows, ModelIndex model, int n_thresholds) {
  std::vector<double> values;
  for (const std::uint32_t row : rows) values.push_back(table.outputs[table.at(row, model)].confidence());
  std::sort(values.begin(), values.end());
  std::set<double> quantiles;
  for (int i = 1; i <= n_thresholds; ++i) {
    quantiles.insert(
        values[static_cast<std::size_t>(i) * values.size() / static_cast<std::size_t>(n_thresholds + 1)]);
  }
  return {quantiles.begin(), quantiles.end()};
}

std::vector<CascadePoint> all_cascades(const Table& table, Rows rows, const CascadeOptions& options) {
  auto order = all_models(table);
  const auto costs = mean_costs(table, rows);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    return costs[static_cast<std::size_t>(a)] < costs[static_cast<std::size_t>(b)];
  });
  std::vector<CascadePoint> points;
  const auto run = [&](std::vector<ModelIndex> models, std::vector<double> thresholds) {
    points.push_back(run_cascade(table, rows, Criterion::kTop1, models, thresholds));
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    run({order[i]}, {});
    for (std::size_t j = i + 1; options.max_stages >= 2 && j < order.size(); ++j) {
      for (const double first : candidates(table, rows, order[i], options.thresholds)) {
        run({order[i], order[j]}, {first});
        for (std::size_t l = j + 1; options.max_stages >= 3 && l < order.size(); ++l) {
          for (const double second : candidates(table, rows, order[j], options.thresholds)) {
            run({order[i], order[j], order[l]}, {first, second});
          }
        }
      }
    }
  }
  return points;
}

TEST(CascadeSearch, FrontierEqualsBruteForce) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Table table = random_table(60 + seed, 4, seed);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < table.n_inputs(); i += seed % 2 == 0 ? 1 : 2) rows.push_back(i);
    CascadeOptions options;
    options.thresholds = 5;
    options.max_stages = 1 + static_cast<int>(seed % 3);
    const auto frontier = search_cascades(table, rows, {}, options);
    const auto points = all_cascades(table, rows, options);
    for (std::size_t i = 1; i < frontier.size(); ++i) {
      ASSERT_LT(frontier[i - 1].cost, frontier[i].cost);
      ASSERT_LT(frontier[i - 1].score, frontier[i].score);
    }
    for (const auto& point : frontier) {  // each does what it says
      const auto n_stages = static_cast<std::size_t>(point.n_stages);
      const auto again = run_cascade(
          table, rows, Criterion::kTop1, {point.models.begin(), point.models.begin() + point.n_stages},
          {point.thresholds.begin(), point.thresholds.begin() + static_cast<std::ptrdiff_t>(n_stages - 1)});
      ASSERT_NEAR(again.score, point.score, 1e-12);
      ASSERT_NEAR(again.cost, point.cost, 1e-9);
    }
    for (const auto& point : points) {  // and none is better
      const auto& best = cheapest_reaching(frontier, point.score);
      ASSERT_GE(best.score, point.score - 1e-12);
      ASSERT_LE(best.cost, point.cost + 1e-9);
    }
  }
}

TEST(CascadeSearch, ChoosesByPriceLikeBruteForce) {
  const Table table = random_table(150, 4, 99);
  const auto rows = all_rows(table);
  CascadeOptions options;
  options.thresholds = 6;
  const auto frontier = search_cascades(table, rows, {}, options);
  const auto points = all_cascades(table, rows, options);
  for (const double price : {0.0, 0.001, 0.01, 0.1, 1.0, 100.0}) {
    const auto value = [&](const CascadePoint& point) { return point.score - price * point.cost; };
    double best = value(points.front());
    for (const auto& point : points) best = std::max(best, value(point));
    EXPECT_NEAR(value(best_at_price(frontier, price)), best, 1e-9) << "price " << price;
  }
}

// Two models. "small" (1 ms) is right when its confidence is 0.9, wrong at 0.4; "big" (10 ms) is always
// right.
Table two_models() {
  Table table = table_of({"big", "small"}, {10, 1}, {{1, 1}, {1, 1}, {1, 2}, {1, 1}});
  const float small[] = {0.9F, 0.9F, 0.4F, 0.9F};
  for (std::size_t i = 0; i < 4; ++i) {
    table.outputs[table.at(i, 0)] = output_of(0, 0.95F);
    table.outputs[table.at(i, 1)] = output_of(i == 2 ? 1 : 0, small[i]);
  }
  return table;
}

TEST(TrainCascade, FindsTheObviousOne) {
  const Table table = two_models();
  const auto policy = train_cascade(table, all_rows(table), {});
  ASSERT_EQ(policy->kind(), "cascade");
  ASSERT_EQ(policy->info().models.size(), 2U);
  EXPECT_EQ(policy->info().models[0].name, "small");
  EXPECT_EQ(policy->info().models[1].name, "big");
  const auto& thresholds = dynamic_cast<const Cascade&>(*policy).parameters().thresholds;
  ASSERT_EQ(thresholds.size(), 1U);
  EXPECT_NEAR(thresholds[0], 0.9, 1e-6);  // accepts 0.9, goes on at 0.4
}

TEST(TrainCascade, PriceMovesItBetweenTheSingleModels) {
  const Table table = two_models();
  const auto rows = all_rows(table);
  const std::vector<double> prices{0.0, 0.05, 1.0};
  const auto policies = train_cascades(table, rows, {}, {}, prices);
  ASSERT_EQ(policies.size(), 3U);
  // Score 1 at 3.5 ms against 0.75 at 1 ms: worth it below a price of 0.1.
  EXPECT_EQ(policies[0]->info().models.size(), 2U);
  EXPECT_EQ(policies[1]->info().models.size(), 2U);
  ASSERT_EQ(policies[2]->info().models.size(), 1U);
  EXPECT_EQ(policies[2]->info().models[0].name, "small");
  CascadeOptions options;
  options.price = 1.0;
  EXPECT_EQ(train_cascade(table, rows, {}, options)->info().models.size(), 1U);
}

TEST(TrainCascade, MarginLowersOrRaisesTheAim) {
  const Table table = two_models();
  EXPECT_EQ(train_cascade(table, all_rows(table), {.margin = -0.25})->info().models[0].name, "small");
  const auto policy = train_cascade(table, all_rows(table), {.margin = 0.5});
  EXPECT_EQ(policy->info().models.size(), 2U);  // the best score that there is
  const auto& facts = std::get<CascadeFacts>(policy->info().training.details);
  EXPECT_FALSE(facts.reached);
  EXPECT_FALSE(facts.price.has_value());
  EXPECT_GT(facts.wanted, 1);
}

TEST(TrainCascade, NeverSlowerThanTheSingleBestModelInTraining) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Table table = random_table(120, 5, seed);
    const auto rows = all_rows(table);
    const auto scores = mean_scores(table, rows, Criterion::kTop1);
    const auto costs = mean_costs(table, rows);
    const auto best = static_cast<std::size_t>(single_best(scores, costs));
    const auto frontier = search_cascades(table, rows, {}, {});
    const auto& point = cheapest_reaching(frontier, scores[best]);
    EXPECT_GE(point.score, scores[best] - 1e-12);
    EXPECT_LE(point.cost, costs[best] + 1e-9);
  }
}

TEST(TrainCascade, UsesOneModelWhenThereAreNoConfidences) {
  const Table table = table_of({"a", "b"}, {1, 2}, {{1, 1}, {2, 1}});
  const auto policy = train_cascade(table, all_rows(table), {});
  ASSERT_EQ(policy->info().models.size(), 1U);
  EXPECT_EQ(policy->info().models[0].name, "b");
}

TEST(TrainCascade, HasAtLeastTheStagesAskedFor) {
  const Table table = two_models();
  CascadeOptions cheap;
  cheap.price = 1000;
  EXPECT_EQ(train_cascade(table, all_rows(table), {}, cheap)->info().models.size(), 1U);
  cheap.min_stages = 2;
  EXPECT_EQ(train_cascade(table, all_rows(table), {}, cheap)->info().models.size(), 2U);
}

TEST(TrainCascade, RefusesBadOptions) {
  const Table table = two_models();
  const auto rows = all_rows(table);
  const auto refuse = [&](CascadeOptions options) {
    EXPECT_THROW((void)train_cascade(table, rows, {}, options), Error);
  };
  refuse({.max_stages = 0});
  refuse({.max_stages = 4});
  refuse({.min_stages = 0});
  refuse({.min_stages = 3});  // there are two models
  refuse({.min_stages = 2, .max_stages = 1});
  refuse({.thresholds = 0});
  refuse({.thresholds = 256});
  refuse({.price = -1.0});
  refuse({.price = kNotMeasured});
  EXPECT_THROW((void)train_cascade(table, rows, {.margin = kNotMeasured}), Error);
  EXPECT_THROW((void)train_cascade(table, {}), Error);
}

TEST(TrainCascade, StopsWhenAsked) {
  const Table table = two_models();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(train_cascade(table, all_rows(table), {.stop = stop.get_token()}),
                      ErrorCode::kInterrupted, "cascade: stopped");
}

TEST(TrainSingle, RunsTheGivenModel) {
  const Table table = two_models();
  const auto policy = train_single(table, all_rows(table), Criterion::kTop5, 0);
  EXPECT_EQ(policy->kind(), "single");
  ASSERT_EQ(policy->info().models.size(), 1U);
  EXPECT_EQ(policy->info().models[0].name, "big");
  EXPECT_EQ(policy->info().models[0].fingerprint, "fingerprint-big");
  EXPECT_DOUBLE_EQ(policy->info().models[0].mean_ms, 10);
  EXPECT_EQ(policy->info().criterion, Criterion::kTop5);
  EXPECT_EQ(policy->next({}).model, 0);
  EXPECT_THROW((void)train_single(table, all_rows(table), Criterion::kTop1, 2), Error);
  EXPECT_THROW((void)train_single(table, {}, Criterion::kTop1, 0), Error);
}

TEST(PolicyInfo, TakesTheTailOfTheTimes) {
  Table table = table_of({"a"}, {1}, std::vector<std::vector<std::int32_t>>(2000, {1}));
  table.infer_ms[5] = 100;
  table.infer_ms[6] = 50;
  table.infer_ms[7] = 40;
  const auto policy = train_single(table, all_rows(table), Criterion::kTop1, 0);
  EXPECT_DOUBLE_EQ(policy->info().models[0].p999_ms, 40);  // 1998 of 2000 are at most that
}

}  // namespace
}  // namespace triage
