// What is written: HTML that is well-formed and escapes, JSON with its keys, text that fits a terminal.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "report/markup.h"
#include "report/method_names.h"
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
  EXPECT_NE(html.find(text(soundness_sentence(e.soundness)).html), std::string::npos);

  Evaluation without = e;
  without.soundness = {};
  const std::string bare = evaluation_html(without, kInfo);
  EXPECT_EQ(malformed(bare), "");
  EXPECT_EQ(bare.find("<figure id=\"soundness\">"), std::string::npos);
}

// ---- where things stand in the figures: pixels against the evaluation, by a reader's ticks ----

using Pixel = std::pair<double, double>;
constexpr double kClosePx = 0.05;  // coordinates have two decimals

// An element of a drawing.
struct Drawn {
  std::string tag;
  std::map<std::string, std::string> attributes;
  std::string text;  // or, of a shape, its title

  [[nodiscard]] std::string get(const std::string& key) const {
    const auto at = attributes.find(key);
    return at == attributes.end() ? std::string() : at->second;
  }
  [[nodiscard]] double px(const std::string& key) const { return std::stod(attributes.at(key)); }
  // Of a path or polygon.
  [[nodiscard]] std::vector<Pixel> corners() const {
    std::string numbers = get("d") + get("points");
    std::replace_if(
        numbers.begin(), numbers.end(), [](char c) { return std::strchr("ML,", c) != nullptr; }, ' ');
    std::istringstream in(numbers);
    std::vector<Pixel> out;
    for (Pixel at; in >> at.first >> at.second;) out.push_back(at);
    return out;
  }
  [[nodiscard]] Pixel centre() const {
    if (tag == "circle") return {px("cx"), px("cy")};
    Pixel mean;
    const auto all = corners();
    for (const auto& [x, y] : all) {
      mean.first += x / static_cast<double>(all.size());
      mean.second += y / static_cast<double>(all.size());
    }
    return mean;
  }
};

using Drawing = std::vector<Drawn>;

// A figure's drawing, legend apart.
Drawing drawing_of(const std::string& html, const std::string& id) {
  std::size_t at = html.find("<figure id=\"" + id + "\">");
  at = html.find("role=\"img\"", at);
  const std::size_t end = html.find("</svg>", at);
  Drawing out;
  std::string open;
  for (at = html.find('<', at); at < end; at = html.find('<', at + 1)) {
    const std::size_t close = html.find('>', at);
    std::string tag = html.substr(at + 1, close - at - 1);
    if (tag.front() == '/') continue;
    const std::string inner = html.substr(close + 1, html.find('<', close) - close - 1);
    if (tag.starts_with("title")) {
      if (!out.empty()) out.back().text = inner;
      continue;
    }
    Drawn element;
    std::size_t from = tag.find_first_of(" /");
    element.tag = tag.substr(0, from);
    element.text = inner;
    for (; (from = tag.find_first_not_of(" /", from)) != std::string::npos; from = tag.find('"', from) + 1) {
      const std::size_t equals = tag.find("=\"", from);
      const std::string key = tag.substr(from, equals - from);
      from = equals + 2;
      element.attributes[key] = tag.substr(from, tag.find('"', from) - from);
    }
    out.push_back(std::move(element));
  }
  return out;
}

// Those of a class, its first word being enough.
Drawing of_class(const Drawing& drawing, const std::string& css, const std::string& tag = "") {
  Drawing out;
  for (const Drawn& d : drawing) {
    const std::string its = d.get("class");
    if ((its == css || its.starts_with(css + " ")) && (tag.empty() || d.tag == tag)) out.push_back(d);
  }
  return out;
}

// Those whose title or text begins so.
Drawing named(const Drawing& drawing, const std::string& beginning) {
  Drawing out;
  for (const Drawn& d : drawing) {
    if (d.text.starts_with(beginning)) out.push_back(d);
  }
  return out;
}

// From values to pixels.
struct AxisByTicks {
  std::vector<Pixel> ticks;  // value, pixel; by rising value
  bool log = false;

