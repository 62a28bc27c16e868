// CSV and JSON lines: what is read, and what is refused where.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <string>

#include "profile/outcomes.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/import.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

using testing::expect_error;

class ImportTable : public ::testing::Test {
 protected:
  Table import(const std::string& text, TextForm form = TextForm::kCsv) {
    folder_.write("in.csv", text);
    summary_ = import_table(folder_ / "in.csv", guess_columns(folder_ / "in.csv", form), out_);
    return load_outcomes(out_);
  }
  Table import_with(const std::string& text, const TableColumns& columns) {
    folder_.write("in.csv", text);
    summary_ = import_table(folder_ / "in.csv", columns, out_);
    return load_outcomes(out_);
  }
  void expect_refused(const std::string& text, const std::string& message, TextForm form = TextForm::kCsv) {
    expect_error(ErrorCode::kData, message, [&] { (void)import(text, form); });
    EXPECT_FALSE(std::filesystem::exists(out_));
  }

  testing::TempFolder folder_;
  std::filesystem::path out_ = folder_ / "x.profile";
  ImportSummary summary_;
};

TEST_F(ImportTable, WideForm) {
  const Table table = import(
      "id,size,note,a:score,a:usd,b:score,b:usd\n"
      "q1,3,\"x, \"\"y\"\"\nz\",1,0.5,0.25,2\n"
      "q2,,t,0,0.5,1,2.5\n");
  ASSERT_EQ(table.n_inputs(), 2U);
  ASSERT_EQ(table.n_models(), 2U);
  EXPECT_EQ(table.models[1].name, "b");
  EXPECT_EQ(table.scores, (std::vector<float>{1, 0.25F, 0, 1}));
  EXPECT_EQ(table.infer_ms, (std::vector<float>{0.5F, 2, 0.5F, 2.5F}));
  EXPECT_EQ(table.terms.cost_unit, "usd");
  EXPECT_EQ(table.terms.best, 100);
  ASSERT_EQ(table.schema.size(), 1U);
  EXPECT_EQ(table.schema.features[0].name, "size");
  EXPECT_EQ(table.features[0], 3);
  EXPECT_TRUE(std::isnan(table.features[1]));
  EXPECT_EQ(summary_.ignored, (std::vector<std::string>{"note"}));
  EXPECT_EQ(summary_.missing_features, 1U);
}

TEST_F(ImportTable, BytesOfOtherSystems) {
  const Table table = import("\xEF\xBB\xBFid;a:score;b:score\r\nq1;1;0\r\n\r\nq2;0.5;1");
  EXPECT_EQ(table.ids, (std::vector<std::string>{"q1", "q2"}));
}

TEST_F(ImportTable, LongForm) {
  const Table table = import(
      "id\tmodel\tscore\tms\tconfidence\tfold\tlength\n"
      "q1\tsmall\t0\t1\t0.2\t3\t10\n"
      "q2\tsmall\t1\t1\t0.9\t5\t20\n"
      "q1\tlarge\t1\t8\t\t3\t10\n");
  EXPECT_EQ(table.ids, (std::vector<std::string>{"q1", "q2"}));
  EXPECT_EQ(table.given_folds, (std::vector<std::int32_t>{3, 5}));
  EXPECT_EQ(table.score(0, 1, Criterion::kTop1), 1);
  EXPECT_TRUE(std::isnan(table.score(1, 1, Criterion::kTop1)));
  EXPECT_FALSE(table.is_complete(1));
  EXPECT_EQ(complete_rows(table), (std::vector<std::uint32_t>{0}));
  EXPECT_FLOAT_EQ(static_cast<float>(table.confidence(0, 0)), 0.2F);
  EXPECT_TRUE(std::isnan(table.confidence(0, 1)));
  EXPECT_TRUE(table.terms.counts_ms());
  EXPECT_EQ(summary_.missing_cells, 1U);
}

TEST_F(ImportTable, JsonLines) {
  const Table table = import(
      "{\"id\": \"q1\", \"embedding\": [0.5, 2], \"x\": {\"y\": true}, \"a:score\": 1, \"b:score\": 0.5}\n"
      "\n"
      "{\"id\": 7, \"embedding\": [1, null], \"a:score\": 0, \"b:score\": 1}\n",
      TextForm::kJsonLines);
  EXPECT_EQ(table.ids, (std::vector<std::string>{"q1", "7"}));
  ASSERT_EQ(table.schema.size(), 3U);
  EXPECT_EQ(table.schema.features[1].name, "embedding.1");
  EXPECT_EQ(table.feature_row(0)[2], 1);
  EXPECT_TRUE(std::isnan(table.feature_row(1)[1]));
  EXPECT_EQ(table.terms.cost_unit, "runs");
  EXPECT_EQ(table.cost_ms(0, 1), 1);
}

