// Files of outcomes: what is written is read, and nothing half-written stays.
#include "profile/outcomes.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "profile/sqlite.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using testing::expect_error;

OutcomeHeader two_models() {
  OutcomeHeader header;
  header.source = "a test";
  header.models = {"a", "b"};
  header.schema.groups = {"cheap", "dear"};
  header.schema.features = {{"x", 0, 0}, {"y", 0, 1}};
  header.answers = {"yes", "no"};
  header.terms = {
      .score = "quality", .worst = 0, .best = 10, .score_unit = "", .cost_unit = "usd", .cutoff = 0};
  header.has_folds = header.has_signals = true;
  return header;
}

OutcomeInput input(const std::string& id) {
  return {.id = id, .group = "", .fold = 1, .label = 0, .features = {1, 2}, .feature_costs = {}};
}

class Outcomes : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
  std::filesystem::path out_ = folder_ / "x.profile";
};

TEST_F(Outcomes, MayHaveTexts) {
  OutcomeHeader header = two_models();
  header.text_name = "prompt";
  OutcomeWriter writer(out_, header);
  const std::string zero("a\0b", 3);
  for (const auto& [id, text] :
       {std::pair("i", std::string()), {"j", zero}, {"k", std::string(1 << 20, 'x')}}) {
    OutcomeInput each = input(id);
    each.text = text;
    const auto position = writer.add_input(each);
    writer.add_cell(position, 0, {.score = 1, .cost = 4});
  }
  writer.finish();
  const Table table = load_table(std::array{out_});
  EXPECT_EQ(table.text_name, "prompt");
  EXPECT_EQ(table.texts, (std::vector<std::string>{"", zero, std::string(1 << 20, 'x')}));
  {
    const Database database(out_, Database::Mode::kWrite);
    database.exec("INSERT INTO input_text VALUES (3, 'of no input')");
  }
  expect_error(ErrorCode::kProfile, "", [&] { (void)load_table(std::array{out_}); });
  header.schema.groups.assign(64, "");
  for (std::size_t g = 0; g < 64; ++g) header.schema.groups[g] = std::to_string(g);
  expect_error(ErrorCode::kUsage, "64 groups of features, expected at most 63",
               [&] { OutcomeWriter(folder_ / "y.profile", header); });
}

// As they were written before there were texts.
TEST_F(Outcomes, OfFormat1HaveNone) {
  OutcomeWriter writer(out_, two_models());
  writer.add_cell(writer.add_input(input("i")), 0, {.score = 0.5F, .cost = 2});
  writer.finish();
  {
    const Database database(out_, Database::Mode::kWrite);
    database.exec("DROP TABLE input_text; DELETE FROM meta WHERE key = 'text'; PRAGMA user_version = 1");
  }
  const Table table = load_table(std::array{out_});
  EXPECT_EQ(table.ids.size(), 1U);
  EXPECT_TRUE(table.texts.empty());
}

TEST_F(Outcomes, AreReadAsWritten) {
  OutcomeWriter writer(out_, two_models());
  OutcomeInput first = input("i");
  first.group = "g";
  first.feature_costs = {0.5F, 3};
  first.features[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(writer.add_input(first), 0);
  EXPECT_EQ(writer.add_input(input("j")), 1);
  writer.add_cell(1, 0, {.score = 0.5F, .cost = 2, .signal = 0.25F, .answer = 1});
  writer.add_cell(0, 1, {.score = 1, .cost = 4});
  EXPECT_FALSE(std::filesystem::exists(out_));
  writer.finish();
  const Table table = load_table(std::array{out_});
  EXPECT_EQ(table.ids, (std::vector<std::string>{"i", "j"}));
  EXPECT_EQ(table.group_of(0), "g");
  EXPECT_EQ(table.group_of(1), "j");
  EXPECT_EQ(table.given_folds, (std::vector<std::int32_t>{1, 1}));
  EXPECT_EQ(table.node_ms, (std::vector<float>{0.5F, 3, 0, 0}));
  EXPECT_TRUE(std::isnan(table.features[1]));
  EXPECT_TRUE(std::isnan(table.scores[0]));
  EXPECT_EQ(table.scores[1], 1);
  EXPECT_EQ(table.cost_ms(1, 0), 2);
  EXPECT_EQ(table.confidence(1, 0), 0.25);
  EXPECT_EQ(table.output(1, 0).best(), 1);
  EXPECT_EQ(table.terms, two_models().terms);
  EXPECT_EQ(read_outcome_header(out_).schema, two_models().schema);
}

TEST_F(Outcomes, LeaveNothingBehindUnfinished) {
  { OutcomeWriter writer(out_, two_models()); }
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_TRUE(entry.path().extension() == ".lock") << entry.path();
  }
}