  [[nodiscard]] double at(double value) const {
    const auto measure = [&](double v) { return log ? std::log(v) : v; };
    const auto &low = ticks.front(), &high = ticks.back();
    const double share = (measure(value) - measure(low.first)) / (measure(high.first) - measure(low.first));
    return low.second + share * (high.second - low.second);
  }
};
// By the outermost of its ticks, those among the texts of class "tick" in the frame that are numbers and
// anchored so ("end": of a vertical axis, "middle": of a horizontal one). The others have to agree.
AxisByTicks axis_of(const Drawing& drawing, const std::string& anchor, double unit, bool log = false,
                    const Box& frame = {-1e9, -1e9, 1e9, 1e9}) {
  AxisByTicks axis{{}, log};
  for (const Drawn& d : drawing) {
    if (d.tag != "text" || d.get("class") != "tick" || d.get("text-anchor") != anchor) continue;
    const double x = d.px("x"), y = d.px("y");
    if (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom) continue;
    char* end = nullptr;
    const double value = std::strtod(d.text.c_str(), &end);
    if (end == d.text.c_str() + d.text.size()) axis.ticks.emplace_back(unit * value, anchor == "end" ? y : x);
  }
  std::sort(axis.ticks.begin(), axis.ticks.end());
  EXPECT_GE(axis.ticks.size(), 2U) << "no axis";
  if (axis.ticks.size() < 2) axis.ticks = {{0, 0}, {1, 1}};
  for (const auto& [value, px] : axis.ticks) EXPECT_NEAR(axis.at(value), px, kClosePx) << value;
  return axis;
}

void expect_pixels(const std::vector<Pixel>& found, const std::vector<Pixel>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].first, expected[i].first, kClosePx) << i;
    EXPECT_NEAR(found[i].second, expected[i].second, kClosePx) << i;
  }
}

std::vector<Pixel> centres(const Drawing& drawing) {
  std::vector<Pixel> out;
  for (const Drawn& d : drawing) out.push_back(d.centre());
  return out;
}

// The points of a frontier that no other is as good as in no more time.
std::vector<FrontierPoint> best_points(const std::vector<FrontierPoint>& points) {
  std::vector<FrontierPoint> out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool is_beaten = false;
    for (std::size_t j = 0; j < points.size(); ++j) {
      const bool no_slower = points[j].ms <= points[i].ms, no_worse = points[j].score >= points[i].score;
      const bool same = points[j].ms == points[i].ms && points[j].score == points[i].score;
      is_beaten = is_beaten || (no_slower && no_worse && (same ? j < i : true) && j != i);
    }
    if (!is_beaten) out.push_back(points[i]);
  }
  return out;
}

class ScatterPositions : public ::testing::Test {
 protected:
  const Evaluation& e = evaluation();
  Drawing drawing = drawing_of(evaluation_html(e, kInfo), "scatter");
  AxisByTicks x = axis_of(drawing, "middle", 1, true), y = axis_of(drawing, "end", 0.01);
  Box frame = frame_of_grid();

  Box frame_of_grid() const {
    Box box{1e9, 1e9, -1e9, -1e9};
    for (const Drawn& line : of_class(drawing, "grid")) {
      box = {std::min(box.left, line.px("x1")), std::min(box.top, line.px("y1")),
             std::max(box.right, line.px("x2")), std::max(box.bottom, line.px("y2"))};
    }
    return box;
  }
  Pixel at(double ms, double score) const { return {x.at(ms), y.at(score)}; }
  // Those of the points that are in the frame.
  std::vector<Pixel> pixels(const std::vector<FrontierPoint>& points) const {
    std::vector<Pixel> out;
    for (const FrontierPoint& p : points) {
      const auto [left, top] = at(p.ms, p.score);
      if (left >= frame.left && left <= frame.right && top <= frame.bottom) out.emplace_back(left, top);
    }
    return out;
  }
};

