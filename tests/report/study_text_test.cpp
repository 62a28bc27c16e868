// The study's files: CSV, Markdown, HTML.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "triage/tools/report.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

Study made_up() {
  Study study;
  study.title = "A study <of> models";
  study.verdict = "It depends.";
  study.contradictions = {"one & two"};
  study.evaluation.machine = "a machine";
  Exhibit bars;
  bars.id = "figure-0";
  bars.title = "Figure 0: <b>bars</b>";
  bars.paper = "more";
  bars.ours = "less";
  bars.verdict = "Differs.";
  bars.data.columns = {{"model", 0}, {"ms", 1}};
  bars.data.rows = {{std::string("a<b"), 1.25}, {std::string("c|d"), kNotMeasured}};
  bars.chart = {ChartSpec::Kind::kBars, 0, {1}};
  bars.pictures = {{"a picture", Image{2, 1, 1, {0, 255}}}};
  study.exhibits = {bars};
  return study;
}

TEST(TableCsv, QuotesAndKeepsAllDigits) {
  DataTable table;
  table.columns = {{"name, with comma", 0}, {"value", 1}};
  table.rows = {{std::string("say \"a\""), 0.123456789}, {std::string("plain"), kNotMeasured}};
  EXPECT_EQ(table_csv(table), "\"name, with comma\",value\n\"say \"\"a\"\"\",0.123456789\nplain,\n");
}

TEST(StudyMarkdown, EscapesWhatMarkdownReads) {
  const std::string text = study_markdown(made_up(), {});
  EXPECT_NE(text.find("| c\\|d | - |"), std::string::npos) << text;
  EXPECT_NE(text.find("| a\\<b | 1.2 |"), std::string::npos) << text;
  EXPECT_NE(text.find("- Paper: more\n- Here: less\n- Verdict: Differs."), std::string::npos) << text;
}

TEST(StudyHtml, EscapesAndIsSelfContained) {
  const std::string page = study_html(made_up(), {});
  EXPECT_NE(page.find("Figure 0: &lt;b&gt;bars&lt;/b&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<b>bars"), std::string::npos);
  EXPECT_NE(page.find("one &amp; two"), std::string::npos);
  EXPECT_NE(page.find("src=\"data:image/png;base64,iVBORw0KGgo"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);
}

TEST(StudyHtml, DrawsCurvesWithTheirRanges) {
  Study study = made_up();
  Exhibit& curves = study.exhibits.front();
  curves.data.columns = {{"inputs", 0}, {"method", 0}, {"gain", 1}, {"low", 1}, {"high", 1}};
  curves.data.rows = {{100.0, std::string("auto"), -1.0, -2.0, 0.5},
                      {100.0, std::string("a & b"), kNotMeasured, kNotMeasured, kNotMeasured},
                      {1000.0, std::string("auto"), 1.0, 0.0, 2.0}};
  curves.chart = {ChartSpec::Kind::kCurves, 0, {2}, 1, {3}, {4}};
  const std::string page = study_html(study, {});
  EXPECT_NE(page.find("<title>auto, 100: -1 [-2, 0.5]</title>"), std::string::npos);
  EXPECT_NE(page.find("class=\"band subject\""), std::string::npos);
  EXPECT_NE(page.find("a &amp; b</span>"), std::string::npos) << "in the legend";
  EXPECT_EQ(page.find("nan "), std::string::npos) << "a coordinate";
}

TEST(StudyJson, HasAllTablesAndNullWhereThereIsNoFigure) {
  ReportInfo info;
  info.sources = {"a.profile"};
  const auto document = nlohmann::json::parse(study_json(made_up(), info));
  EXPECT_EQ(document["format"], "triage-study");
  EXPECT_EQ(document["profiles"][0], "a.profile");
  const auto& exhibit = document["exhibits"][0];
  EXPECT_EQ(exhibit["id"], "figure-0");
  EXPECT_EQ(exhibit["columns"][1], "ms");
  EXPECT_EQ(exhibit["rows"][0][1], 1.25);
  EXPECT_TRUE(exhibit["rows"][1][1].is_null());
}

}  // namespace
}  // namespace triage
