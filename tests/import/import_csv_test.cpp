// CSV as people have it: what import_table_test.cpp does not say.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "import/import_fixture.h"

namespace triage {
namespace {

class ImportCsv : public testing::ImportTest {};

using Floats = std::vector<float>;

TEST_F(ImportCsv, ReadsWhatSpreadsheetsWrite) {
  for (const char* text :
       {"\xEF\xBB\xBFid,a:score,x\r\n1,1,2\r\n\r\n2,0,3\r\n", "id;a:score;x\n1;1;2\n2;0;3",
        "id\ta:score\tx\n1\t1\t2\n2\t0\t3\n", "\"id\",\"a:score\" , x\n\"1\",1,+2\n2,0, 3\n"}) {
    const Table table = import(text);
    EXPECT_EQ(table.ids, (std::vector<std::string>{"1", "2"})) << text;
    EXPECT_EQ(table.scores, (Floats{1, 0})) << text;
    EXPECT_EQ(table.features, (Floats{2, 3})) << text;
    EXPECT_EQ(table.infer_ms, (Floats{1, 1})) << text;  // no costs: each run is one
    EXPECT_EQ(table.terms.cost_unit, "runs") << text;
  }
}

TEST_F(ImportCsv, TakesTheSeparatorOutsideQuotes) {
  const Table table = import("\"a, b, and c\";m:score\n1;0\n");
  EXPECT_EQ(table.schema.features.at(0).name, "a, b, and c");
  EXPECT_EQ(table.ids, std::vector<std::string>{"line 2"});
}

TEST_F(ImportCsv, TakesTheSeparatorThatIsGiven) {
  const auto file = folder_.write("bars.csv", "id|a:score,x\n1|0\n");
  TableColumns columns = guess_columns(file, TextForm::kCsv, '|');
  column(columns, "a:score,x") = {"a:score,x", ColumnRole::kScore, "a"};
  EXPECT_EQ(import_as(file, columns).scores, Floats{0});
}

TEST_F(ImportCsv, ReadsBlocksThatEndAnywhere) {
  std::string text = "id,text,a:score\n";
  for (int i = 0; i < 20000; ++i)
    text += fmt::format("{},\"a \"\"long\"\", text\r\nof {}\",{}\n", i, i, i % 2);
  const Table table = import(text);
  ASSERT_EQ(table.n_inputs(), 20000U);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    ASSERT_EQ(table.ids[i], fmt::format("{}", i));
    ASSERT_EQ(table.scores[i], static_cast<float>(i % 2));
  }
}

TEST_F(ImportCsv, ALabelMayBeCalledLikeAModel) {
  const Table table = import("id,gpt,gpt:answer,gpt:score\n1,x,x,0.5\n", [&](TableColumns& columns) {
    column(columns, "gpt") = {"gpt", ColumnRole::kLabel};
  });
  EXPECT_EQ(table.models[0].name, "gpt");
  EXPECT_EQ(table.labels, std::vector<Label>{0});
  EXPECT_EQ(table.scores, Floats{0.5F});  // what is said counts, not what follows
}

TEST_F(ImportCsv, KeepsFoldsGroupsSignalsAndFeatureCosts) {
  const Table table = import(
      "id,fold,group,a:score,a:confidence,x,y,hard:feature_cost\n"
      "1,0,p,1,0.9,1,2,5\n"
      "2,1,p,0,,3,4,\n",
      [&](TableColumns& columns) { column(columns, "y").of = "hard"; });
  EXPECT_EQ(table.given_folds, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(table.groups, (std::vector<std::string>{"p", "p"}));
  EXPECT_EQ(table.signals[0], 0.9F);
  EXPECT_TRUE(std::isnan(table.signals[1]));
  EXPECT_EQ(table.schema.groups, (std::vector<std::string>{"features", "hard"}));
  EXPECT_EQ(table.schema.features[1].group, 1U);
  EXPECT_EQ(table.node_ms, (Floats{0, 5, 0, 0}));
}

TEST_F(ImportCsv, TakesTheRangeThatIsGiven) {
  const Table table = import("id,a:score\n1,5\n2,10\n", [](TableColumns& columns) {
    columns.worst = 20;
    columns.best = 0;
    columns.score_name = "errors";
  });
  EXPECT_EQ(table.scores, (Floats{0.75, 0.5}));
  EXPECT_EQ(table.terms.score, "errors");
}

TEST_F(ImportCsv, OneScoreAloneIsARangeToo) {
  EXPECT_EQ(import("id,a:score\n1,5\n").scores, Floats{0});
  EXPECT_EQ(summary_.terms.best, 6);
}

TEST_F(ImportCsv, ARunTimeMayBeWithoutAnAnswer) {
  const Table table = import("id,a:score,a:s\n1,0,5\n2,1,100\n", [](TableColumns& c) { c.cutoff = 100; });
  EXPECT_EQ(table.scores[0], 0);
  EXPECT_EQ(table.infer_ms[0], 5);
  EXPECT_FLOAT_EQ(table.scores[1], 0.9F);  // solved, just in time
}

}  // namespace
}  // namespace triage
