// Tenths of difficulty and classes, on tables small enough to check by hand.
#include "evaluate/breakdown.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/band_reading.h"
#include "evaluate/class_ranking.h"

namespace triage {
namespace {

constexpr double kCloseFloat = 1e-6;  // probabilities are floats

// 20 inputs, one model that gives its label 0.05, 0.10, ... 1.00, in a mixed order; classes 0 and 2 of three.
Table twenty() {
  Table t;
  t.models = {{{"a", "fa"}, "r"}};
  t.n_classes = 3;
  t.label_names = {"cat", "dog", "eel"};
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto step = static_cast<float>((i * 7) % 20 + 1);
    const Label label = i < 15 ? 0 : 2;
    std::array<float, 3> p{};
    p[static_cast<std::size_t>(label)] = step / 20;
    p[1] = 1 - step / 20;
    t.ids.push_back("in" + std::to_string(i));
    t.labels.push_back(label);
    t.outputs.push_back(TopK::from_probabilities(p));
    t.ranks.push_back(step > 10 ? 1 : 2);
  }
  t.infer_ms.assign(20, 1);
  t.recipe_of = {0};
  t.preprocess_ms.assign(20, 0);
  return t;
}

Entry entry_of(const Table& table, MethodKind kind) {
  Entry entry = make_entry({kind}, table.n_inputs());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) replay_model(table, i, 0, entry.replay);
  return entry;
}

TEST(Breakdown, DifficultyIsOneLessTheMeanProbabilityOfTheLabel) {
  Table table = twenty();
  EXPECT_NEAR(difficulties(table)[0], 0.95, kCloseFloat);
  EXPECT_NEAR(difficulties(table)[1], 1 - 8 / 20.0, kCloseFloat);
  table.models.push_back({{"b", "fb"}, "r"});  // now two models an input: rows pair up
  table.ids.resize(10);
  table.labels = {0, 0, 0, 0, 0, 0, 0, 2, 2, 2};
  EXPECT_NEAR(difficulties(table)[0], 1 - (1 + 8) / 40.0, kCloseFloat);
}

TEST(Breakdown, TenthsGoFromEasyToHard) {
  const Table table = twenty();
  const Entry sbs = entry_of(table, MethodKind::kSbs);
  Entry mine = entry_of(table, MethodKind::kPolicy);
  mine.replay.ms.assign(20, 0.5);
  mine.replay.looks.assign(20, 2);
  const Entry* const shown[] = {&sbs, &mine};
  const Breakdown b = break_down(table, shown, 1, Criterion::kTop1);
  EXPECT_EQ(b.methods, (std::vector<MethodId>{{MethodKind::kSbs}, {MethodKind::kPolicy}}));
  EXPECT_EQ(b.subject, 1U);
  ASSERT_EQ(b.deciles.size(), 10U);
  for (std::size_t d = 0; d < 10; ++d) {
    EXPECT_EQ(b.deciles[d].inputs, 2U);
    // Probabilities of the label 20/20 and 19/20 in the first tenth, 2/20 and 1/20 in the last.
    EXPECT_NEAR(b.deciles[d].difficulty, (2 * static_cast<double>(d) + 0.5) / 20, kCloseFloat);
    EXPECT_EQ(b.deciles[d].methods[0].score, d < 5 ? 1 : 0);
    EXPECT_EQ(b.deciles[d].methods[0].ms, 1);
    EXPECT_EQ(b.deciles[d].methods[1].ms, 0.5);
    EXPECT_EQ(b.deciles[d].methods[1].looks, 2);
  }
}

TEST(Breakdown, EqualDifficultiesGoByTheId) {
  Table table = twenty();
  for (std::size_t i = 0; i < 20; ++i) {
    table.labels[i] = 0;
    table.outputs[i] = TopK::from_probabilities(std::array{0.5F, 0.5F, 0.0F});
    table.infer_ms[i] = static_cast<float>(i);
  }
  Table reversed = table;
  std::reverse(reversed.ids.begin(), reversed.ids.end());
  std::reverse(reversed.infer_ms.begin(), reversed.infer_ms.end());
  const auto times = [](const Table& t) {
    const Entry entry = entry_of(t, MethodKind::kSbs);
    const Entry* const shown[] = {&entry};
    std::vector<double> out;
    for (const InputGroup& group : break_down(t, shown, 0, Criterion::kTop1).deciles) {
      out.push_back(group.methods[0].ms);
    }
    return out;
  };
  EXPECT_EQ(times(table), times(reversed)) << "whatever the order of the rows";
}

