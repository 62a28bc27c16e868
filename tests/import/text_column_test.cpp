// A column of texts: to a profile, back to CSV, and to a policy's rows.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "import/import_fixture.h"
#include "policy/text_reduction.h"
#include "support/expect_error.h"
#include "triage/tools/export.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

class TextColumn : public testing::ImportTest {
 protected:
  static void read_prompt(TableColumns& columns) { column(columns, "prompt").role = ColumnRole::kText; }
};

TEST_F(TextColumn, IsKeptAsItIs) {
  const Table table = import(
      "id,prompt,a:score\nq1,\" Is it, \"\"so\"\"?\nYes \",1\nq2,,0\nq3,\xF0\x9F\x98\x80,0\n", read_prompt);
  EXPECT_EQ(table.text_name, "prompt");
  EXPECT_EQ(table.texts, (std::vector<std::string>{" Is it, \"so\"?\nYes ", "", "\xF0\x9F\x98\x80"}));
  EXPECT_EQ(summary_.texts, 2U);
  EXPECT_TRUE(table.has_own_features());
  const Table part = select_table_inputs(table, std::vector<std::uint32_t>{2, 0});
  EXPECT_EQ(part.texts.front(), table.texts[2]);
  EXPECT_TRUE(import("id,prompt,a:score\nq1,x,1\n").texts.empty());  // texts are ignored unless asked for
}

TEST_F(TextColumn, ComesBackFromCsv) {
  for (const TableForm form : {TableForm::kLong, TableForm::kWide}) {
    const Table table = import_json(R"({"id": "q1", "prompt": "a\u0000b\r\nc", "a:score": 1, "b:score": 0})"
                                    "\n"
                                    R"({"id": "q2", "prompt": "\"x, y\"", "a:score": 1, "b:score": 0})"
                                    "\n"
                                    R"({"id": "q3", "a:score": 1, "b:score": 0})",
                                    read_prompt);
    EXPECT_EQ(table.texts[0], std::string("a\0b\r\nc", 6));
    const auto file = folder_ / "out.csv";
    const TableColumns columns = export_table(table, form, file);
    EXPECT_EQ(parse_columns_json(columns_json(columns), "c").columns.size(), columns.columns.size());
    const Table again = import_as(file, parse_columns_json(columns_json(columns), "c"));
    EXPECT_EQ(again.text_name, "prompt");
    EXPECT_EQ(again.texts, (std::vector<std::string>{"a b\r\nc", "\"x, y\"", ""}));
  }
}

TEST_F(TextColumn, HasAnotherNameWhereExportNeedsIt) {
  const Table table = import("q,label,a:score\nx,some words,1\n", [](TableColumns& columns) {
    column(columns, "label").role = ColumnRole::kText;
  });
  EXPECT_EQ(table.text_name, "label");
  EXPECT_EQ(export_table(table, TableForm::kWide, folder_ / "out.csv").columns[1].name, "text label");
}

TEST_F(TextColumn, IsOneAndTheSameInAllLinesOfAnInput) {
  EXPECT_TRIAGE_ERROR(import("id,prompt,q,a:score\n1,x,y,1\n",
                             [](TableColumns& columns) {
                               read_prompt(columns);
                               column(columns, "q").role = ColumnRole::kText;
                             }),
                      ErrorCode::kUsage, "columns 'prompt' and 'q' are both the text");
  EXPECT_TRIAGE_ERROR(import("id,prompt,model,score\n1,x,a,1\n1,y,b,1\n", read_prompt), ErrorCode::kData,
                      "says something else of input");
  EXPECT_TRIAGE_ERROR(import("id,prompt,a:score\n1,\xFF,1\n", read_prompt), ErrorCode::kData, "is no UTF-8");
}

PolicyInfo reading_policy() {
  PolicyInfo info;
  info.models.emplace_back().name = "small";
  info.schema.groups = {"g", "prompt"};
  info.schema.features = {{"x", 0, 0}};
  auto text = std::make_shared<TextReduction>();
  text->column = "prompt";
  text->set = TextSet::kNumbers;
  for (std::string& name : text->names()) info.schema.features.push_back({std::move(name), 0, 1});
  info.text = text;
  return info;
}

TEST(TextRows, HaveWhatThePolicySeesOfThem) {
  const PolicyInfo info = reading_policy();
  std::vector<float> expected(info.text->size());
  reduce_text(*info.text, "Why so?", expected);
  expected.insert(expected.begin(), 2);
  FeatureRow row;
  std::istringstream csv("prompt,x\nWhy so?,2\n,2\n");
  FeatureRows rows(csv, info, TextForm::kCsv);
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.features, expected);
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.features.front(), 2);
  EXPECT_TRUE(std::isnan(row.features.back()));
  std::istringstream lines(
      "{\"prompt\": \"Why so?\", \"x\": 2}\n{\"features\": {\"x\": 2, \"prompt\": \"Why so?\"}}\n"
      "{\"x\": 2, \"prompt\": null}\n{\"prompt\": 5}\n{\"features\": {\"prompt: words\": 5}}\n");
  FeatureRows json(lines, info, TextForm::kJsonLines);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(json.next(row));
    EXPECT_EQ(row.features, expected);
  }
  ASSERT_TRUE(json.next(row));
  EXPECT_TRUE(std::isnan(row.features.back()));
  EXPECT_TRIAGE_ERROR((void)json.next(row), ErrorCode::kData, "'prompt': is number, expected a text");
  EXPECT_TRIAGE_ERROR((void)json.next(row), ErrorCode::kData, "is none of the policy's");
  std::istringstream without("x\n2\n");
  FeatureRows missing(without, info, TextForm::kCsv);
  EXPECT_TRIAGE_ERROR((void)missing.next(row), ErrorCode::kData, "no column 'prompt', expected the text");
}

}  // namespace
}  // namespace triage