TEST_F(ScatterPositions, MethodsAreAtTheirTimesAndScores) {
  const Drawing marks = of_class(drawing, "mark");
  ASSERT_EQ(marks.size(), e.methods.size());
  for (std::size_t m = 0; m < marks.size(); ++m) {
    const Method& method = e.methods[m];
    const std::string name = method_name(e, method.id);
    SCOPED_TRACE(name);
    EXPECT_TRUE(marks[m].text.starts_with(text(name).html + ": ")) << marks[m].text;
    const auto [left, top] = at(method.pooled.mean_ms, method.pooled.score);
    const auto [found_left, found_top] = marks[m].centre();
    EXPECT_NEAR(found_left, left, kClosePx);
    // A triangle's centre of mass lies a little below its middle.
    EXPECT_NEAR(found_top, top, marks[m].corners().size() == 3 ? 1.3 : kClosePx);
  }
}

TEST_F(ScatterPositions, WhiskersSpanTheIntervals) {
  const Drawing whiskers = of_class(drawing, "whisker");
  ASSERT_EQ(whiskers.size(), e.methods.size());
  for (std::size_t m = 0; m < whiskers.size(); ++m) {
    const Method& method = e.methods[m];
    SCOPED_TRACE(method_name(e, method.id));
    for (const char* end : {"x1", "x2"})
      EXPECT_NEAR(whiskers[m].px(end), x.at(method.pooled.mean_ms), kClosePx);
    EXPECT_NEAR(whiskers[m].px("y1"), std::min(frame.bottom, y.at(method.score_interval.low)), kClosePx);
    EXPECT_NEAR(whiskers[m].px("y2"), std::max(frame.top, y.at(method.score_interval.high)), kClosePx);
  }
}

TEST_F(ScatterPositions, LinesGoThroughTheBestPointsOfFrontiers) {
  expect_pixels(of_class(drawing, "router", "path").at(0).corners(), pixels(e.zero_router.points));
  const Drawing lines = of_class(drawing, "line", "path"), bands = of_class(drawing, "band");
  ASSERT_EQ(lines.size(), e.frontiers.size());
  ASSERT_EQ(bands.size(), e.frontiers.size());
  for (std::size_t f = 0; f < lines.size(); ++f) {
    SCOPED_TRACE(frontier_name(e.frontiers[f]));
    const auto best = best_points(e.frontiers[f].points);
    ASSERT_GE(best.size(), 3U);
    expect_pixels(lines[f].corners(), pixels(best));
    std::vector<Pixel> around, above;
    for (const FrontierPoint& p : best) {
      around.emplace_back(x.at(p.ms), std::min(frame.bottom, y.at(p.score_interval.low)));
      above.emplace_back(x.at(p.ms), std::max(frame.top, y.at(p.score_interval.high)));
    }
    around.insert(around.end(), above.rbegin(), above.rend());
    expect_pixels(bands[f].corners(), around);
  }
}

TEST(ReportPositions, AboveTheRouterEachSettingHasItsDotAndBand) {
  const Evaluation& e = evaluation();
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "above-router");
  const AxisByTicks x = axis_of(drawing, "middle", 1, true);
  const Drawing titles = of_class(drawing, "strong"), lines = of_class(drawing, "line", "path"),
                bands = of_class(drawing, "band"), zeros = of_class(drawing, "zero"),
                sbs = of_class(drawing, "router");
  ASSERT_EQ(titles.size(), e.frontiers.size());
  for (std::size_t f = 0; f < titles.size(); ++f) {
    const Frontier& frontier = e.frontiers[f];
    const std::string name = frontier_name(frontier);
    SCOPED_TRACE(name);
    EXPECT_EQ(titles[f].text, name);
    const double top = titles[f].px("y");
    const double bottom = f + 1 < titles.size() ? titles[f + 1].px("y") : 1e9;
    const AxisByTicks y = axis_of(drawing, "end", 0.01, false, {-1e9, top, 1e9, bottom});
    std::vector<Pixel> dots, around, above;
    for (const FrontierPoint& p : frontier.points) {
      dots.emplace_back(x.at(p.ms), y.at(p.above_router.value));
      around.emplace_back(x.at(p.ms), y.at(p.above_router.interval.low));
      above.emplace_back(x.at(p.ms), y.at(p.above_router.interval.high));
    }
    around.insert(around.end(), above.rbegin(), above.rend());
    expect_pixels(centres(named(drawing, name + ": ")), dots);
    expect_pixels(lines.at(f).corners(), dots);
    expect_pixels(bands.at(f).corners(), around);
    EXPECT_NEAR(zeros.at(f).px("y1"), y.at(0), kClosePx);
    EXPECT_NEAR(sbs.at(f).px("x1"), x.at(e.find({MethodKind::kSbs})->pooled.mean_ms), kClosePx);
  }
}