TEST_F(Outcomes, CheckTheHeader) {
  const auto refused = [&](const std::string& message, const auto& change) {
    OutcomeHeader header = two_models();
    change(header);
    expect_error(ErrorCode::kUsage, message, [&] { OutcomeWriter(out_, header); });
  };
  refused("has no models", [](auto& h) { h.models.clear(); });
  refused("has 'a' twice among its models", [](auto& h) { h.models[1] = "a"; });
  refused("one of its answers has no name", [](auto& h) { h.answers[0] = ""; });
  refused("has 'x' twice among its features", [](auto& h) { h.schema.features[1].name = "x"; });
  refused("in group 7", [](auto& h) { h.schema.features[1].group = 7; });
  refused("scores go from 0 to 0", [](auto& h) { h.terms.best = 0; });
  refused("the cutoff is -1", [](auto& h) { h.terms.cutoff = -1; });
  refused("65 groups", [](auto& h) {
    for (int i = 0; i < 63; ++i) h.schema.groups.push_back(std::to_string(i));
  });
  refused("different answers", [](auto& h) {
    h.answers.clear();
    for (int i = 0; i <= kMaxClasses; ++i) h.answers.push_back(std::to_string(i));
  });
}

TEST_F(Outcomes, CheckInputsAndCells) {
  OutcomeWriter writer(out_, two_models());
  const auto refused = [&](const std::string& message, const auto& change) {
    OutcomeInput bad = input("bad");
    change(bad);
    expect_error(ErrorCode::kData, message, [&] { (void)writer.add_input(bad); });
  };
  (void)writer.add_input(input("i"));
  refused("input 'i': occurs twice", [](auto& i) { i.id = "i"; });
  refused("has no id", [](auto& i) { i.id = ""; });
  refused("has 1 features, expected 2", [](auto& i) { i.features.pop_back(); });
  refused("infinite feature", [](auto& i) { i.features[0] = std::numeric_limits<float>::infinity(); });
  refused("costs of 1 groups", [](auto& i) { i.feature_costs = {1}; });
  refused("at a cost of -1", [](auto& i) { i.feature_costs = {-1, 0}; });
  refused("in fold -1", [](auto& i) { i.fold = -1; });
  refused("has the label 2", [](auto& i) { i.label = 2; });
  const auto cell_refused = [&](const std::string& message, const OutcomeCell& cell) {
    expect_error(ErrorCode::kData, "input 'i', model 'b': " + message, [&] { writer.add_cell(0, 1, cell); });
  };
  cell_refused("score is 1.5", {.score = 1.5F});
  cell_refused("cost is -1", {.cost = -1});
  cell_refused("signal is inf", {.signal = std::numeric_limits<float>::infinity()});
  cell_refused("answer is 2", {.answer = 2});
  writer.add_cell(0, 1, {});
  cell_refused("occur twice together", {});
}

TEST_F(Outcomes, NeedAnInput) {
  OutcomeWriter writer(out_, two_models());
  expect_error(ErrorCode::kData, "no inputs", [&] { writer.finish(); });
}

TEST_F(Outcomes, AreCheckedWhenRead) {
  const auto damaged = [&](const char* sql, const std::string& message,
                           ErrorCode code = ErrorCode::kProfile) {
    std::filesystem::remove(out_);
    OutcomeWriter writer(out_, two_models());
    writer.add_cell(writer.add_input(input("i")), 0, {.score = 1, .cost = 1});
    writer.finish();
    { Database(out_, Database::Mode::kWrite).exec(sql); }
    expect_error(code, message, [&] { (void)load_outcomes(out_); });
  };
  damaged("PRAGMA user_version = 9", "format version 9");
  damaged("DELETE FROM meta WHERE key = 'worst'", "meta 'worst' is missing");
  damaged("UPDATE meta SET value = 'x' WHERE key = 'best'", "meta 'best' is 'x'");
  damaged("DELETE FROM model", "it has no models");
  damaged("UPDATE model SET model = 5 WHERE model = 1", "");
  damaged("UPDATE input SET vals = x'00'", "1 bytes of features");
  damaged("UPDATE input SET label = 9", "");
  damaged("UPDATE cell SET score = 7", "scores[0] is 7");
  damaged("UPDATE cell SET model = 7", "");
  damaged("DELETE FROM input; DELETE FROM cell", "it has no inputs");
}

TEST_F(Outcomes, AreTrainedOnAlone) {
  OutcomeWriter writer(out_, two_models());
  (void)writer.add_input(input("i"));
  writer.finish();
  expect_error(ErrorCode::kUsage, "expected it alone", [&] { (void)load_table(std::array{out_, out_}); });
  expect_error(ErrorCode::kProfile, "is an imported table", [&] { (void)load_times(out_); });
}

}  // namespace
}  // namespace triage
