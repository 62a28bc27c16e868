// Labels from a model, by hand.
#include <gtest/gtest.h>

#include <vector>

#include "support/expect_error.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

// What a model says that puts these classes first, in this order, of `n_classes`.
TopK says(const std::vector<std::int32_t>& first, std::int32_t n_classes = 20) {
  std::vector<float> probabilities(static_cast<std::size_t>(n_classes), 0.001F);
  float p = 0.5F;
  for (const std::int32_t cls : first) probabilities[static_cast<std::size_t>(cls)] = p /= 2;
  return TopK::from_probabilities(probabilities);
}

// 3 inputs x 3 models, 20 classes. What comes behind the named classes is in rising order, so that of 16
// listed ones the last are left out.
//         a           b              c
//   in0   7           7              7
//   in1   4, 3        9, 8, 3        3
//   in2   1           2              19
Table models_table() {
  Table table;
  table.models = {{{"a", ""}, "r"}, {{"b", ""}, "r"}, {{"c", ""}, "r"}};
  table.ids = {"in0", "in1", "in2"};
  table.labels = {kNoLabel, kNoLabel, kNoLabel};
  table.n_classes = 20;
  table.ranks.assign(9, 0);
  table.outputs = {says({7}), says({7}), says({7}), says({4, 3}), says({9, 8, 3}),
                   says({3}), says({1}), says({2}), says({19})};
  table.infer_ms.assign(9, 1);
  table.recipe_of = {0, 0, 0};
  table.preprocess_ms.assign(3, 1);
  table.decode_ms.assign(3, 0);
  return table;
}

TEST(LabelByModel, ItsAnswersAreTheLabelsAndItsOwnRanksAre1) {
  Table table = models_table();
  label_by_model(table, "c");
  EXPECT_EQ(table.labels_from, "c");
  EXPECT_EQ(table.labels, (std::vector<Label>{7, 3, 19}));
  // Class 19 is the last of in2's, so that a and b do not list it: 17 stands for 17 to 20.
  EXPECT_EQ(table.ranks, (std::vector<std::int32_t>{1, 1, 1, 2, 3, 1, 17, 17, 1}));
  const std::vector<std::uint32_t> all = {0, 1, 2};
  EXPECT_EQ(mean_scores(table, all, Criterion::kTop1), (std::vector<double>{1 / 3.0, 1 / 3.0, 1}));
  EXPECT_EQ(mean_scores(table, all, Criterion::kTop5), (std::vector<double>{2 / 3.0, 2 / 3.0, 1}));
  check_table(table);
}

TEST(LabelByModel, OtherLabelsAreReplaced) {
  Table table = models_table();
  label_by_model(table, "c");
  label_by_model(table, "a");
  EXPECT_EQ(table.labels_from, "a");
  EXPECT_EQ(table.labels, (std::vector<Label>{7, 4, 1}));
  EXPECT_EQ(table.ranks, (std::vector<std::int32_t>{1, 1, 1, 1, 7, 5, 1, 3, 3}));
}

TEST(LabelByModel, UpTo16ClassesEveryRankIsExact) {
  Table table = models_table();
  table.n_classes = 16;
  table.outputs.assign(9, says({2}, 16));
  table.outputs[2] = says({15}, 16);
  label_by_model(table, "c");
  EXPECT_EQ(table.labels[0], 15);
  EXPECT_EQ(table.ranks[0], 16);
  check_table(table);
}

TEST(LabelByModel, ModelsWithoutOutputsHaveNoRanks) {
  Table table = models_table();
  table.outputs[0] = {};
  label_by_model(table, "b");
  EXPECT_EQ(table.ranks[0], 0);
  const std::vector<Label> before = table.labels;
  EXPECT_TRIAGE_ERROR(label_by_model(table, "a"), ErrorCode::kProfile, "labels from 'a'", "input 'in0'",
                      "take another model");
  EXPECT_EQ(table.labels, before);
  EXPECT_EQ(table.labels_from, "b");
}

TEST(LabelByModel, AnUnknownModelIsToldTheKnownOnes) {
  Table table = models_table();
  EXPECT_TRIAGE_ERROR(label_by_model(table, "d"), ErrorCode::kUsage, "labels from 'd'", "one of: a, b, c");
  table.labels_from = "d";
  EXPECT_TRIAGE_ERROR(check_table(table), ErrorCode::kProfile, "labels_from is 'd'");
}

TEST(LabelByModel, SaysSo) {
  EXPECT_EQ(describe_labels("large"), "from large: agreement, not accuracy");
  EXPECT_EQ(describe_labels(""), "");
}

}  // namespace
}  // namespace triage