TEST(ReportPositions, ByDifficultyEachTenthHasItsFigures) {
  const Evaluation& e = evaluation();
  const Breakdown& b = e.breakdown;
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "difficulty");
  Drawing titles;
  for (const Drawn& title : of_class(drawing, "axis")) {
    if (title.get("text-anchor") == "start") titles.push_back(title);
  }
  ASSERT_EQ(titles.size(), 3U);
  for (std::size_t panel = 0; panel < 3; ++panel) {
    SCOPED_TRACE(titles[panel].text);
    const Box part{titles[panel].px("x"), -1e9, panel < 2 ? titles[panel + 1].px("x") : 1e9, 1e9};
    const AxisByTicks x = axis_of(drawing, "middle", 1, false, part);
    const AxisByTicks y = axis_of(drawing, "end", panel < 2 ? 0.01 : 1, panel == 2, part);
    for (std::size_t m = panel == 1 ? 1 : 0; m < b.methods.size(); ++m) {
      const std::string name = method_name(e, b.methods[m]);
      SCOPED_TRACE(name);
      std::vector<Pixel> expected, found;
      for (std::size_t d = 0; d < 10; ++d) {
        const GroupFigures& own = b.deciles[d].methods[m];
        const double value = panel == 0   ? own.score
                             : panel == 1 ? own.score - b.deciles[d].methods[0].score
                                          : own.ms;
        expected.emplace_back(x.at(static_cast<double>(d + 1)), y.at(value));
      }
      for (const Pixel& at : centres(named(drawing, name + ", tenth "))) {
        if (at.first > part.left && at.first < part.right) found.push_back(at);
      }
      expect_pixels(found, expected);
    }
  }
}

TEST(ReportPositions, ReliabilityIsTheShareOfRightByConfidence) {
  const Evaluation& e = evaluation();
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "reliability");
  const Drawing titles = of_class(drawing, "strong"), whiskers = of_class(drawing, "whisker"),
                diagonals = of_class(drawing, "router");
  ASSERT_EQ(titles.size(), e.reliability.size());
  std::size_t first = 0;
  for (std::size_t r = 0; r < titles.size(); ++r) {
    const Reliability& reliability = e.reliability[r];
    const std::string name = method_name(e, reliability.method);
    SCOPED_TRACE(name);
    EXPECT_EQ(titles[r].text, name);
    const double left = titles[r].px("x");
    const Box part{left - 20, -1e9, r + 1 < titles.size() ? titles[r + 1].px("x") - 20 : 1e9, 1e9};
    const AxisByTicks x = axis_of(drawing, "middle", 0.01, false, part),
                      y = axis_of(drawing, "end", 0.01, false, part);
    std::vector<Pixel> expected;
    for (const ReliabilityBin& bin : reliability.bins) {
      expected.emplace_back(x.at(bin.confidence), y.at(bin.right));
      const Drawn& whisker = whiskers.at(first++);
      EXPECT_NEAR(whisker.px("x1"), x.at(bin.confidence), kClosePx);
      EXPECT_NEAR(whisker.px("y1"), y.at(bin.interval.low), kClosePx);
      EXPECT_NEAR(whisker.px("y2"), y.at(bin.interval.high), kClosePx);
    }
    expect_pixels(centres(named(drawing, name + ": confidence ")), expected);
    // Where a confidence is what it says.
    const Drawn& diagonal = diagonals.at(r);
    EXPECT_NEAR(diagonal.px("x2"), x.at(1), kClosePx);
    EXPECT_NEAR(diagonal.px("y2"), y.at(1), kClosePx);
    const double share = (x.at(0.5) - diagonal.px("x2")) / (diagonal.px("x1") - diagonal.px("x2"));
    EXPECT_NEAR(diagonal.px("y2") + share * (diagonal.px("y1") - diagonal.px("y2")), y.at(0.5), kClosePx);
  }
}