TEST_F(ImportTable, AnswersAndLabels) {
  const Table table = import("id,label,a:answer,a:usd,b:answer,b:usd\nq1,B,B,1,C,2\nq2,A,,1,A,2\n");
  EXPECT_EQ(table.scores, (std::vector<float>{1, 0, 0, 1}));
  EXPECT_EQ(table.label_names, (std::vector<std::string>{"B", "C", "A"}));
  EXPECT_EQ(table.output(0, 0).best(), table.labels[0]);
  // What said nothing is no answer.
  EXPECT_FLOAT_EQ(static_cast<float>(table.output(1, 0).confidence()), 1.0F / 3);
  EXPECT_EQ(table.terms.score, "accuracy");
}

TEST_F(ImportTable, AnInputMayBeSpreadOverLines) {
  const Table table = import("id,a:score,b:score\nq1,1,\nq2,0,1\nq1,,0.5\n");
  EXPECT_EQ(table.scores, (std::vector<float>{1, 0.5F, 0, 1}));
}

TEST_F(ImportTable, RunTimesHaveACutoff) {
  TableColumns columns;
  columns.columns = {
      {"id", ColumnRole::kId, ""}, {"a", ColumnRole::kCost, "a"}, {"b", ColumnRole::kCost, "b"}};
  columns.cost_unit = "s";
  columns.cutoff = 100;
  const Table table = import_with("id,a,b\nq1,10,100\nq2,250,99\n", columns);
  EXPECT_FLOAT_EQ(table.scores[0], 0.99F);  // 1 - 10 / 1,000
  EXPECT_EQ(table.scores[1], 0);            // stopped at the cutoff
  EXPECT_EQ(table.scores[2], 0);
  EXPECT_EQ(table.infer_ms[2], 100);
  EXPECT_EQ(table.terms.shown(table.score(1, 0, Criterion::kTop1)), 1000);  // PAR10
  EXPECT_EQ(table.terms.score, "PAR10");
}

TEST_F(ImportTable, ScoresOfAnyRange) {
  folder_.write("in.csv", "id,a:score,b:score\nq1,-5,15\nq2,5,0\n");
  TableColumns columns = guess_columns(folder_ / "in.csv", TextForm::kCsv);
  columns.lower_is_better = true;
  (void)import_table(folder_ / "in.csv", columns, out_);
  const Table table = load_outcomes(out_);
  EXPECT_EQ(table.scores, (std::vector<float>{1, 0, 0.5F, 0.75F}));
  EXPECT_EQ(table.terms.shown(0.75), 0);
  EXPECT_EQ(table.terms.score_unit, "");
}

TEST_F(ImportTable, ReadsGzippedFiles) {
  const auto path = folder_ / "in.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  const std::string text = "id,a:score\nq1,1\n";
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  (void)import_table(path, guess_columns(path, TextForm::kCsv), out_);
  EXPECT_EQ(load_outcomes(out_).n_inputs(), 1U);
  std::filesystem::remove(out_);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 6);
  expect_error(ErrorCode::kData, "corrupt or cut short", [&] { (void)guess_columns(path, TextForm::kCsv); });
}

TEST_F(ImportTable, RefusesWithLineAndColumn) {
  expect_refused("id,size,a:score\nq1,1,x\n", "line 2, column 'a:score': 'x', expected a number");
  expect_refused("id,a:score,a:usd\nq1,1,\n", "line 2, column 'a:usd': '', expected the cost");
  expect_refused("id,a:score,a:usd\nq1,1,-3\n",
                 "line 2, column 'a:usd': '-3', expected a number of 0 or more");
  expect_refused("id,a:score\nq1,inf\n", "line 2, column 'a:score': 'inf'");
  expect_refused("id,a:score\n,1\n", "line 2, column 'id': '', expected an id");
  expect_refused("id,a:score\nq1,1\nq2,1,5\n", "line 3: has 3 fields, expected 2");
  expect_refused("id,a:score\nq1,1\nq1,0\n", "line 3: has model 'a' on input 'q1' again");
  expect_refused("id,model,score\nq1,a,1\nq1,a,1\n", "line 3: has model 'a' on input 'q1' again");
  expect_refused("id,model,score\nq1,,1\n", "line 2, column 'model': '', expected the name of a model");
  expect_refused("id,model,score,size\nq1,a,1,3\nq1,b,1,4\n",
                 "line 3: says something else of input 'q1' than line 2");
  expect_refused("id,fold,a:score\nq1,1.5,1\n", "line 2, column 'fold': '1.5', expected a whole number");
  expect_refused("id,a:score\n", "line 2: is missing");
  expect_refused("", "line 1: is empty");
  expect_refused("id,a:score,id\nq1,1,2\n", "line 1: column 3 is called 'id', as is column 1");
  expect_refused("id,,a:score\nq1,1,2\n", "line 1: column 2 of 3 has no name");
  expect_refused("id,a:score\n\"q1,1\n", "line 2: a quote is not closed");
  expect_refused(std::string("id,a:score\nq1\0,1\n", 16), "holds a zero byte");
  expect_refused("{\"id\": 1, \"a:score\": 1}\n[1]\n", "line 2: is array, expected an object",
                 TextForm::kJsonLines);
  expect_refused("{\"id\": 1, \"a:score\": 1}\n{\"id\"\n", "line 2: is no JSON", TextForm::kJsonLines);
  expect_refused("\n", "has no object", TextForm::kJsonLines);
}

