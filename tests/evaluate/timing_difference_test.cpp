// Cheap against exhaustive times: differences that are known beforehand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "report/sentences.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

Table cheap_table(std::size_t n = 200) { return testing::synthetic_table(n, testing::synthetic_zoo(), 1); }

// Inputs 40 to 99 of it, timed exhaustively; each model takes `ratio` times as long.
Table exhaustive_table(const Table& cheap, double ratio) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 99; row >= 40; --row) rows.push_back(row);
  Table table = select_table_inputs(cheap, rows);
  table.timing = {.mode = TimingMode::kExhaustive,
                  .bound = 0.05,
                  .min_runs = 5,
                  .max_runs = 50,
                  .cells = 60,
                  .capped = 6};
  for (float& ms : table.infer_ms) ms *= static_cast<float>(ratio);
  for (float& ms : table.preprocess_ms) ms *= static_cast<float>(ratio);
  return table;
}

NamedTrainer always(ModelIndex model, const std::string& name) {
  return {name,
          [=](const Table& table, Rows rows) { return train_single(table, rows, Criterion::kTop1, model); }};
}

// The cheapest model of the rows.
NamedTrainer cheapest_model() {
  return {"cheapest", [](const Table& table, Rows rows) {
            const std::vector<double> costs = mean_costs(table, rows);
            const auto best = std::min_element(costs.begin(), costs.end()) - costs.begin();
            return train_single(table, rows, Criterion::kTop1, static_cast<ModelIndex>(best));
          }};
}

struct JudgingTiming : ::testing::Test {
  FakeClock clock;
  StabilityOptions options{.folds = 3, .resamples = 50, .clock = unowned(clock)};
  [[nodiscard]] TimingDifference judge(const Table& cheap, const Table& exhaustive,
                                       const NamedTrainer& trainer) const {
    return judge_timing(cheap, exhaustive, std::span(&trainer, 1), options);
  }
};

TEST_F(JudgingTiming, ComparesTheInputsThatBothHave) {
  const Table cheap = cheap_table();
  const TimingDifference difference = judge(cheap, exhaustive_table(cheap, 0.5), always(3, "model 3"));
  EXPECT_EQ(difference.inputs, 60U);
  EXPECT_NEAR(difference.least_ratio, 0.5, 1e-6);
  EXPECT_NEAR(difference.greatest_ratio, 0.5, 1e-6);
  EXPECT_NEAR(difference.mean_ratio, 0.5, 1e-6);
  EXPECT_NEAR(difference.to_exhaustive.spearman, 1, 1e-12);
  double sum = 0;
  for (std::size_t i = 40; i < 100; ++i) sum += cheap.cost_ms(i, 3);
  EXPECT_NEAR(difference.to_exhaustive.models[3].trained_ms, sum / 60, 1e-9);
  EXPECT_NEAR(difference.to_exhaustive.models[3].used_ms, sum / 120, 1e-6);
  EXPECT_NEAR(difference.to_cheap.models[3].used_ms, sum / 60, 1e-9);
  EXPECT_EQ(difference.to_exhaustive.transfers.at(0).score_regret.value, 0);
  EXPECT_EQ(difference.to_cheap.transfers.at(0).time_ratio.value, 1);
}

// By exhaustive times the dearest model is the cheapest: choosing by the wrong times costs time.
TEST_F(JudgingTiming, WrongTimesCost) {
  const Table cheap = cheap_table();
  Table exhaustive = exhaustive_table(cheap, 1);
  const std::size_t last = exhaustive.n_models() - 1;
  for (std::size_t i = 0; i < exhaustive.n_inputs(); ++i) {
    exhaustive.infer_ms[exhaustive.at(i, static_cast<ModelIndex>(last))] = 0;
  }
  const TimingDifference difference = judge(cheap, exhaustive, cheapest_model());
  EXPECT_LT(difference.least_ratio, 0.01);
  EXPECT_NEAR(difference.greatest_ratio, 1, 1e-6);
  EXPECT_LT(difference.to_exhaustive.spearman, 0.5);
  const Transfer& moved = difference.to_exhaustive.transfers.at(0);
  EXPECT_NEAR(moved.time_ratio.value, moved.moved_ms / moved.native_ms, 1e-12);
  EXPECT_GT(moved.time_ratio.value, 2);
  EXPECT_GT(moved.score_regret.value, 0.1) << "the dearest model is the best, too";
  EXPECT_GT(difference.to_cheap.transfers.at(0).time_ratio.value, 50);
  const std::string text = timing_difference_sentences(difference);
  EXPECT_NE(text.find("On 60 inputs, timed exhaustively (10.0 % of the cells capped)"), std::string::npos)
      << text;
  EXPECT_NE(text.find("a cheapest loses +"), std::string::npos) << text;
}

TEST_F(JudgingTiming, WhatDoesNotFitIsNamed) {
  const Table cheap = cheap_table();
  const Table exhaustive = exhaustive_table(cheap, 1);
  const NamedTrainer trainer = cheapest_model();
  EXPECT_TRIAGE_ERROR(judge(cheap, cheap, trainer), ErrorCode::kUsage, "timed 'cheap' and 'cheap'",
                      "an exhaustive one");
  EXPECT_TRIAGE_ERROR(judge(exhaustive, exhaustive, trainer), ErrorCode::kUsage,
                      "timed 'exhaustive' and 'exhaustive'");
  EXPECT_TRIAGE_ERROR(judge(cheap_table(80), exhaustive, trainer), ErrorCode::kUsage,
                      "lacks input 'synthetic/99'");
}

TEST(SelectTableInputs, TakesEveryRowAlong) {
  Table table = cheap_table(5);
  table.selectors = {{{"s", "fs"}, "flat", {"mlp"}, "", 0, 0, 0, ""}};
  table.selector_recipe_of = {0};
  table.selector_outputs.assign(5, TopK::from_probabilities(std::vector<float>{1}));
  table.selector_ms = {0, 1, 2, 3, 4};
  check_table(table);
  const Table selected = select_table_inputs(table, std::vector<std::uint32_t>{4, 1});
  check_table(selected);
  EXPECT_EQ(selected.ids, (std::vector<std::string>{"synthetic/4", "synthetic/1"}));
  EXPECT_EQ(selected.labels[0], table.labels[4]);
  EXPECT_EQ(selected.selector_ms, (std::vector<float>{4, 1}));
  EXPECT_EQ(selected.feature_row(1)[2], table.feature_row(1)[2]);
  for (const ModelIndex m : all_models(table)) {
    EXPECT_EQ(selected.cost_ms(0, m), table.cost_ms(4, m));
    EXPECT_EQ(selected.ranks[selected.at(1, m)], table.ranks[table.at(1, m)]);
    EXPECT_EQ(selected.outputs[selected.at(0, m)].best(), table.outputs[table.at(4, m)].best());
  }
  EXPECT_TRIAGE_ERROR(select_table_inputs(table, {}), ErrorCode::kUsage, "none chosen");
  EXPECT_TRIAGE_ERROR(select_table_inputs(table, std::vector<std::uint32_t>{5}), ErrorCode::kUsage,
                      "5 chosen, expected 0 to 4");
}

}  // namespace
}  // namespace triage
