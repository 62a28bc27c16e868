#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <stop_token>

#include "profile/cell.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

// Mean 4; deviations -3 -1 0 1 3, squares 20, s = sqrt(20/4) = 2.23607, s/sqrt(5) = 1; t(4) = 2.77645.
TEST(SummarizeTimes, HandComputed) {
  const TimeSummary summary = summarize_times({7, 1, 4, 3, 5});
  EXPECT_EQ(summary.n, 5U);
  EXPECT_NEAR(summary.mean, 4.0, 1e-12);
  EXPECT_NEAR(summary.bound95, 2.776445, 1e-6);
  EXPECT_DOUBLE_EQ(summary.p50, 4.0);
  EXPECT_DOUBLE_EQ(summary.p90, 6.2);  // position 3.6 between 5 and 7
  EXPECT_DOUBLE_EQ(summary.p99, 6.92);
  EXPECT_NEAR(summary.p999, 6.992, 1e-12);
}

// The same five: 2.776445 is 69.4 % of the mean 4.
TEST(CellTimes, KnowsHowWellItsMeanIsKnown) {
  CellTimes cell;
  EXPECT_FALSE(cell.within(1));
  for (const double ms : {7, 1, 4, 3}) cell.add(ms);
  cell.add(5);
  EXPECT_EQ(cell.runs, 5);
  EXPECT_NEAR(cell.mean, 4, 1e-12);
  EXPECT_NEAR(cell.m2, 20, 1e-12);
  EXPECT_TRUE(cell.within(0.6942));
  EXPECT_FALSE(cell.within(0.6941));
}

TEST(CellTimes, OneRunTellsNothingOfTheSpread) {
  CellTimes cell;
  cell.add(3);
  EXPECT_FALSE(cell.within(0.5));
}

struct TimeCell : ::testing::Test {
  Timing timing{.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 100};
  int runs = 0;
  Standstills standstills;
  static CellRun run_of(double ms) { return {ms, ms, ms}; }
  // 0.9 and 1.1 ms in turn.
  CellTimes alternate(std::stop_token stop = {}) {
    return time_cell(timing, stop, standstills, [&] { return run_of(++runs % 2 == 0 ? 1.1 : 0.9); });
  }
};

// For even n the bound is t(n-1) * 0.1 / sqrt(n-1): at 18 runs 0.0512; and at 19, of mean 0.9947, 0.0486.
TEST_F(TimeCell, RepeatsUntilTheBoundIsReached) {
  const CellTimes cell = alternate();
  EXPECT_EQ(cell.runs, 19);
  EXPECT_TRUE(cell.within(0.05));
}

TEST_F(TimeCell, StopsAtTheCap) {
  timing.max_runs = 12;
  const CellTimes cell = alternate();
  EXPECT_EQ(cell.runs, 12);
  EXPECT_FALSE(cell.within(0.05));
}

TEST_F(TimeCell, RunsAtLeastTheMinimum) {
  EXPECT_EQ(time_cell(timing, {}, standstills, [] { return run_of(1); }).runs, 5);
  EXPECT_EQ(time_cell(timing, {}, standstills, [] { return run_of(0); }).runs,
            5);  // a clock that stands still
}

TEST_F(TimeCell, OnceInTheCheapMode) {
  timing = {};
  EXPECT_EQ(alternate().runs, 1);
}

TEST_F(TimeCell, EndsWhenItIsToldTo) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(alternate(stop.get_token()).runs, 1);
}

// Each run is {recorded, around it, of the processor}.
TEST_F(TimeCell, ARunDuringWhichTheProcessStoodStillIsMadeAgain) {
  timing = {};
  (void)standstills.stood_still(run_of(1));
  int kept = 0;
  const auto once = [&] { return ++runs == 1 ? CellRun{91, 91.1, 1} : run_of(1); };
  const CellTimes cell = time_cell(timing, {}, standstills, once, [&] { ++kept; });
  EXPECT_EQ(cell.mean, 1);
  EXPECT_EQ(cell.runs, 1);
  EXPECT_EQ(cell.retries, 1);
  EXPECT_FALSE(cell.disturbed);
  EXPECT_EQ(kept, 1);
}

TEST_F(TimeCell, WhatStandsStillEveryTimeIsTakenAndSaid) {
  (void)standstills.stood_still(run_of(1));
  const auto once = [&] {
    ++runs;
    return CellRun{3, 3, 1};
  };
  for (const Timing& each : {Timing{}, timing}) {
    runs = 0;
    const CellTimes cell = time_cell(each, {}, standstills, once);
    EXPECT_EQ(cell.mean, 3);
    EXPECT_EQ(cell.runs, each.min_runs);
    EXPECT_EQ(runs, kMaxRetries + each.min_runs);
    EXPECT_EQ(cell.retries, kMaxRetries);
    EXPECT_TRUE(cell.disturbed);
  }
}

TEST_F(TimeCell, AStandstillDoesNotDelayAnEnd) {
  (void)standstills.stood_still(run_of(1));
  std::stop_source stop;
  stop.request_stop();
  const CellTimes cell = time_cell(timing, stop.get_token(), standstills, [] { return CellRun{3, 3, 1}; });
  EXPECT_EQ(cell.runs, 1);
}

TEST(Standstill, IsJudgedByWhatTheNetworkUsuallyWaits) {
  Standstills handing_over;  // to another thread, which takes 0.03 of 0.1 ms
  EXPECT_FALSE(handing_over.stood_still({0.1, 0.1, 0.07}));
  EXPECT_FALSE(handing_over.stood_still({0.12, 0.12, 0.07}));
  EXPECT_TRUE(handing_over.stood_still({1, 1, 0.07}));
  EXPECT_FALSE(handing_over.stood_still({0.3, 0.3, 1.1}));  // several threads at work
  Standstills elsewhere;                                    // an accelerator computes
  for (const double ms : {4.0, 4.1, 90.0}) EXPECT_FALSE(elsewhere.stood_still({ms, ms, 0.2}));
  Standstills first;  // nothing is known before
  EXPECT_FALSE(first.stood_still({90, 90, 1}));
  EXPECT_FALSE(first.stood_still({1, 1, 1}));
  EXPECT_TRUE(first.stood_still({90, 90, 1}));
  Standstills no_time;  // a clock that stands still
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(no_time.stood_still({0, 0, 0.5}));
}

TEST(ProcessCpuClock, RunsWhileThisProcessWorks) {
  const std::int64_t before = process_cpu_clock().now_ns();
  process_cpu_clock().pass_ns(100'000);
  EXPECT_GE(process_cpu_clock().now_ns() - before, 100'000);
}

TEST(SummarizeTimes, OneValueHasNoBoundAndNoneHasNothing) {
  const TimeSummary one = summarize_times({2.5});
  EXPECT_EQ(one.mean, 2.5);
  EXPECT_EQ(one.p50, 2.5);
  EXPECT_EQ(one.p999, 2.5);
  EXPECT_TRUE(std::isnan(one.bound95));
  const TimeSummary none = summarize_times({});
  EXPECT_EQ(none.n, 0U);
  EXPECT_TRUE(std::isnan(none.mean));
  EXPECT_TRUE(std::isnan(none.p50));
}

TEST(Machine, IsOneLineWithoutTheHostsName) {
  const std::string text = machine_description();
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_NE(text.find(" cores, "), std::string::npos) << text;
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  if (std::string_view(host.data()).size() > 6) {  // a short one may be part of another word
    EXPECT_EQ(text.find(host.data()), std::string::npos) << text;
  }
  EXPECT_GE(load_per_core(), 0.0);
}

}  // namespace
}  // namespace triage