TEST_F(ImportTable, SaysAllThatIsWrongUpToALimit) {
  std::string text = "id,a:score\n";
  for (int i = 0; i < 30; ++i) text += "q" + std::to_string(i) + ",x\n";
  expect_refused(text, "line 21, column 'a:score'");
  expect_refused(text, "and 10 more; nothing is imported");
}

TEST_F(ImportTable, RefusesColumnsThatDoNotFit) {
  const std::string text = "id,a,b\nq1,1,2\n";
  const auto refused = [&](const TableColumns& columns, const std::string& message) {
    expect_error(ErrorCode::kUsage, message, [&] { (void)import_with(text, columns); });
  };
  TableColumns columns;
  refused(columns, "no column is the score of a model");
  columns.columns = {{"c", ColumnRole::kScore, "m"}};
  refused(columns, "has no column 'c'");
  columns.columns = {{"a", ColumnRole::kScore, "m"}, {"b", ColumnRole::kScore, "m"}};
  refused(columns, "columns 'a' and 'b' are both the score of 'm'");
  columns.columns = {{"a", ColumnRole::kCost, "m"}};
  refused(columns, "model 'm' has no score");
  columns.columns = {{"a", ColumnRole::kScore, ""}};
  refused(columns, "is the score of no model");
  columns.columns = {{"a", ColumnRole::kModel, ""}, {"b", ColumnRole::kScore, "m"}};
  refused(columns, "is the score of model 'm'");
  columns.columns = {{"a", ColumnRole::kModel, ""}, {"b", ColumnRole::kScore, ""}};
  refused(columns, "no column is the id");
  columns.columns = {{"a", ColumnRole::kScore, "m"}, {"a", ColumnRole::kScore, "n"}};
  refused(columns, "described twice");
  columns.columns = {{"a", ColumnRole::kScore, "m"}};
  columns.cutoff = 5;
  refused(columns, "a cutoff but no column of costs");
  columns.cutoff = 0;
  columns.worst = 3;
  refused(columns, "the range of scores has one end");
  columns.best = 5;
  expect_error(ErrorCode::kData, "line 2, column 'a': 1, expected 3 to 5",
               [&] { (void)import_with(text, columns); });
}

