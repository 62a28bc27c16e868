// What is written: HTML that is well-formed and escapes, JSON with its keys, text that fits a terminal.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "report/markup.h"
#include "report/phrases.h"
#include "report/sentences.h"
#include "report/svg.h"
#include "support/synthetic.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

constexpr const char* kNasty = "<b>\"a\" & 'b'</b><script>";

// Empty when every tag is closed in order, quotes are balanced and no bare & or < is left; else what is
// wrong.
std::string malformed(std::string_view html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string_view::npos) return "a tag is not closed";
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (tag.front() == '!') continue;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes in " + std::string(tag);
    if (tag.back() == '/') continue;
    const bool closes = tag.front() == '/';
    const std::string name(tag.substr(closes ? 1 : 0, tag.find(' ') - (closes ? 1 : 0)));
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> is left open";
}

const Evaluation& evaluation() {
  static const Evaluation e = [] {
    auto zoo = testing::synthetic_zoo();
    zoo[1].name = kNasty;
    FakeClock clock;
    EvaluateOptions options;
    options.folds = 3;
    options.resamples = 50;
    options.clock = unowned(clock);
    return cross_validate(testing::synthetic_table(150, zoo, 1), options);
  }();
  return e;
}

const ReportInfo kInfo{"1.2.3", "triage evaluate <x>.profile", {"<x>.profile"}, "2030-01-02"};

TEST(Html, EscapesTextAndAttributes) {
  EXPECT_EQ(text(kNasty).html, "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/b&gt;&lt;script&gt;");
  EXPECT_EQ(text(std::string_view("\x01z", 2)).html, "&#xFFFD;z");
  EXPECT_EQ(element_text("p", {{"title", "\"><"}}, "<").html, "<p title=\"&quot;&gt;&lt;\">&lt;</p>");
  EXPECT_EQ(element("br").html, "<br/>");
}

TEST(Html, NumbersAreShort) {
  EXPECT_EQ(number(1.5), "1.5");
  EXPECT_EQ(number(2.0), "2");
  EXPECT_EQ(number(-0.001), "0");
  EXPECT_EQ(number(100), "100");
}

TEST(Html, CheckerFindsFaults) {
  EXPECT_EQ(malformed("<a><b/></a>"), "");
  EXPECT_NE(malformed("<a><b></a></b>"), "");
  EXPECT_NE(malformed("<a>"), "");
}

