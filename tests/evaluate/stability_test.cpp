// Stability: regrets that are known beforehand.
#include "triage/tools/stability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>

#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using Values = std::vector<double>;

Table run_as(int threads, std::size_t n = 300) {
  Table table = testing::synthetic_table(n, testing::synthetic_zoo(), 1);
  for (TableModel& model : table.models) {
    model.device = "CPU";
    model.threads = threads;
  }
  return table;
}

// Trains "the cheapest model of these rows", whose regret is plain.
NamedTrainer cheapest() {
  return {"cheapest", [](const Table& table, Rows rows) {
            const std::vector<double> costs = mean_costs(table, rows);
            const auto best = std::min_element(costs.begin(), costs.end()) - costs.begin();
            return train_single(table, rows, Criterion::kTop1, static_cast<ModelIndex>(best));
          }};
}

struct Judging : ::testing::Test {
  FakeClock clock;
  StabilityOptions options{.folds = 3, .resamples = 100, .clock = unowned(clock)};
  [[nodiscard]] Stability judge(const Table& trained, const Table& used) const {
    const std::vector<NamedTrainer> trainers = {cheapest()};
    return judge_stability(trained, used, trainers, options);
  }
};

TEST_F(Judging, TheSameTimesGiveNoRegret) {
  const Table table = run_as(1);
  const Stability stability = judge(table, table);
  EXPECT_EQ(stability.spearman, 1);
  EXPECT_EQ(stability.kendall, 1);
  ASSERT_EQ(stability.transfers.size(), 1U);
  EXPECT_EQ(stability.transfers[0].score_regret.value, 0);
  EXPECT_EQ(stability.transfers[0].time_ratio.value, 1);
  EXPECT_EQ(stability.transfers[0].time_ratio.interval.high, 1);
  EXPECT_NEAR(stability.transfers[0].same_model, 1, 1e-9);
}

// With 2 threads the costliest model becomes the cheapest: who trained with 1 thread runs "linear" all the
// same.
TEST_F(Judging, RegretIsAgainstTrainingWhereItIsUsed) {
  const Table one = run_as(1);
  Table two = run_as(2);
  const std::size_t m = two.n_models();
  for (std::size_t i = 0; i < two.n_inputs(); ++i) two.infer_ms[i * m + m - 1] = 0.001F;
  const Stability stability = judge(one, two);
  EXPECT_EQ(stability.models[m - 1].name, "resnet-20");
  EXPECT_NEAR(stability.models[m - 1].used_ms, 0.001 + 0.0015, 0.0005);
  EXPECT_GT(stability.models[m - 1].trained_ms, 0.8);
  // Rank 9 goes to 1, all others up by one: 1 - 6 * (64 + 8) / (9 * 80).
  EXPECT_NEAR(stability.spearman, 0.4, 1e-12);
  EXPECT_NEAR(stability.kendall, (28.0 - 8.0) / 36.0, 1e-12);
  const Transfer& transfer = stability.transfers[0];
  EXPECT_NEAR(transfer.moved_ms, stability.models[0].used_ms, 1e-9);
  EXPECT_NEAR(transfer.native_ms, stability.models[m - 1].used_ms, 1e-9);
  EXPECT_NEAR(transfer.time_ratio.value, transfer.moved_ms / transfer.native_ms, 1e-12);
  EXPECT_NEAR(transfer.score_regret.value, transfer.native_score - transfer.moved_score, 1e-12);
  EXPECT_GT(transfer.score_regret.value, 0.05);  // the costliest is the best, too
  EXPECT_LE(transfer.score_regret.interval.low, transfer.score_regret.value);
  EXPECT_EQ(transfer.same_model, 0);
}

TEST_F(Judging, ModelsMatchByFingerprintWhateverTheirNamesAndOrder) {
  const Table one = run_as(1);
  std::vector<ModelIndex> reversed = all_models(one);
  std::reverse(reversed.begin(), reversed.end());
  Table other = select_table_models(one, reversed);
  for (TableModel& model : other.models) model.name += "@CPUx1";
  check_table(other);
  const Stability stability = judge(other, one);
  EXPECT_EQ(stability.spearman, 1);
  EXPECT_EQ(stability.models[0].name, "linear");
  EXPECT_EQ(stability.models[0].trained_ms, stability.models[0].used_ms);
  EXPECT_NEAR(stability.transfers[0].same_model, 1, 1e-9);
}

TEST_F(Judging, WaysOfRunningAreTakenApart) {
  Table both = run_as(1);
  const std::vector<ModelIndex> twice = {0, 1, 2, 0, 1, 2};
  both = select_table_models(both, twice);
  for (std::size_t m = 3; m < 6; ++m) {
    both.models[m].name += " x2";
    both.models[m].threads = 2;
  }
  EXPECT_EQ(models_run_as(both, "CPU", 2), (std::vector<ModelIndex>{3, 4, 5}));
  EXPECT_TRUE(models_run_as(both, "GPU", 1).empty());
  const Table one = select_table_models(both, models_run_as(both, "CPU", 1));
  const Table two = select_table_models(both, models_run_as(both, "CPU", 2));
  EXPECT_EQ(judge(one, two).spearman, 1);
  EXPECT_TRIAGE_ERROR(judge(both, both), ErrorCode::kUsage,
                      "has 'linear' and 'linear x2', which are one network");
}

TEST_F(Judging, WhatDoesNotFitIsNamed) {
  const Table table = run_as(1);
  Table other = table;
  other.models[2].fingerprint = "another";
  EXPECT_TRIAGE_ERROR(judge(other, table), ErrorCode::kUsage, "trained lacks model 'cnn-tiny'");
  other = select_table_models(table, std::vector<ModelIndex>{0, 1});
  EXPECT_TRIAGE_ERROR(judge(other, table), ErrorCode::kUsage, "2 and 9 models");
  EXPECT_TRIAGE_ERROR(judge(run_as(1, 299), table), ErrorCode::kUsage, "the inputs differ");
  EXPECT_TRIAGE_ERROR(select_table_models(table, {}), ErrorCode::kUsage, "none chosen");
  EXPECT_TRIAGE_ERROR(select_table_models(table, std::vector<ModelIndex>{9}), ErrorCode::kUsage, "9 chosen");
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(judge(table, table), ErrorCode::kInterrupted, "stopped");
}

TEST(SelectTableModels, TakesEveryColumnAlong) {
  Table table = run_as(1, 5);
  table.energy.infer_j.resize(table.n_models());
  for (std::size_t m = 0; m < table.n_models(); ++m) table.energy.infer_j[m] = static_cast<double>(m);
  table.energy.preprocess_j = {0, 0};
  const Table selected = select_table_models(table, std::vector<ModelIndex>{7, 0});
  check_table(selected);
  EXPECT_EQ(selected.models[0].name, "resnet-14");
  EXPECT_EQ(selected.recipe_of, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(selected.energy.infer_j, (Values{7, 0}));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(selected.infer_ms[selected.at(i, 0)], table.infer_ms[table.at(i, 7)]);
    EXPECT_EQ(selected.ranks[selected.at(i, 1)], table.ranks[table.at(i, 0)]);
    EXPECT_EQ(selected.outputs[selected.at(i, 0)].best(), table.outputs[table.at(i, 7)].best());
    EXPECT_EQ(selected.cost_ms(i, 0), table.cost_ms(i, 7));
  }
}

}  // namespace
}  // namespace triage
