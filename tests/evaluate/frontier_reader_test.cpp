// What is read off a frontier's hull, on four inputs by hand.
#include "evaluate/frontier_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ticking_clock.h"

namespace triage {
namespace {

// Two models, 1 and 4 ms, right on the first and on the first three of four inputs; SBS is the second.
Table two_models() {
  Table t;
  t.models = {{{"small", "fs"}, "r"}, {{"large", "fl"}, "r"}};
  t.ids = {"in0", "in1", "in2", "in3"};
  t.labels = {0, 0, 0, 0};
  t.n_classes = 2;
  t.ranks = {1, 1, 2, 1, 2, 1, 2, 2};
  t.outputs.resize(8);
  t.infer_ms = {1, 4, 1, 4, 1, 4, 1, 4};
  t.recipe_of = {0, 0};
  t.preprocess_ms.assign(4, 0);
  t.decode_ms.assign(4, 0);
  return t;
}

EvaluateOptions options(int resamples) {
  static const FakeClock still;
  EvaluateOptions options;
  options.resamples = resamples;
  options.clock = unowned(still);
  return options;
}

SweepPoint swept(std::vector<double> score, double ms) {
  return {kNotMeasured, std::move(score), {ms, ms, ms, ms}};
}

Frontier read(const Table& table, const Sweep& sweep, int resamples) {
  const auto folds = make_fold_list(table, {}, options(0));
  Frontier frontier;
  FrontierReader(table, folds, options(resamples)).read(sweep, frontier);
  return frontier;
}

TEST(Readings, ByHand) {
  // The hull goes from (1, 0.25) to (2, 0.75), which is SBS's score at half of its time.
  const Sweep sweep{MethodId{MethodKind::kAdaptive}, {swept({1, 0, 0, 0}, 1), swept({1, 1, 1, 0}, 2)}};
  const Frontier f = read(two_models(), sweep, 0);
  EXPECT_DOUBLE_EQ(f.aiq, (0.5 * 1 + 0.75 * 2) / 3);
  EXPECT_DOUBLE_EQ(f.speed_up_at_equal_score, 2);
  EXPECT_DOUBLE_EQ(f.score_gain_at_equal_time, 0);
  EXPECT_DOUBLE_EQ(f.time_share_for_95, 1.95 / 4);
  EXPECT_TRUE(std::isnan(f.closed_gap)) << "SBS is right wherever any model is: there is no gap";
  EXPECT_TRUE(std::isnan(f.intervals.aiq.low)) << "no resamples, no interval";
}

TEST(Readings, ClosedGapIsOfTheGainAtEqualTime) {
  Table table = two_models();
  table.ranks[6] = 1;  // small alone is right on in3: VBS scores 1
  const Sweep sweep{MethodId{MethodKind::kAdaptive}, {swept({1, 1, 1, 0.5}, 3)}};
  EXPECT_DOUBLE_EQ(read(table, sweep, 0).closed_gap, 0.5);
}

TEST(Readings, IntervalsHoldTheFigure) {
  const Sweep sweep{MethodId{MethodKind::kAdaptive}, {swept({1, 0, 0, 0}, 1), swept({1, 1, 1, 0}, 2)}};
  const Frontier f = read(two_models(), sweep, 100);
  EXPECT_LE(f.intervals.aiq.low, f.aiq);
  EXPECT_GE(f.intervals.aiq.high, f.aiq);
  EXPECT_LT(f.intervals.aiq.low, f.intervals.aiq.high);
  EXPECT_DOUBLE_EQ(f.intervals.score_gain_at_equal_time.low, 0) << "the same answers as SBS on every input";
}

TEST(Readings, AHullThatFallsShortCountsAsNever) {
  // In resamples without in0 or in1 this point is as good as SBS, in most it is not.
  const Sweep sweep{MethodId{MethodKind::kAdaptive}, {swept({1, 1, 0, 0}, 2)}};
  const Frontier f = read(two_models(), sweep, 100);
  EXPECT_TRUE(std::isnan(f.speed_up_at_equal_score));
  EXPECT_TRUE(std::isnan(f.time_share_for_95));
  EXPECT_DOUBLE_EQ(f.intervals.speed_up_at_equal_score.low, 0);
  EXPECT_TRUE(std::isinf(f.intervals.time_share_for_95.high));
}

TEST(Readings, TheZeroRouterPaysForAsking) {
  const Table table = two_models();
  const testing::TickingClock clock(10'000);
  EvaluateOptions slow = options(0);
  slow.clock = unowned(clock);
  const auto folds = make_fold_list(table, {}, slow);
  // Asked twice an input, which model and then for the answer; each asking lies between two readings.
  EXPECT_NEAR(folds.front().asking_ms, 0.02, 1e-12);
  EXPECT_NEAR(folds.front().reading_ms, 0.01, 1e-12);
  const Sweep sweep = router_sweep(table, folds, Criterion::kTop1);
  EXPECT_NEAR(sweep.points.front().ms[0], 1.02, 1e-12);
  EXPECT_NEAR(sweep.points.back().ms[0], 4.02, 1e-12);
}

TEST(Readings, TheZeroRouterMixesTheFoldsModels) {
  const Table table = two_models();
  const auto folds = make_fold_list(table, {}, options(0));
  const Sweep sweep = router_sweep(table, folds, Criterion::kTop1);
  EXPECT_FALSE(sweep.method.has_value());
  ASSERT_FALSE(sweep.points.empty());
  EXPECT_EQ(sweep.points.front().score, (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(sweep.points.back().score, (std::vector<double>{1, 1, 1, 0}));
  const Frontier f = read(table, sweep, 0);
  EXPECT_NEAR(f.speed_up_at_equal_score, 1, 1e-9);
  EXPECT_NEAR(f.aiq, 0.5, 1e-9) << "a straight line from 0.25 to 0.75";
}

}  // namespace
}  // namespace triage