TEST(Report, IsWellFormedAndSelfContained) {
  const std::string html = evaluation_html(evaluation(), kInfo);
  EXPECT_EQ(malformed(html), "");
  EXPECT_EQ(html.rfind("<!DOCTYPE html>", 0), 0U);
  for (const char* outside : {"http:", "https:", "<script", "<link", "<img", "url(", "@import"}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
  EXPECT_NE(html.find("&lt;b&gt;&quot;a&quot;"), std::string::npos);
  for (const char* no_figure : {"\"nan", "nan\"", ">nan", "nan ", "inf "}) {
    EXPECT_EQ(html.find(no_figure), std::string::npos) << no_figure;
  }
  EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(Report, EveryFigureIsNamedAndHasATable) {
  const std::string html = evaluation_html(evaluation(), kInfo);
  for (const char* id : {"scatter", "above-router", "decisions", "difficulty", "reliability", "optimum",
                         "selection", "soundness", "choices", "folds"}) {
    const std::string figure = std::string("<figure id=\"") + id + "\">";
    const std::size_t at = html.find(figure);
    ASSERT_NE(at, std::string::npos) << id;
    const std::string part = html.substr(at, html.find("</figure>", at) - at);
    EXPECT_NE(part.find("role=\"img\""), std::string::npos) << id;
    EXPECT_NE(part.find(std::string("aria-labelledby=\"") + id + "-title " + id + "-text\""),
              std::string::npos)
        << id;
    EXPECT_NE(part.find("<figcaption>"), std::string::npos) << id;
    EXPECT_NE(part.find("<table>"), std::string::npos) << id;
  }
}

// The curve is that of the evaluation: its right end is the score without any refusal, 100 % answered.
TEST(Report, ShowsWhatRefusingTheFarthestWouldBring) {
  const Evaluation& e = evaluation();
  ASSERT_FALSE(e.soundness.points.empty());
  const std::string html = evaluation_html(e, kInfo);
  const std::size_t at = html.find("<figure id=\"soundness\">");
  ASSERT_NE(at, std::string::npos);
  const std::string part = html.substr(at, html.find("</figure>", at) - at);
  const std::string last = "<th scope=\"row\">100.0</th><td class=\"figure\">" +
                           percent(e.soundness.points.back().score, 2) + "</td>";
  EXPECT_NE(part.find(last), std::string::npos) << part;
  const std::string path = part.substr(part.find("class=\"frontier\" d=\""));
  EXPECT_EQ(std::count(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(path.find('>')), 'L'),
            static_cast<std::ptrdiff_t>(e.soundness.points.size()) - 1);
  EXPECT_NE(html.find(text(soundness_sentence(e.soundness)).html), std::string::npos);

  Evaluation without = e;
  without.soundness = {};
  const std::string bare = evaluation_html(without, kInfo);
  EXPECT_EQ(malformed(bare), "");
  EXPECT_EQ(bare.find("<figure id=\"soundness\">"), std::string::npos);
}

TEST(Report, ShowsVerdictMachineAndCommand) {
  const std::string html = evaluation_html(evaluation(), kInfo);
  EXPECT_NE(html.find(text(evaluation_verdict(evaluation())).html), std::string::npos);
  EXPECT_NE(html.find("synthetic, 2 cores"), std::string::npos);
  EXPECT_NE(html.find("triage evaluate &lt;x&gt;.profile"), std::string::npos);
}

TEST(Report, WarningsAreShown) {
  Evaluation e = evaluation();
  e.warnings = {{.kind = WarningKind::kTraining, .text = "mind the <gap>"}};
  const std::string html = evaluation_html(e, kInfo);
  EXPECT_NE(html.find("Warning: mind the &lt;gap&gt;."), std::string::npos);
  EXPECT_EQ(malformed(html), "");
}

TEST(Report, FinishedPoliciesHaveNoFolds) {
  EvaluateOptions options;
  options.resamples = 20;
  const Evaluation e = judge_policies(testing::synthetic_table(50, testing::synthetic_zoo(), 1), {}, options);
  const std::string html = evaluation_html(e, kInfo);
  EXPECT_EQ(malformed(html), "");
  EXPECT_EQ(html.find("<figure id=\"folds\">"), std::string::npos);
  EXPECT_NE(evaluation_text(e).find("SBS chosen in hindsight"), std::string::npos);
}

TEST(Report, FinishedPoliciesUnderARequest) {
  const Table table = testing::synthetic_table(200, testing::synthetic_zoo(), 1);
  std::vector<std::uint32_t> rows(table.n_inputs());
  std::iota(rows.begin(), rows.end(), 0U);
  const auto cascade = train_cascade(table, rows, {});
  const auto single = train_single(table, rows, Criterion::kTop1, 8);
  const NamedPolicy named[] = {{"first", cascade.get()}, {"second", single.get()}};
  FakeClock clock;
  EvaluateOptions options;
  options.resamples = 20;
  options.clock = unowned(clock);
  options.request.max_latency_ms = 1;
  const Evaluation e = judge_policies(table, named, options);
  EXPECT_EQ(e.breakdown.methods,
            (std::vector<MethodId>{{MethodKind::kSbs}, {MethodKind::kPolicy, 0}, {MethodKind::kPolicy, 1}}));
  ASSERT_EQ(e.decisions.size(), 1U) << "a single model decides nothing";
  EXPECT_EQ(e.decisions[0].method, (MethodId{MethodKind::kPolicy, 0}));
  EXPECT_EQ(e.reliability.size(), 3U);
  const std::string text = evaluation_text(e), html = evaluation_html(e, kInfo);
  EXPECT_NE(text.find("Asked for at most 1 ms: "), std::string::npos) << text;
  EXPECT_NE(text.find("breached %"), std::string::npos) << text;
  EXPECT_NE(html.find("Asked for at most 1 ms: "), std::string::npos);
  EXPECT_EQ(malformed(html), "");
  const auto json = nlohmann::json::parse(evaluation_json(e, kInfo));
  EXPECT_EQ(json["request"]["max_latency_ms"], 1);
  EXPECT_TRUE(json["request"]["max_energy_j"].is_null());
}

// Labels from a model: every place that names a score.
const Evaluation& agreement() {
  static const Evaluation e = [] {
    auto table = testing::synthetic_table(150, testing::synthetic_zoo(), 1);
    label_by_model(table, "resnet-14");
    FakeClock clock;
    EvaluateOptions options;
    options.folds = 3;
    options.resamples = 50;
    options.clock = unowned(clock);
    return cross_validate(table, options);
  }();
  return e;
}

TEST(Agreement, IsNeverCalledAccuracy) {
  const std::string note =
      "Labels are the answers of resnet-14: scores are agreement with it, not accuracy, and its own is 100 % "
      "by "
      "construction.";
  const auto model = std::find(agreement().models.begin(), agreement().models.end(), "resnet-14");
  const auto index = static_cast<int>(model - agreement().models.begin());
  EXPECT_EQ(agreement().find({MethodKind::kSingle, index})->pooled.score, 1.0);
  EXPECT_EQ(agreement().find({MethodKind::kSbs})->pooled.score, 1.0);
  const std::string verdict = evaluation_verdict(agreement());
  EXPECT_TRUE(verdict.ends_with(note)) << verdict;
  EXPECT_NE(evaluation_warnings(agreement()).at(0).find("labels are the answers of resnet-14, not the truth"),
            std::string::npos);
  const std::string text = evaluation_text(agreement());
  EXPECT_NE(text.find("9 models, agreement with resnet-14, 3-fold"), std::string::npos) << text;
  EXPECT_NE(text.find("agreement %"), std::string::npos) << text;
  EXPECT_NE(text.find("in top 5 %"), std::string::npos) << text;
  EXPECT_NE(text.find("\nAgreement: the answer is that of resnet-14, whose own is 100 % by construction."),
            std::string::npos)
      << text;
  const std::string html = evaluation_html(agreement(), kInfo);
  EXPECT_EQ(malformed(html), "");
  EXPECT_NE(html.find("agreement % geo."), std::string::npos);
  EXPECT_NE(html.find("<p class=\"note\">" + note), std::string::npos);
  EXPECT_NE(html.find("Warning: labels are the answers of resnet-14"), std::string::npos);
  EXPECT_NE(html.find("from resnet-14: agreement, not accuracy"), std::string::npos);
  for (const std::string* all : {&text, &html, &verdict}) EXPECT_EQ(all->find("top-1"), std::string::npos);
  const auto json = nlohmann::json::parse(evaluation_json(agreement(), kInfo));
  EXPECT_EQ(json["labels_from"], "resnet-14");
  EXPECT_TRUE(nlohmann::json::parse(evaluation_json(evaluation(), kInfo))["labels_from"].is_null());
}

TEST(Agreement, FitsATerminal) {
  std::istringstream lines(evaluation_text(agreement()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST(Json, HasItsKeys) {
  const auto json = nlohmann::json::parse(evaluation_json(evaluation(), kInfo));
  for (const char* key :
       {"format",  "format_version",    "triage",      "command",       "date",        "profiles",
        "machine", "labels_from",       "criterion",   "folds",         "seed",        "bootstrap",
        "inputs",  "inputs_left_out",   "classes",     "models",        "recommended", "verdict",
        "remarks", "warnings",          "candidates",  "optimum_share", "selection",   "stages",
        "methods", "contrasts",         "zero_router", "frontiers",     "timing",      "energy",
        "request", "timing_difference", "breakdown",   "reliability",   "decisions"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const auto& candidate : json["candidates"]) {
    EXPECT_EQ(candidate["worth_using"], candidate["shortcoming"].is_null());
    for (const char* key : {"method", "no_worse", "better", "faster", "above_router"}) {
      EXPECT_TRUE(candidate.contains(key)) << key;
    }
  }
  const auto& method = json["methods"][0];
  for (const char* key :
       {"name", "kind", "about", "pooled", "geometric_mean", "arithmetic_mean", "standard_deviation",
        "score_gain_over_sbs", "time_ratio_to_sbs", "score_above_zero_router", "chosen", "folds"}) {
    EXPECT_TRUE(method.contains(key)) << key;
  }
  EXPECT_EQ(method["folds"].size(), 3U);
  for (const MetricField& field : metric_fields())
    EXPECT_TRUE(method["pooled"].contains(field.key)) << field.key;
  EXPECT_TRUE(json["zero_router"]["points"][0]["price"].is_null()) << "figures without meaning are null";
  for (const char* key :
       {"aiq", "closed_gap", "speed_up_at_equal_score", "score_gain_at_equal_time", "time_share_for_95"}) {
    for (const auto& frontier : json["frontiers"]) EXPECT_TRUE(frontier[key].contains("low")) << key;
  }
  EXPECT_TRUE(json["request"].is_null());
  EXPECT_EQ(json["breakdown"]["methods"], (std::vector<std::string>{"SBS", "cascade", "adaptive"}));
  EXPECT_EQ(json["breakdown"]["deciles"].size(), 10U);
  EXPECT_EQ(json["breakdown"]["classes"].size(), 10U);
  EXPECT_TRUE(json["breakdown"]["deciles"][9]["methods"]["adaptive"]["looks"].is_number());
  EXPECT_EQ(json["reliability"].size(), 3U);
  EXPECT_TRUE(json["reliability"][0]["bins"][0]["right"].contains("high"));
  ASSERT_EQ(json["decisions"].size(), 2U);
  EXPECT_EQ(json["decisions"][1]["method"], "adaptive");
  EXPECT_EQ(json["decisions"][1]["stages"][0]["reached"], 150);
}

TEST(Text, FitsATerminal) {
  std::istringstream lines(evaluation_text(evaluation()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST(FoldsCsv, QuotesWhereNeeded) {
  Table table;
  table.ids = {"a", "b,c", "d\"e"};
  Evaluation e;
  e.fold_of = {0, 1, 0};
  EXPECT_EQ(folds_csv(table, e), "input,fold\na,0\n\"b,c\",1\n\"d\"\"e\",0\n");
}

TEST(Words, Figures) {
  EXPECT_EQ(percent(0.92871, 2), "92.87");
  EXPECT_EQ(percent(kNotMeasured), "-");
  EXPECT_EQ(points(0.0012), "+0.12");
  EXPECT_EQ(points(-0.0000001), "0.00");
  EXPECT_EQ(milliseconds(0.012345), "0.0123");
  EXPECT_EQ(milliseconds(123.4), "123");
  EXPECT_EQ(times(0.99951), "1.00");
  EXPECT_EQ(times(9.996), "10.0");
  EXPECT_EQ(percent(-0.0001), "0.0");
  EXPECT_EQ(percent_range({0.1, std::numeric_limits<double>::infinity()}), "[10.0, never]");
  EXPECT_EQ(grouped(50000), "50,000");
  Evaluation asked;
  EXPECT_EQ(request_phrase(asked), "");
  asked.request = {.max_latency_ms = 2, .min_confidence = 0.9};
  asked.mean_latency_ms = 0.5;
  EXPECT_EQ(request_phrase(asked), "at most 2 ms, confidence of at least 0.9, a mean of 0.5 ms");
  EXPECT_EQ(times(2.0), "2.00");
  EXPECT_EQ(points_range({-0.001, 0.002}), "[-0.10, +0.20]");
}

TEST(Chart, LabelsDoNotOverlap) {
  std::vector<PointLabel> labels;
  std::vector<Box> marks;
  for (int i = 0; i < 12; ++i) {
    const double x = 200 + 9 * (i % 4), y = 150 + 11 * (i / 4);
    labels.push_back({x, y, "model-" + std::to_string(i)});
    marks.push_back({x - 4, y - 4, x + 4, y + 4});
  }
  const auto places = place_labels(labels, marks, {0, 0, 500, 300}, 13);
  ASSERT_EQ(places.size(), labels.size());
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double width = text_width(labels[i].text, 13);
    const double left = places[i].anchor == "start" ? places[i].x
                        : places[i].anchor == "end" ? places[i].x - width
                                                    : places[i].x - width / 2;
    boxes.push_back({left, places[i].y - 6, left + width, places[i].y + 6});
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(boxes[i], boxes[j])) << i << " and " << j;
  }
}

// A mark in a corner, a line below it and a name beside it: the name goes over the line, not over the other
// name, and not out of the frame.
TEST(Chart, ALabelWithoutAFreePlaceCoversLeast) {
  const Box frame{0, 0, 500, 300};
  std::vector<Box> taken = {{250, 10, 465, 30}, {473, 13, 487, 27}};
  for (int x = 0; x < 500; x += 6) {
    for (int y = 36; y < 300; y += 12) taken.push_back({x - 1.5, y - 1.5, x + 1.5, y + 1.5});
  }
  const std::string name = "a-rather-long-name";
  const auto places = place_labels({{480, 20, name}}, taken, frame, 13);
  ASSERT_EQ(places.size(), 1U);
  EXPECT_EQ(places[0].anchor, "end");
  EXPECT_LE(places[0].x, 500);
  EXPECT_GT(places[0].y, 36);
}

TEST(Chart, ALineGoesThroughItsPointsFromLeftToRight) {
  LineSpec line{"x", "y", {{3, 20}, {1, 10}, {kNotMeasured, 5}, {2, kNotMeasured}, {2, 40}}};
  const Panel panel = line_panel(line, 1000);
  EXPECT_GT(panel.height, 0);
  const std::string& html = panel.drawing.html;
  const std::size_t at = html.find(" d=\"M");
  ASSERT_NE(at, std::string::npos) << html;
  double x[3], y[3];
  ASSERT_EQ(std::sscanf(html.c_str() + at, " d=\"M%lf %lf L%lf %lf L%lf %lf\"", &x[0], &y[0], &x[1], &y[1],
                        &x[2], &y[2]),
            6);
  EXPECT_NEAR(x[1] - x[0], x[2] - x[1], 0.02);
  EXPECT_LT(y[1], y[2]) << "40 lies above 20";
  EXPECT_LT(y[2], y[0]) << "20 lies above 10";
  EXPECT_NEAR((y[0] - y[1]) / (y[0] - y[2]), 3, 0.01);
  line.points.resize(1);
  EXPECT_TRUE(line_panel(line, 1000).drawing.empty());
}

TEST(Chart, TicksAreRound) {
  const auto shares = linear_ticks(0.71, 0.99, 6);
  ASSERT_EQ(shares.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(shares[i], 0.75 + 0.05 * static_cast<double>(i), 1e-12);
  const auto ticks = log_ticks(0.004, 1.5);
  EXPECT_NEAR(ticks.front(), 0.005, 1e-12);
  EXPECT_NEAR(ticks.back(), 1, 1e-12);
}

}  // namespace
}  // namespace triage