TEST_F(ImportTable, ThousandsOfColumns) {
  std::string head = "id,a:score", row = "q1,1";
  for (int i = 0; i < 10'000; ++i) {
    head += ",f" + std::to_string(i);
    row += "," + std::to_string(i);
  }
  const Table table = import(head + "\n" + row + "\n");
  EXPECT_EQ(table.schema.size(), 10'000U);
  EXPECT_EQ(table.features[9'999], 9'999);
}

TEST_F(ImportTable, LeavesWhatIsThere) {
  folder_.write("x.profile", "mine");
  expect_error(ErrorCode::kUsage, "exists already", [&] { (void)import("id,a:score\nq1,1\n"); });
}

TEST_F(ImportTable, StopsWhenAsked) {
  folder_.write("in.csv", "id,a:score\nq1,1\n");
  std::stop_source source;
  source.request_stop();
  expect_error(ErrorCode::kInterrupted, "import", [&] {
    (void)import_table(folder_ / "in.csv", guess_columns(folder_ / "in.csv", TextForm::kCsv), out_,
                       source.get_token());
  });
  EXPECT_FALSE(std::filesystem::exists(out_));
}

// A table in memory is what a CSV of it would be, and refused in the same words.
class ImportColumns : public ImportTable {
 protected:
  Table import(const std::vector<TextColumn>& columns) {
    summary_ = import_table(columns, "frame", guess_columns(columns), out_);
    return load_outcomes(out_);
  }
};

TEST_F(ImportColumns, AreAsInACsv) {
  const Table table = import({{"id", {"q1", "q2"}},
                              {"size", {"3", ""}},
                              {"a:score", {"1", "0"}},
                              {"a:usd", {"0.5", "0.25"}},
                              {"b:score", {"0", ""}},
                              {"b:usd", {"2", ""}}});
  EXPECT_EQ(table.ids, (std::vector<std::string>{"q1", "q2"}));
  EXPECT_EQ(table.infer_ms[0], 0.5F);
  EXPECT_TRUE(std::isnan(table.scores[3]));
  EXPECT_TRUE(std::isnan(table.features[1]));
  EXPECT_EQ(table.terms.cost_unit, "usd");
  EXPECT_EQ(table.machine, "frame");
}

TEST_F(ImportColumns, AreRefusedWithTheirLine) {
  expect_error(ErrorCode::kData, "frame: line 2, column 'a:score': 'x'", [&] {
    (void)import({{"id", {"q1", "q2"}}, {"a:score", {"1", "x"}}});
  });
  expect_error(ErrorCode::kData, "column 'a:score' has 1 lines, expected 2", [&] {
    (void)import({{"id", {"q1", "q2"}}, {"a:score", {"1"}}});
  });
  expect_error(ErrorCode::kData, "'id'", [&] {
    (void)import({{"id", {"q1"}}, {"id", {"q1"}}, {"a:score", {"1"}}});
  });
  EXPECT_FALSE(std::filesystem::exists(out_));
  std::stop_source source;
  source.request_stop();
  const std::vector<TextColumn> columns{{"id", {"q1"}}, {"a:score", {"1"}}};
  expect_error(ErrorCode::kInterrupted, "frame", [&] {
    (void)import_table(columns, "frame", guess_columns(columns), out_, source.get_token());
  });
}

TEST_F(ImportColumns, RolesThatAreKnown) {
  const std::vector<TextColumn> table{{"prompt", {"p1", "p1"}},
                                      {"who", {"a", "b"}},
                                      {"grade", {"1", "0"}},
                                      {"usd", {"2", "3"}},
                                      {"n", {"5", "5"}}};
  const std::vector<TableColumn> known{
      {"prompt", ColumnRole::kId}, {"who", ColumnRole::kModel}, {"grade", ColumnRole::kScore}};
  const TableColumns columns = guess_columns(table, known);
  EXPECT_TRUE(columns.is_long());
  EXPECT_EQ(columns.cost_unit, "usd");  // since the form is long, that is no feature
  EXPECT_EQ(columns.columns[4].role, ColumnRole::kFeature);
  import_table(table, "frame", columns, out_);
  EXPECT_EQ(load_outcomes(out_).infer_ms, (std::vector<float>{2, 3}));
  const std::vector<TableColumn> lacking{{"nobody", ColumnRole::kId}};
  expect_error(ErrorCode::kUsage, "column 'nobody': is not in the table",
               [&] { (void)guess_columns(table, lacking); });
}

TEST(ColumnsJson, IsReadAsItIsWritten) {
  TableColumns columns;
  columns.form = TextForm::kJsonLines;
  columns.separator = ';';
  columns.columns = {
      {"id", ColumnRole::kId, ""}, {"x", ColumnRole::kFeature, "group"}, {"s", ColumnRole::kScore, "m"}};
  columns.score_name = "quality";
  columns.worst = 5;
  columns.best = -5;
  columns.lower_is_better = true;
  columns.cost_unit = "usd";
  columns.cutoff = 3;
  const TableColumns back = parse_columns_json(columns_json(columns), "test");
  EXPECT_EQ(columns_json(back), columns_json(columns));
}

TEST(ColumnsJson, IsChecked) {
  const auto refused = [](const std::string& text, const std::string& message) {
    expect_error(ErrorCode::kData, message, [&] { (void)parse_columns_json(text, "c.json"); });
  };
  refused("{", "c.json: is no JSON");
  refused("[]", "expected an object");
  refused(R"({"colums": {}})", "colums");
  refused(R"({"form": "xml", "columns": {}})", "form: 'xml'");
  refused(R"({"separator": ";;", "columns": {}})", "separator");
  refused(R"({"cutoff": -1, "columns": {}})", "cutoff");
  refused(R"({"cutoff": "x", "columns": {}})", "expected a number");
  refused(R"({"score": 1, "columns": {}})", "score");
  refused(R"({"score": {"lower_is_better": 1}, "columns": {}})", "lower_is_better");
  refused(R"({"cost_unit": 1, "columns": {}})", "cost_unit");
  refused("{}", "columns");
  refused(R"({"columns": {"a": 1}})", "columns.a");
  refused(R"({"columns": {"a": "scores"}})", "columns.a: 'scores', expected one of ignore");
  refused(R"({"columns": {"a": {"is": "id", "of": "b"}}})", "nothing that it is `of`");
}

}  // namespace
}  // namespace triage