// Bars that begin at one line, with the given values: as wide as these say, of whichever scale.
void expect_bars(const Drawing& bars, const std::vector<double>& values) {
  ASSERT_EQ(bars.size(), values.size());
  const double most = *std::max_element(values.begin(), values.end());
  double scale = 0;
  for (const Drawn& bar : bars) scale = std::max(scale, bar.px("width") / most);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    EXPECT_NEAR(bars[i].px("width"), std::max(1.0, scale * values[i]), kClosePx) << bars[i].text;
  }
}

TEST(ReportPositions, BarsAreAsLongAsTheirShares) {
  const Evaluation& e = evaluation();
  const std::string html = evaluation_html(e, kInfo);
  const Drawing optimum = of_class(drawing_of(html, "optimum"), "bar");
  expect_bars(optimum, e.optimum_share);  // the models of this zoo are by rising cost
  for (std::size_t m = 0; m < e.models.size(); ++m) {
    EXPECT_TRUE(optimum.at(m).text.starts_with(text(e.models[m]).html + ": "));
    EXPECT_EQ(optimum[m].px("x"), optimum[0].px("x"));
  }
  // Of each step of Algorithm 1 what was covered before, then what it adds.
  const Drawing steps = of_class(drawing_of(html, "selection"), "bar");
  std::vector<double> values;
  for (const SelectionStep& step : e.selection.trace) {
    const double before = step.coverage - step.gain;
    if (before > 1e-9) values.push_back(before);
    values.push_back(step.gain);
  }
  expect_bars(steps, values);
  for (std::size_t i = 1; i + 1 < steps.size(); i += 2) {
    EXPECT_EQ(steps[i].px("x"), steps[0].px("x"));
    EXPECT_NEAR(steps[i + 1].px("x"), steps[i].px("x") + steps[i].px("width"), kClosePx);
  }
}

TEST(ReportPositions, ChoicesAreStackedByTheirShares) {
  const Evaluation& e = evaluation();
  const Drawing segments = of_class(drawing_of(evaluation_html(e, kInfo), "choices"), "seg");
  std::size_t next = 0;
  double all = 0;
  for (const Method& method : e.methods) {
    if (method.id.kind == MethodKind::kSingle) continue;
    const std::string name = method_name(e, method.id);
    SCOPED_TRACE(name);
    double width = 0, from = segments.at(next).px("x");
    const std::size_t first = next;
    for (const double share : method.chosen) {
      if (share <= 0) continue;
      const Drawn& segment = segments.at(next++);
      EXPECT_TRUE(segment.text.starts_with(text(name).html + ": "));
      EXPECT_NEAR(segment.px("x"), from, kClosePx);
      from += segment.px("width");
      width += segment.px("width");
    }
    if (all == 0) all = width;
    EXPECT_NEAR(width, all, kClosePx) << "all inputs";
    std::size_t at = first;
    for (const double share : method.chosen) {
      if (share <= 0) continue;
      EXPECT_NEAR(segments[at++].px("width"), share * width, kClosePx);
    }
  }
  EXPECT_EQ(next, segments.size());
}

TEST(ReportPositions, FoldsHaveADotEachAndALineAtTheMean) {
  const Evaluation& e = evaluation();
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "folds");
  const AxisByTicks x = axis_of(drawing, "middle", 0.01);
  const Drawing means = of_class(drawing, "mean");
  std::size_t row = 0;
  for (const Method& method : e.methods) {
    if (method.id.kind == MethodKind::kSingle || method.id.kind == MethodKind::kRandom) continue;
    const std::string name = method_name(e, method.id);
    SCOPED_TRACE(name);
    const Drawn& mean = means.at(row++);
    EXPECT_NEAR(mean.px("x1"), x.at(method.arithmetic.score), kClosePx);
    const double middle = (mean.px("y1") + mean.px("y2")) / 2;
    std::vector<Pixel> expected;
    for (const Metrics& fold : method.folds) expected.emplace_back(x.at(fold.score), middle);
    expect_pixels(centres(named(drawing, name + ", fold ")), expected);
  }
  EXPECT_EQ(row, means.size());
}

