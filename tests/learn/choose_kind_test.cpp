// Which kind of policy training chooses by itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/policy.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::synthetic_table;
using testing::three_models;

std::vector<PolicyKind> kinds_of(const KindChoice& choice) {
  std::vector<PolicyKind> kinds;
  for (const KindEstimate& each : choice.compared) kinds.push_back(each.kind);
  return kinds;
}

TEST(ChooseKind, ComparesTheSimplestFirst) {
  const Table table = synthetic_table(300, three_models(), 1);
  const KindChoice choice = choose_kind(table, all_rows(table));
  EXPECT_EQ(kinds_of(choice), (std::vector<PolicyKind>{PolicyKind::kSingleBest, PolicyKind::kCheapestEqual,
                                                       PolicyKind::kCascadeOfTwo, PolicyKind::kCascadeOfThree,
                                                       PolicyKind::kAdaptive}));
  const KindEstimate& best = choice.compared.front();
  EXPECT_EQ(best.score_gain, 0);
  EXPECT_EQ(best.score_error, 0);
  EXPECT_EQ(best.cost_ratio, 1);
  const KindEstimate& adaptive = choice.compared.back();
  EXPECT_NEAR(best.worth, -2 * adaptive.score_error, 1e-12) << "of the difference between the two";
  EXPECT_NEAR(adaptive.worth, adaptive.score_gain + 0.01 * (1 - adaptive.cost_ratio), 1e-12);
  for (const KindEstimate& each : choice.compared) {
    EXPECT_LE(each.worth, each.score_gain + 0.01 * (1 - each.cost_ratio));
  }
  const auto most = std::max_element(choice.compared.begin(), choice.compared.end(),
                                     [](const auto& a, const auto& b) { return a.worth < b.worth; });
  EXPECT_EQ(choice.kind, most->kind);
}

TEST(ChooseKind, IsTheSameEveryTime) {
  const Table table = synthetic_table(300, three_models(), 2);
  const KindChoice a = choose_kind(table, all_rows(table)), b = choose_kind(table, all_rows(table));
  ASSERT_EQ(kinds_of(a), kinds_of(b));
  EXPECT_EQ(a.kind, b.kind);
  for (std::size_t k = 0; k < a.compared.size(); ++k) EXPECT_EQ(a.compared[k].worth, b.compared[k].worth);
}

// Where the cheapest model is as good as any, nothing is to be decided.
TEST(ChooseKind, TakesOneModelWhereThatIsEnough) {
  Table table = synthetic_table(400, three_models(), 3);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (ModelIndex m = 1; m < 3; ++m) {
      table.outputs[table.at(i, m)] = table.outputs[table.at(i, 0)];
      table.ranks[table.at(i, m)] = table.ranks[table.at(i, 0)];
    }
  }
  const KindChoice choice = choose_kind(table, all_rows(table));
  EXPECT_EQ(choice.kind, PolicyKind::kSingleBest);
  const auto policy = train_kind(table, all_rows(table), choice.kind);
  EXPECT_EQ(policy->info().models.front().name, table.models[0].name) << "of equals the cheapest is the best";
}

// One input in 400 more, two against one, is no reason to pay fifteen times as much.
TEST(ChooseKind, TheCheapestEqualModelIsNoWorseButForNoise) {
  Table table = synthetic_table(400, three_models(), 4);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const std::size_t cheap = table.at(i, 1), dear = table.at(i, 2);
    table.outputs[cheap] = table.outputs[dear];
    table.ranks[cheap] = table.ranks[dear];
  }
  for (const std::size_t i : {7, 8, 9}) {
    table.ranks[table.at(i, 2)] = i == 9 ? 2 : 1;
    table.ranks[table.at(i, 1)] = i == 9 ? 1 : 2;
  }
  const auto rows = all_rows(table);
  EXPECT_EQ(train_kind(table, rows, PolicyKind::kSingleBest)->info().models.front().name,
            table.models[2].name);
  EXPECT_EQ(train_kind(table, rows, PolicyKind::kCheapestEqual)->info().models.front().name,
            table.models[1].name);
}

TEST(ChooseKind, FewRowsDoNotTell) {
  const Table table = synthetic_table(59, three_models(), 5);
  const KindChoice choice = choose_kind(table, all_rows(table));
  EXPECT_EQ(choice.kind, PolicyKind::kSingleBest);
  EXPECT_TRUE(choice.compared.empty());
}

TEST(ChooseKind, WithoutOutputsThePremodelIsTheRival) {
  Table table = synthetic_table(300, three_models(), 6);
  for (TopK& output : table.outputs) output = {};
  EXPECT_EQ(
      kinds_of(choose_kind(table, all_rows(table))),
      (std::vector<PolicyKind>{PolicyKind::kSingleBest, PolicyKind::kCheapestEqual, PolicyKind::kPremodel}));
}

TEST(ChooseKind, RefusesEnergyThatWasNotMeasured) {
  const Table table = synthetic_table(300, three_models(), 7);
  EXPECT_TRIAGE_ERROR((void)choose_kind(table, all_rows(table), {.cost = kEnergyCost}), ErrorCode::kUsage,
                      "energy");
}

TEST(ChooseKind, RefusesAMarginThatIsNoNumber) {
  const Table table = synthetic_table(300, three_models(), 7);
  EXPECT_TRIAGE_ERROR((void)choose_kind(table, all_rows(table), {.margin = std::nan("")}), ErrorCode::kUsage,
                      "train: margin nan, expected a finite share");
}

TEST(ChooseKind, KindsAreCalled) {
  EXPECT_EQ(to_string(PolicyKind::kSingleBest), "single best model");
  EXPECT_EQ(to_string(PolicyKind::kCascadeOfThree), "cascade of 3");
}

}  // namespace
}  // namespace triage
