// From a feedback store to a profile: which inputs, and what stands in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "import/made_feedback.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/features.h"
#include "triage/tools/import_feedback.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using testing::made_facts;
using testing::MadeInput;
using testing::write_feedback;

struct FeedbackImportTest : ::testing::Test {
  testing::TempFolder dir;
  std::filesystem::path store = dir.path() / "store.sqlite", out = dir.path() / "out.profile";

  FeedbackImport import(bool unlabelled = false) const {
    return import_feedback(store, out, {.unlabelled = unlabelled});
  }
};

TEST_F(FeedbackImportTest, TakesExploredInputsWithLabels) {
  write_feedback(store, {made_facts("v1")},
                 {{.label = 1}, {.label = 2}, {.explored = false, .label = 1}, {.label = kNoLabel}});
  const FeedbackImport summary = import();
  EXPECT_EQ(summary.inputs, 2U);
  EXPECT_EQ(summary.unlabelled, 1U);
  EXPECT_EQ(summary.versions, 1U);
  EXPECT_EQ(summary.explore_share, 1);
  const Table table = load_table(std::array{out});
  EXPECT_EQ(table.ids, (std::vector<std::string>{"feedback/1-r1#0", "feedback/2-r2#0"}));
  EXPECT_EQ(table.labels, (std::vector<Label>{1, 2}));
  EXPECT_EQ(table.models[1].name, "large");
  EXPECT_EQ(table.models[1].fingerprint, "f1");
  EXPECT_EQ(table.ranks, (std::vector<std::int32_t>{1, 1, 3, 3}));
  EXPECT_EQ(table.infer_ms, (std::vector<float>{1, 2, 1, 2}));
  EXPECT_EQ(table.preprocess_ms, (std::vector<float>{0.25F, 0.25F}));
  EXPECT_EQ(table.machine, "a machine, 2 cores");
  EXPECT_EQ(table.label_names[2], "cow");
}

TEST_F(FeedbackImportTest, TakesInputsWithoutLabelsWhenAsked) {
  write_feedback(store, {made_facts("v1")}, {{.label = kNoLabel}, {.label = 2}});
  EXPECT_EQ(import(true).inputs, 2U);
  Table table = load_table(std::array{out});
  EXPECT_EQ(table.labels, (std::vector<Label>{kNoLabel, 2}));
  label_by_model(table, "large");
  EXPECT_EQ(table.labels, (std::vector<Label>{1, 1}));
}

TEST_F(FeedbackImportTest, TakesVersionsThatTheSameModelsExplored) {
  ServedPolicyFacts turned = made_facts("v1"), other = made_facts("v2");
  std::swap(turned.explored[0], turned.explored[1]);
  other.explored[1].id.fingerprint = "f2";
  write_feedback(store, {turned, other, made_facts("v3")},
                 {{.policy = 1, .label = 1}, {.policy = 2, .label = 1}, {.policy = 3, .label = 1}});
  const FeedbackImport summary = import();
  EXPECT_EQ(summary.inputs, 2U);
  EXPECT_EQ(summary.versions, 2U);
  EXPECT_EQ(summary.other_models, 1U);
  // In v1 the large model stood first.
  EXPECT_EQ(load_table(std::array{out}).infer_ms, (std::vector<float>{2, 1, 1, 2}));
}

TEST_F(FeedbackImportTest, ThinsToTheLeastShare) {
  std::vector<MadeInput> inputs;
  std::size_t expected = 0;
  for (std::int64_t id = 1; id <= 1000; ++id) {
    const double share = id <= 500 ? 0.8 : 0.2;
    inputs.push_back({.share = share, .explored = explore_number(id) < share, .label = 1});
    expected += explore_number(id) < 0.2 ? 1 : 0;
  }
  write_feedback(store, {made_facts("v1")}, inputs);
  const FeedbackImport summary = import();
  EXPECT_EQ(summary.inputs, expected);
  EXPECT_EQ(summary.explore_share, 0.2);
  EXPECT_NEAR(static_cast<double>(summary.thinned), 300, 60);
}

TEST_F(FeedbackImportTest, KeepsFeaturesAndTheirTime) {
  ServedPolicyFacts facts = made_facts("v1");
  facts.schema = make_schema(std::array<std::string_view, 2>{"edge_length1", "hue1"});
  write_feedback(store, {facts},
                 {{.label = 1, .values = {1, 2}},
                  {.label = 1, .values = {1, std::nanf("")}},
                  {.label = 1, .values = {1}}});
  EXPECT_EQ(import().without_features, 2U);
  const Table table = load_table(std::array{out});
  EXPECT_EQ(table.features, (std::vector<float>{1, 2}));
  EXPECT_EQ(std::accumulate(table.node_ms.begin(), table.node_ms.end(), 0.0F), 0.5F);
}

TEST_F(FeedbackImportTest, NumbersAreUniformWhateverTheInput) {
  constexpr int kInputs = 20'000;
  std::array<int, 10> counts{};
  for (std::int64_t id = 1; id <= kInputs; ++id) {
    ++counts[static_cast<std::size_t>(explore_number(id) * 10)];
  }
  double chi_squared = 0;
  for (const int n : counts) chi_squared += std::pow(n - kInputs / 10, 2) / (kInputs / 10);
  EXPECT_LT(chi_squared, 27.9);  // 9 degrees of freedom, 0.1 %
}

TEST_F(FeedbackImportTest, RefusesWhatIsOfNoUse) {
  EXPECT_TRIAGE_ERROR(import(), ErrorCode::kIo, "store.sqlite", "feedback store");
  write_feedback(store, {made_facts("v1")}, {{.explored = false}});
  EXPECT_TRIAGE_ERROR(import(), ErrorCode::kData, "no input was explored");
  std::filesystem::remove(store);
  write_feedback(store, {made_facts("v1")}, {{.label = kNoLabel}});
  EXPECT_TRIAGE_ERROR(import(), ErrorCode::kData, "has a label");
  EXPECT_FALSE(std::filesystem::exists(out));
  const auto damaged = [&](const char* sql, std::string_view what) {
    std::filesystem::remove(store);
    write_feedback(store, {made_facts("v1")}, {{.label = 1}});
    Database(store, Database::Mode::kWrite).exec(sql);
    EXPECT_TRIAGE_ERROR(import(), ErrorCode::kProfile, "store.sqlite", what);
  };
  damaged("DELETE FROM explored WHERE model = 1", "lacks a model");
  damaged("UPDATE explored SET top = x'00'", "list of classes");
  damaged("UPDATE policy SET about = '{}'", "table 'policy'");
  damaged("UPDATE policy SET about = replace(about, '\"n_classes\":3', '\"n_classes\":0')", "no classes");
  damaged("UPDATE policy SET about = replace(about, '\"f32\"', '\"f99\"')", "table 'policy'");
  damaged("UPDATE input SET label = 7", "label");
  damaged("PRAGMA user_version = 99", "version 99");
}

}  // namespace
}  // namespace triage