TEST(ReportPositions, CoverageAndScoreFollowTheLimitOfDistance) {
  const Evaluation& e = evaluation();
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "soundness");
  const AxisByTicks x = axis_of(drawing, "middle", 0.01), y = axis_of(drawing, "end", 0.01);
  std::vector<std::pair<double, double>> points;
  for (const SoundnessPoint& point : e.soundness.points) points.emplace_back(point.coverage, point.score);
  std::sort(points.begin(), points.end());
  std::vector<Pixel> expected;
  for (const auto& [coverage, score] : points) expected.emplace_back(x.at(coverage), y.at(score));
  expect_pixels(of_class(drawing, "frontier").at(0).corners(), expected);
}

// One bar a look, each beginning where the inputs end that were answered before; the whole width is all.
TEST(ReportPositions, DecisionsAreStackedFromLookToLook) {
  const Evaluation& e = evaluation();
  const Drawing drawing = drawing_of(evaluation_html(e, kInfo), "decisions");
  const Drawing bars = named(drawing, method_name(e, e.decisions.at(0).method) + ", look ");
  const double left = bars.front().px("x"), right_end = bars.back().px("x") + bars.back().px("width");
  for (const Decisions& decisions : e.decisions) {
    const std::string name = method_name(e, decisions.method);
    SCOPED_TRACE(name);
    const Drawing pieces = named(drawing, name + ", look ");
    const auto all = static_cast<double>(decisions.stages.front().reached);
    const auto at = [&](double inputs) { return left + inputs / all * (right_end - left); };
    double from = 0;
    std::size_t next = 0;
    for (const StageDecisions& stage : decisions.stages) {
      const auto answered = static_cast<double>(stage.answered), chosen = static_cast<double>(stage.chosen);
      const double right = answered > 0 ? stage.right * answered : 0;
      const double early = chosen > 0 ? stage.wrong_to_stop * chosen : 0;
      const std::pair<const char*, double> parts[] = {
          {"answer-right", right}, {"answer-early", early}, {"answer-wrong", answered - right - early}};
      for (const auto& [css, inputs] : parts) {
        if (inputs < 0.5) continue;
        const Drawn& piece = pieces.at(next++);
        EXPECT_EQ(piece.get("class"), css);
        EXPECT_NEAR(piece.px("x"), at(from), kClosePx);
        EXPECT_NEAR(piece.px("width"), at(from + inputs) - at(from), kClosePx);
        from += inputs;
      }
    }
    EXPECT_EQ(next, pieces.size());
    EXPECT_NEAR(from, all, 1e-9);
  }
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
  EXPECT_NE(html.find("agreement %"), std::string::npos);
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
  for (const char* key : {"format",
                          "format_version",
                          "triage",
                          "command",
                          "date",
                          "profiles",
                          "machine",
                          "labels_from",
                          "criterion",
                          "folds",
                          "seed",
                          "bootstrap",
                          "inputs",
                          "inputs_left_out",
                          "perturbed_copies",
                          "classes",
                          "models",
                          "recommended",
                          "verdict",
                          "remarks",
                          "warnings",
                          "candidates",
                          "optimum_share",
                          "selection",
                          "stages",
                          "methods",
                          "contrasts",
                          "zero_router",
                          "frontiers",
                          "timing",
                          "energy",
                          "request",
                          "timing_difference",
                          "breakdown",
                          "reliability",
                          "decisions",
                          "auto_kinds"}) {
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

// Tables are as wide as their names ask for: with short ones they fit too, long ones are not cut.
TEST(Text, FitsATerminal) {
  Evaluation e = evaluation();
  e.models[1] = "mlp";
  std::istringstream lines(evaluation_text(e));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
  EXPECT_NE(evaluation_text(evaluation()).find("\n  " + std::string(kNasty) + " "), std::string::npos);
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
  EXPECT_EQ(percent(1, 2), "100.0") << "four digits are enough";
  EXPECT_EQ(percent(0.99996, 2), "100.0");
  EXPECT_EQ(percent(0.99994, 2), "99.99");
  EXPECT_EQ(percent(1, 0), "100");
  EXPECT_EQ(points(-1), "-100.0");
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
