// Labels drawn for inputs that have none: what is drawn, how often, and from what.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/policy.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::synthetic_table;
using testing::three_models;

// Of which the first `n_labelled` keep their labels; the others lose them.
struct HalfLabelled {
  Table truth, table;
  std::vector<std::uint32_t> labelled, unlabelled;
};
HalfLabelled half_labelled(std::size_t n, std::size_t n_labelled) {
  HalfLabelled half{synthetic_table(n, three_models(), 11), {}, {}, {}};
  half.table = half.truth;
  for (std::uint32_t row = 0; row < n; ++row) {
    (row < n_labelled ? half.labelled : half.unlabelled).push_back(row);
    if (row >= n_labelled) set_label(half.table, row, kNoLabel);
  }
  return half;
}

TEST(DrawLabels, LeaveGivenLabelsAndFitTheRanksToTheDrawn) {
  HalfLabelled half = half_labelled(300, 100);
  draw_labels(half.table, half.labelled, half.unlabelled);
  check_table(half.table);
  for (const std::uint32_t row : half.labelled) {
    EXPECT_EQ(half.table.labels[row], half.truth.labels[row]);
    EXPECT_EQ(half.table.has_drawn_label[row], 0);
  }
  for (const std::uint32_t row : half.unlabelled) {
    EXPECT_EQ(half.table.has_drawn_label[row], 1);
    ASSERT_GE(half.table.labels[row], 0);
    for (const ModelIndex m : all_models(half.table)) {
      const std::size_t at = half.table.at(row, m);
      EXPECT_EQ(half.table.ranks[at] == 1, half.table.outputs[at].best() == half.table.labels[row]);
    }
  }
}

TEST(DrawLabels, DependOnTheSeedAndTheInputAlone) {
  HalfLabelled half = half_labelled(300, 100);
  Table again = half.table, other = half.table, fewer = half.table;
  draw_labels(half.table, half.labelled, half.unlabelled);
  draw_labels(again, half.labelled, half.unlabelled);
  EXPECT_EQ(half.table.labels, again.labels);
  draw_labels(fewer, half.labelled, Rows(half.unlabelled).last(50));
  EXPECT_TRUE(std::equal(fewer.labels.end() - 50, fewer.labels.end(), half.table.labels.end() - 50));
  LearnOptions learn;
  learn.seed = 1;
  draw_labels(other, half.labelled, half.unlabelled, learn);
  EXPECT_NE(half.table.labels, other.labels);
}

// The noise model: by the drawn labels each model is as often right as by the true ones. By the answers of
// the models together, which are never wrong then, the last one would be right on 4 points more.
TEST(DrawLabels, KeepTheModelsScores) {
  HalfLabelled half = half_labelled(20'000, 4000);
  draw_labels(half.table, half.labelled, half.unlabelled);
  const auto drawn = mean_scores(half.table, half.unlabelled, Criterion::kTop1);
  const auto truth = mean_scores(half.truth, half.unlabelled, Criterion::kTop1);
  for (std::size_t m = 0; m < truth.size(); ++m) EXPECT_NEAR(drawn[m], truth[m], 0.02) << m;
}

// Models that are always right and nearly sure leave nothing to chance.
TEST(DrawLabels, OfSureModelsAreTheirAnswers) {
  HalfLabelled half = half_labelled(200, 100);
  for (std::uint32_t row = 0; row < 200; ++row) {
    for (const ModelIndex m : all_models(half.table)) {
      half.table.outputs[half.table.at(row, m)] =
          testing::detail::output_for(half.truth.labels[row], 0.99999, 10);
    }
  }
  draw_labels(half.table, half.labelled, half.unlabelled);
  EXPECT_EQ(half.table.labels, half.truth.labels);
}

TEST(DrawLabels, ArePartOfWhatAPolicySaysOfItsTraining) {
  HalfLabelled half = half_labelled(300, 100);
  draw_labels(half.table, half.labelled, half.unlabelled);
  const auto policy = train_adaptive(half.table, all_rows(half.table));
  const auto& notes = policy->info().training.notes;
  const std::pair<std::string, std::string> expected{"labels",
                                                     "100 given, 200 drawn from what the models say"};
  EXPECT_NE(std::find(notes.begin(), notes.end(), expected), notes.end());
}

TEST(DrawLabels, NeedLabelsAndOutputs) {
  HalfLabelled half = half_labelled(300, 100);
  EXPECT_TRIAGE_ERROR(draw_labels(half.table, Rows(half.labelled).first(19), half.unlabelled),
                      ErrorCode::kUsage, "19 with labels beside them, expected 20 or more");
  EXPECT_TRIAGE_ERROR(draw_labels(half.table, half.unlabelled, half.labelled), ErrorCode::kUsage,
                      "expected a label for each");
  Table silent = half.table;
  silent.outputs[silent.at(250, 1)] = {};
  EXPECT_TRIAGE_ERROR(draw_labels(silent, half.labelled, half.unlabelled), ErrorCode::kUsage,
                      "models lack outputs");
}

}  // namespace
}  // namespace triage
