// Training that saves time, energy, or a sum of both: by hand.
#include <gtest/gtest.h>

#include "learn/cascade/cascade_search.h"
#include "learn/costs.h"
#include "learn/tables.h"
#include "policy/cascade_policy.h"
#include "support/expect_error.h"
#include "triage/tools/inner_gain.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::output_of;
using testing::random_table;
using testing::table_of;

constexpr CostWeights kSum{1, 40};

// Means of 21, 102 and 23 ms with preprocessing; a and c share a recipe.
Table measured_table() {
  Table table = table_of({"a", "b", "c"}, {1, 2, 3}, {{1, 1, 1}, {1, 1, 1}});
  table.recipe_of = {0, 1, 0};
  table.preprocess_ms = {10, 100, 7, 30, 100, 7};  // (n, r) of recipes 0 to 2
  table.energy.infer_j = {0.5, 0.25, 2};
  table.energy.preprocess_j = {0.1, 0.2, 0};
  return table;
}

TEST(ModelCosts, OfASum) {
  const Table table = measured_table();
  const auto rows = all_rows(table);
  const auto costs = model_costs(table, rows, kSum);
  EXPECT_DOUBLE_EQ(costs[0], 21 + 40 * 0.6);
  EXPECT_DOUBLE_EQ(costs[1], 102 + 40 * 0.45);
  EXPECT_DOUBLE_EQ(costs[2], 23 + 40 * 2.1);
  EXPECT_EQ(model_costs(table, rows, kTimeCost), mean_costs(table, rows));
  EXPECT_EQ(model_costs(table, rows, kEnergyCost), mean_energy(table));
}

TEST(MarginalCosts, OfASumPayARecipeOnce) {
  const Table table = measured_table();
  const auto rows = all_rows(table);
  const MarginalCosts costs(table, rows, kSum);
  const auto added = costs.of(std::vector<ModelIndex>{0, 1, 2});
  EXPECT_DOUBLE_EQ(added[0], 1 + 40 * 0.5 + (20 + 40 * 0.1) + kDecisionMs);
  EXPECT_DOUBLE_EQ(added[1], 2 + 40 * 0.25 + (100 + 40 * 0.2) + kDecisionMs);
  EXPECT_DOUBLE_EQ(added[2], 3 + 40 * 2.0 + kDecisionMs);
  const MarginalCosts joules(table, rows, kEnergyCost);
  EXPECT_DOUBLE_EQ(joules.of(std::vector<ModelIndex>{0, 2})[0], 0.6) << "joules of deciding are not known";
}

TEST(ModelCosts, RefuseSumsWithoutMeasuredEnergy) {
  Table table = measured_table();
  table.energy = {};
  table.energy.note = "not measured: no meter";
  const auto rows = all_rows(table);
  EXPECT_TRIAGE_ERROR((void)model_costs(table, rows, kSum), ErrorCode::kUsage,
                      "cost: energy was not measured: no meter, expected joules of every model");
  EXPECT_TRIAGE_ERROR((void)MarginalCosts(table, rows, kSum), ErrorCode::kUsage, "no meter");
  EXPECT_TRIAGE_ERROR((void)train_cascade(table, rows, {.cost = kSum}), ErrorCode::kUsage, "no meter");
  EXPECT_NO_THROW((void)MarginalCosts(table, rows, {2, 0}));
}

// a is the fastest and the hungriest; by energy the order of a cascade is turned round.
Table fast_but_hungry() {
  Table table = random_table(400, 2, 5);
  table.energy.infer_j = {9, 1};
  table.energy.preprocess_j = {0, 0};
  return table;
}

TEST(TrainCascade, SavesWhatItIsAskedTo) {
  const Table table = fast_but_hungry();
  const auto rows = all_rows(table);
  const auto first = [&](const CostWeights& cost) {
    const auto policy = train_cascade(table, rows, {.cost = cost}, {.min_stages = 2, .max_stages = 2});
    EXPECT_EQ(std::get<CascadeFacts>(policy->info().training.details).unit, cost);
    EXPECT_EQ(saved_cost(*policy), cost);
    return policy->info().models[0].name;
  };
  EXPECT_EQ(first(kTimeCost), "model0");
  EXPECT_EQ(first(kEnergyCost), "model1");
  // About 0.25 and 1.25 ms: the joules turn it from 1/8 ms each on.
  EXPECT_EQ(first({1, 0.05}), "model0");
  EXPECT_EQ(first({1, 0.2}), "model1");
}

// Every input passes the first of two stages or goes on; b takes 2 ms and 3 J, a 1 ms and 0.5 J.
TEST(CascadeSearch, CountsASum) {
  Table table = table_of({"a", "b"}, {1, 2}, {{1, 1}, {2, 1}, {1, 1}, {2, 1}});
  for (std::size_t i = 0; i < 4; ++i) {
    table.outputs[2 * i] = output_of(0, i % 2 == 0 ? 0.9F : 0.3F);
    table.outputs[2 * i + 1] = output_of(0, 0.9F);
  }
  table.energy.infer_j = {0.5, 3};
  table.energy.preprocess_j = {0, 0};
  const auto frontier = search_cascades(table, all_rows(table), {.cost = {1, 2}}, {.max_stages = 2});
  ASSERT_EQ(frontier.size(), 2U);
  EXPECT_DOUBLE_EQ(frontier[0].cost, 1 + 2 * 0.5);
  EXPECT_DOUBLE_EQ(frontier[0].score, 0.5);
  EXPECT_DOUBLE_EQ(frontier[1].cost, 2 + 0.5 * (2 + 2 * 3.0));
  EXPECT_DOUBLE_EQ(frontier[1].score, 1);
}

TEST(ChooseKind, ComparesCascadesWhateverIsSaved) {
  Table table = random_table(300, 2, 9);
  table.energy.infer_j = {1, 9};
  table.energy.preprocess_j = {0.1, 0.1};
  const KindChoice choice = choose_kind(table, all_rows(table), {.cost = kSum});
  EXPECT_TRUE(std::any_of(choice.compared.begin(), choice.compared.end(),
                          [](const auto& each) { return each.kind == PolicyKind::kCascadeOfTwo; }));
  EXPECT_EQ(choose_kind(table, all_rows(table), {.cost = parse_cost("j")}).kind,
            choose_kind(table, all_rows(table), {.cost = kEnergyCost}).kind);
}

}  // namespace
}  // namespace triage
