// The study's files: CSV, Markdown, HTML.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace triage
