// Algorithm 1 by hand, and its properties on random tables.
#include <gtest/gtest.h>

#include <algorithm>

#include "learn/tables.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::random_table;
using testing::table_of;

// The paper's walk in small: 10 inputs. "cheap" is right on six; of the other four "big" is right on two and
// "mid" on one, which "big" has too; "odd" is right on one that no other has.
Table walk() {
  return table_of({"mid", "cheap", "big", "odd"}, {2, 1, 8, 4},
                  {{1, 1, 1, 2},
                   {1, 1, 1, 2},
                   {1, 1, 1, 2},
                   {1, 1, 1, 2},
                   {1, 1, 2, 2},
                   {1, 1, 2, 2},
                   {1, 2, 1, 2},
                   {2, 2, 1, 2},
                   {2, 2, 2, 1},
                   {2, 3, 2, 2}});
}

void expect_step(const SelectionStep& step, ModelIndex model, double coverage, double gain, bool kept) {
  EXPECT_EQ(step.model, model);
  EXPECT_DOUBLE_EQ(step.coverage, coverage);
  EXPECT_DOUBLE_EQ(step.gain, gain);
  EXPECT_EQ(step.kept, kept);
}

TEST(SelectModels, FollowsAlgorithm1) {
  const Table table = walk();
  const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0.05);
  EXPECT_EQ(selection.models, (std::vector<ModelIndex>{1, 2, 3}));
  ASSERT_EQ(selection.trace.size(), 4U);
  expect_step(selection.trace[0], 1, 0.6, 0.6, true);
  expect_step(selection.trace[1], 2, 0.8, 0.2, true);
  expect_step(selection.trace[2], 3, 0.9, 0.1, true);
  expect_step(selection.trace[3], 0, 0.9, 0.0, false);  // adds nothing: dropped, but shown
}

TEST(SelectModels, DropsAModelThatGainsThetaOrLess) {
  const Table table = walk();
  const auto at = select_models(table, all_rows(table), Criterion::kTop1, 0.1);
  EXPECT_EQ(at.models, (std::vector<ModelIndex>{1, 2}));
  ASSERT_EQ(at.trace.size(), 3U);
  expect_step(at.trace[2], 3, 0.9, 0.1, false);
  EXPECT_EQ(select_models(table, all_rows(table), Criterion::kTop1, 0.2).models,
            (std::vector<ModelIndex>{1}));
}

TEST(SelectModels, Model1IsTheOptimumOfMostNotTheMostAccurate) {
  // "cheap" is right on 2 of 3, "big" on all: the optimum of two inputs is "cheap".
  const Table table = table_of({"big", "cheap"}, {5, 1}, {{1, 1}, {1, 1}, {1, 2}});
  const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0.005);
  EXPECT_EQ(selection.models, (std::vector<ModelIndex>{1, 0}));
}

TEST(SelectModels, TiesGoToTheCheaperThenTheLowerIndex) {
  const Table cheaper = table_of({"a", "b", "c"}, {1, 9, 4}, {{1, 2, 2}, {1, 2, 2}, {2, 1, 1}});
  EXPECT_EQ(select_models(cheaper, all_rows(cheaper), Criterion::kTop1, 0).models,
            (std::vector<ModelIndex>{0, 2}));
  const Table lower = table_of({"a", "b", "c"}, {1, 4, 4}, {{1, 2, 2}, {1, 2, 2}, {2, 1, 1}});
  EXPECT_EQ(select_models(lower, all_rows(lower), Criterion::kTop1, 0).models,
            (std::vector<ModelIndex>{0, 1}));
}

TEST(SelectModels, UsesTheCriterion) {
  const Table table = table_of({"a", "b"}, {1, 2}, {{5, 1}, {5, 1}});
  EXPECT_EQ(select_models(table, all_rows(table), Criterion::kTop1, 0).models, (std::vector<ModelIndex>{1}));
  EXPECT_EQ(select_models(table, all_rows(table), Criterion::kTop5, 0).models, (std::vector<ModelIndex>{0}));
}

TEST(SelectModels, StopsAtTheMostModels) {
  const Table table = walk();
  const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0, 2);
  EXPECT_EQ(selection.models, (std::vector<ModelIndex>{1, 2}));
  EXPECT_EQ(selection.trace.size(), 2U);
}