TEST(Breakdown, ClassesAreThoseWithInputs) {
  const Table table = twenty();
  const Entry sbs = entry_of(table, MethodKind::kSbs);
  const Entry* const shown[] = {&sbs};
  const Breakdown b = break_down(table, shown, 0, Criterion::kTop1);
  ASSERT_EQ(b.classes.size(), 2U);
  EXPECT_EQ(b.classes[0].name, "cat");
  EXPECT_EQ(b.classes[0].inputs, 15U);
  EXPECT_EQ(b.classes[1].name, "eel");
  EXPECT_EQ(b.classes[1].inputs, 5U);
  // Steps of inputs 15 to 19 are 6, 13, 20, 7, 14: three are right.
  EXPECT_DOUBLE_EQ(b.classes[1].methods[0].score, 0.6);
  Table nameless = table;
  nameless.label_names.clear();
  EXPECT_EQ(break_down(nameless, shown, 0, Criterion::kTop1).classes[1].name, "class 2");
}

TEST(Breakdown, ScoreOnlyTablesHaveNoTenths) {
  Table table = twenty();
  for (TopK& output : table.outputs) output = {};
  const Entry sbs = entry_of(table, MethodKind::kSbs);
  const Entry* const shown[] = {&sbs};
  EXPECT_TRUE(break_down(table, shown, 0, Criterion::kTop1).deciles.empty());
}

InputGroup group(std::string name, std::size_t inputs, double sbs, double own, double ms) {
  return {std::move(name), inputs, 0.5, {{sbs, 1, 1}, {own, ms, 1}}};
}

TEST(Ranking, ClassesByLostAnswersAndByTime) {
  Breakdown b;
  b.subject = 1;
  b.classes = {group("one input", 1, 1, 0, 3), group("large", 1000, 0.9, 0.89, 1),
               group("better", 10, 0.5, 0.6, 3)};
  EXPECT_EQ(net_gain(b, 1), -10);
  EXPECT_EQ(worst_classes(b), (std::vector<std::size_t>{1, 0, 2}));
  EXPECT_EQ(dearest_classes(b), (std::vector<std::size_t>{2, 0, 1})) << "at equal times the larger class";
}

FrontierPoint point(double ms, double low, double value, double high) {
  FrontierPoint p{ms, 0.9};
  p.above_router = {value, {low, high}};
  return p;
}

TEST(BandReading, CountsWhatLiesWhollyAboveOrBelow) {
  Frontier frontier;
  EXPECT_EQ(read_band(frontier).settings, 0U) << "no band, nothing to read";
  frontier.points = {point(1, -0.001, 0.001, 0.003), point(2, 0.001, 0.01, 0.02)};
  EXPECT_EQ(read_band(frontier).settings, 2U);
  EXPECT_EQ(read_band(frontier).above, 1U);
  EXPECT_EQ(read_band(frontier).below, 0U);
  frontier.points.push_back(point(4, -0.003, -0.002, -0.001));
  const BandReading below = read_band(frontier);
  EXPECT_EQ(below.below, 1U);
  EXPECT_DOUBLE_EQ(below.from_ms, 4);
  EXPECT_DOUBLE_EQ(below.to_ms, 4);
  EXPECT_DOUBLE_EQ(below.worst, -0.002);
  // A difference worth less than one reading of the clock is ignored.
  for (FrontierPoint& p : frontier.points) p.resolution = 0.00101;
  EXPECT_EQ(read_band(frontier).below, 0U);
  EXPECT_EQ(read_band(frontier).above, 0U);
  for (FrontierPoint& p : frontier.points) p.resolution = 0.0009;
  EXPECT_EQ(read_band(frontier).below, 1U);
  EXPECT_EQ(read_band(frontier).above, 1U);
}

}  // namespace
}  // namespace triage
