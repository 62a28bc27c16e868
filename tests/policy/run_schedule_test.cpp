// What a schedule takes, by hand: three models; the first is chosen, then the third.
#include "policy/run_schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace triage {
namespace {

const std::vector<std::uint8_t> kAllSolve{1, 1, 1};

ScheduleOutcome outcome(const RunSchedule& schedule, const std::vector<float>& times,
                        const std::vector<std::uint8_t>& solved = kAllSolve) {
  return replay_schedule(schedule, 0, 2, times, solved);
}

void expect_solved_at(const ScheduleOutcome& found, double time) {
  EXPECT_TRUE(found.solved);
  EXPECT_NEAR(found.time, time, 1e-6);
}

void expect_unsolved(const ScheduleOutcome& found) {
  EXPECT_FALSE(found.solved);
  EXPECT_EQ(found.time, 1);
}

TEST(RunSchedule, WithoutPartsTheChoiceRunsAlone) {
  expect_solved_at(outcome({}, {1, 0.1F, 0.1F}), 1);
  expect_unsolved(outcome({}, {0.3F, 0.1F, 0.1F}, {0, 1, 1}));
}

TEST(RunSchedule, AShortRunMaySolveItFirst) {
  const RunSchedule schedule{{{1, 0.1F}}, 0};
  expect_solved_at(outcome(schedule, {0.5F, 0.1F, 1}), 0.1);
  expect_solved_at(outcome(schedule, {0.5F, 0.11F, 1}), 0.6);
  expect_unsolved(outcome(schedule, {0.95F, 0.2F, 1}));
}

TEST(RunSchedule, ShortRunsFollowEachOther) {
  const RunSchedule schedule{{{1, 0.1F}, {2, 0.05F}}, 0};
  expect_solved_at(outcome(schedule, {0.5F, 0.2F, 0.04F}), 0.14);
  expect_solved_at(outcome(schedule, {0.5F, 0.08F, 0.04F}), 0.08);
  expect_solved_at(outcome(schedule, {0.5F, 0.2F, 0.2F}), 0.65);
}

TEST(RunSchedule, WhatGivesUpEarlierLeavesItsTime) {
  expect_solved_at(outcome({{{1, 0.1F}}, 0}, {0.5F, 0.05F, 1}, {1, 0, 1}), 0.55);
  expect_solved_at(outcome({{}, 0.1F}, {0.3F, 1, 0.5F}, {0, 1, 1}), 0.8);
}

TEST(RunSchedule, AModelThatWasStoppedGoesOn) {
  expect_solved_at(outcome({{{0, 0.1F}}, 0}, {0.95F, 0.01F, 0.01F}), 0.95);
  expect_solved_at(outcome({{{1, 0.1F}, {0, 0.1F}}, 0}, {0.5F, 0.2F, 0.01F}), 0.6);
  expect_solved_at(outcome({{{2, 0.1F}}, 0.1F}, {0.95F, 0.01F, 0.15F}), 0.95);
}

TEST(RunSchedule, TheSecondChoiceGetsTheLastShare) {
  const RunSchedule schedule{{}, 0.1F};
  expect_solved_at(outcome(schedule, {0.89F, 1, 0.1F}), 0.89);
  expect_solved_at(outcome(schedule, {0.95F, 0.01F, 0.05F}), 0.95);
  expect_unsolved(outcome(schedule, {0.95F, 0.01F, 0.2F}));
  expect_unsolved(outcome(schedule, {0.95F, 0.01F, 0.05F}, {1, 1, 0}));
  expect_solved_at(outcome({{{1, 0.05F}}, 0.1F}, {0.95F, 0.06F, 0.05F}), 0.95);
}

TEST(RunSchedule, TheSecondChoiceIsTheNextBest) {
  const std::vector<float> score{0, 2, 1};
  EXPECT_EQ(second_choice(score, 0), 2);
  EXPECT_EQ(second_choice(score, 2), 0);
  EXPECT_EQ(second_choice(std::vector<float>{1}, 0), kNoModel);
}

TEST(RunSchedule, WithoutASecondChoiceTheFirstRunsToTheEnd) {
  expect_solved_at(
      replay_schedule({{}, 0.1F}, 0, kNoModel, std::vector<float>{0.95F}, std::vector<std::uint8_t>{1}),
      0.95);
}

}  // namespace
}  // namespace triage
