// What is wrong with labels, told by the networks while they are profiled.
#include <gtest/gtest.h>

#include "profile/label_shift.h"
#include "profile/profile_fixture.h"
#include "support/expect_error.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using enum ErrorCode;

InputRecord said(std::initializer_list<Label> answers, Label label) {
  InputRecord record;
  record.label = label;
  for (const Label answer : answers) {
    std::vector<float> probabilities(10, 0.01F);
    probabilities[static_cast<std::size_t>(answer)] = 0.9F;
    record.outputs.push_back(TopK::from_probabilities(probabilities));
  }
  return record;
}

TEST(LabelShift, TellsLabelsThatAreOneOffFromRightOnes) {
  LabelShift right(1), lower(1), higher(1);
  for (int i = 0; i < 40; ++i) {
    const Label label = i % 7 + 1;
    right.add(said({label}, label));
    lower.add(said({label - 1}, label));
    higher.add(said({label + 1}, label));
  }
  EXPECT_FALSE(right.find().has_value());
  ASSERT_TRUE(lower.find().has_value());
  EXPECT_EQ(lower.find()->shift, -1);
  EXPECT_DOUBLE_EQ(lower.find()->shifted, 1.0);
  EXPECT_DOUBLE_EQ(lower.find()->as_given, 0.0);
  ASSERT_TRUE(higher.find().has_value());
  EXPECT_EQ(higher.find()->shift, 1);
}

TEST(LabelShift, NamesTheModelThatIsRightMostOften) {
  LabelShift labels(2);
  for (int i = 0; i < 60; ++i) labels.add(said({i % 2 == 0 ? 3 : 9, 3}, 4));
  ASSERT_TRUE(labels.find().has_value());
  EXPECT_EQ(labels.find()->model, 1U);
}

TEST(LabelShift, AFewInputsDoNotTell) {
  LabelShift labels(1);
  for (int i = 0; i < 20; ++i) labels.add(said({3}, 4));  // 2 * 2^-20 is above one in a million
  EXPECT_FALSE(labels.find().has_value());
  labels.add(said({3}, 4));
  EXPECT_TRUE(labels.find().has_value());
}

TEST(LabelShift, AClassThatOftenIsTakenForItsNeighbourIsNoShift) {
  LabelShift labels(1);
  for (int i = 0; i < 200; ++i) labels.add(said({i % 10 < 4 ? 3 : 4}, 4));
  EXPECT_FALSE(labels.find().has_value());
}

TEST(LabelShift, InputsWithoutALabelAreNotCounted) {
  LabelShift labels(1);
  labels.add(said({3}, kNoLabel));
  EXPECT_EQ(labels.n_inputs(), 0U);
}

struct LabelCheck : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path out = folder.path() / "out.profile";
  Zoo zoo = load_zoo(testing::write_fake_zoo(
      folder.path() / "zoo", {{.name = "weak", .accuracy = 0.5}, {.name = "good", .accuracy = 0.95}}));
  testing::FakeData data = testing::write_fake_data(folder.path() / "data", 200);
  EngineSet engines;
  ProfileOptions options;

  void SetUp() override {
    options.features = {"contrast"};
    options.working_px = 28;
  }
  // Labels as written in `data`, each passed through `change`.
  template <class Change>
  void relabel(const Change& change) const {
    std::vector<Label> labels;
    const auto given = open();
    for (std::size_t i = 0; i < given->size(); ++i) labels.push_back(change(given->label(i)));
    testing::write_idx_labels(data.labels, labels);
  }
  [[nodiscard]] std::unique_ptr<Dataset> open() const { return open_dataset({.data = {data.images}}); }
  void measure() { measure_profile(zoo, engines, *open(), options, out); }
};

TEST_F(LabelCheck, LabelsThatCountFromOneEndTheRun) {
  relabel([](Label label) { return (label + 1) % 10; });
  EXPECT_TRIAGE_ERROR(measure(), kData, "good is right on ", "% of 64 inputs", "if every label is one less",
                      "first_label 1", "remove ", "out.profile");
}

TEST_F(LabelCheck, RightLabelsDoNot) {
  measure();
  const Table table = load_table({&out, 1});
  EXPECT_EQ(table.n_inputs(), 200U);
  EXPECT_TRUE(models_at_chance(table).models.empty());
}

TEST_F(LabelCheck, ModelsThatGuessAreNamed) {
  relabel([](Label label) { return (label * 7 + 3) % 10; });
  measure();
  const AtChance found = models_at_chance(load_table({&out, 1}));
  EXPECT_EQ(found.models, (std::vector<ModelIndex>{0, 1}));
  EXPECT_NEAR(found.chance, 0.1, 0.06);
}

TEST_F(LabelCheck, AModelsAnswersForLabelsAreNotJudged) {
  options.labels_from = "weak";
  measure();
  EXPECT_TRUE(models_at_chance(load_table({&out, 1})).models.empty());
}

// 160 pictures, none of which can be read.
TEST_F(LabelCheck, ARunThatOnlyFailsEndsSoon) {
  std::string csv;
  for (int i = 0; i < 160; ++i) csv += "none" + std::to_string(i) + ".pgm,0\n";
  const auto pictures = open_dataset({.data = {folder.path()}, .labels = {folder.write("labels.csv", csv)}});
  EXPECT_TRIAGE_ERROR(measure_profile(zoo, engines, *pictures, options, out), kData,
                      "the first 24 inputs all failed", "none23.pgm", "run the same command again");
  EXPECT_EQ(failed_inputs(out).size(), 24U);
}

TEST_F(LabelCheck, TheProfileKeepsHowLabelsBecameClasses) {
  for (const char* name : {"class 3/a.pgm", "class 5/b.pgm"}) {
    (void)folder.write(std::string("pictures/") + name, std::string("P5 1 1 255\n") + 'x');
  }
  const auto pictures = open_dataset({.data = {folder.path() / "pictures"}, .classes = classes_of(zoo)});
  measure_profile(zoo, engines, *pictures, options, out);
  const Table table = load_table({&out, 1});
  EXPECT_EQ(table.labels, (std::vector<Label>{3, 5}));
  EXPECT_EQ(table.label_mapping.by, LabelsBy::kName);
  EXPECT_EQ(table.label_mapping.n_classes, 2U);
  EXPECT_EQ(table.label_mapping.examples,
            (std::vector<std::pair<std::string, Label>>{{"class 3", 3}, {"class 5", 5}}));
}

}  // namespace
}  // namespace triage