TEST(SelectModels, TakesTheCheapestWhenNothingIsRight) {
  const Table table = table_of({"a", "b"}, {2, 1}, {{2, 2}, {3, 3}});
  const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0.005);
  EXPECT_EQ(selection.models, (std::vector<ModelIndex>{1}));
  EXPECT_EQ(selection.trace.back().kept, false);
}

TEST(SelectModels, SeesTheGivenRowsAlone) {
  const Table table = walk();
  const std::vector<std::uint32_t> rows{7, 8};
  const auto selection = select_models(table, rows, Criterion::kTop1, 0.005);
  EXPECT_EQ(selection.models, (std::vector<ModelIndex>{3, 2}));  // one each; "odd" is cheaper
}

TEST(SelectModels, GainsFallAndCoverageIsTheirSum) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Table table = random_table(200, 6, seed);
    const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0.0);
    double sum = 0;
    for (std::size_t i = 0; i < selection.trace.size(); ++i) {
      sum += selection.trace[i].gain;
      EXPECT_NEAR(selection.trace[i].coverage, sum, 1e-12);
      if (i >= 2) {
        EXPECT_LE(selection.trace[i].gain, selection.trace[i - 1].gain);
      }
    }
    std::size_t covered = 0;
    for (const std::uint32_t row : all_rows(table)) {
      bool right = false;
      for (const ModelIndex model : selection.models)
        right = right || table.score(row, model, Criterion::kTop1) > 0;
      covered += right ? 1 : 0;
    }
    EXPECT_NEAR(sum, static_cast<double>(covered) / 200,
                1e-12);  // with theta 0 the dropped model adds nothing
  }
}

TEST(SelectModels, RefusesBadOptions) {
  const Table table = walk();
  const auto rows = all_rows(table);
  for (const double theta : {-0.1, 1.0, kNotMeasured}) {
    EXPECT_THROW((void)select_models(table, rows, Criterion::kTop1, theta), Error);
  }
  EXPECT_THROW((void)select_models(table, {}, Criterion::kTop1, 0.005), Error);
  EXPECT_THROW((void)select_models(table, rows, Criterion::kTop1, 0.005, 0), Error);
}

// Costs 1, 2, 4, 8; right on 4, 3, 8 and 9 of 10: "b" is worse than "a", "c" lies above the line from "a" to
// "d".
Table hull() {
  std::vector<std::vector<std::int32_t>> ranks(10, {2, 2, 2, 2});
  for (std::size_t i = 0; i < 10; ++i) {
    ranks[i][0] = i < 4 ? 1 : 2;
    ranks[i][1] = i >= 7 ? 1 : 2;
    ranks[i][2] = i < 8 ? 1 : 2;
    ranks[i][3] = i < 9 ? 1 : 2;
  }
  return table_of({"a", "b", "c", "d"}, {1, 2, 4, 8}, ranks);
}

TEST(SelectModels, ByHullLeavesOutWhatAMixtureBeats) {
  const Table table = hull();
  const auto on =
      select_models(table, all_rows(table), Criterion::kTop1, 0, SIZE_MAX, kTimeCost, SelectionRule::kHull);
  EXPECT_EQ(on.models, (std::vector<ModelIndex>{0, 3}));  // "d" has all that "c" adds
  // With "c" below the line it is left out, so that even two models at most cannot have it.
  Table below = hull();
  for (std::size_t i = 4; i < 8; ++i) below.ranks[i * 4 + 2] = 2;
  const auto off =
      select_models(below, all_rows(below), Criterion::kTop1, 0, SIZE_MAX, kTimeCost, SelectionRule::kHull);
  EXPECT_EQ(std::count(off.models.begin(), off.models.end(), 2), 0);
}

TEST(SelectModels, ByGainPerCostPrefersCheapGains) {
  const Table table = hull();
  const auto selection = select_models(table, all_rows(table), Criterion::kTop1, 0, SIZE_MAX, kTimeCost,
                                       SelectionRule::kGainPerCost);
  // After "a": "b" gains 3 in 2 ms, "c" 4 in 4 ms, "d" 5 in 8 ms.
  ASSERT_GE(selection.models.size(), 2U);
  EXPECT_EQ(selection.models[1], 1);
  // "b" no longer brings enough, which must not end the search.
  const auto more = select_models(table, all_rows(table), Criterion::kTop1, 0.35, SIZE_MAX, kTimeCost,
                                  SelectionRule::kGainPerCost);
  EXPECT_EQ(more.models, (std::vector<ModelIndex>{0, 2}));
}

}  // namespace
}  // namespace triage
