// What a schedule takes, by hand: three models; the scores rank the first, then the third.
#include "policy/run_schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace triage {
namespace {

const std::vector<float> kScore{0, 2, 1};
const std::vector<std::uint8_t> kAllSolve{1, 1, 1};

ScheduleOutcome outcome(const RunSchedule& schedule, const std::vector<float>& times,
                        const std::vector<std::uint8_t>& solved = kAllSolve) {
  return replay_schedule(schedule, kScore, times, solved);
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

TEST(RunSchedule, ThePresolverMaySolveItFirst) {
  expect_solved_at(outcome({1, 0.1F, 0}, {0.5F, 0.1F, 1}), 0.1);
  expect_solved_at(outcome({1, 0.1F, 0}, {0.5F, 0.11F, 1}), 0.6);
  expect_solved_at(outcome({1, 0.1F, 0}, {0.5F, 0.05F, 1}, {1, 0, 1}), 0.6);
  expect_unsolved(outcome({1, 0.1F, 0}, {0.95F, 0.2F, 1}));
}

TEST(RunSchedule, AChoiceThatIsThePresolverRunsOn) {
  expect_solved_at(outcome({0, 0.1F, 0}, {0.95F, 0.01F, 0.01F}), 0.95);
}

TEST(RunSchedule, TheSecondChoiceGetsTheLastShare) {
  expect_solved_at(outcome({kNoModel, 0, 0.1F}, {0.89F, 1, 0.1F}), 0.89);
  expect_solved_at(outcome({kNoModel, 0, 0.1F}, {0.95F, 0.01F, 0.05F}), 0.95);
  expect_unsolved(outcome({kNoModel, 0, 0.1F}, {0.95F, 0.01F, 0.2F}));
  expect_unsolved(outcome({kNoModel, 0, 0.1F}, {0.95F, 0.01F, 0.05F}, {1, 1, 0}));
  expect_solved_at(outcome({1, 0.05F, 0.1F}, {0.95F, 0.06F, 0.05F}), 0.95);
}

TEST(RunSchedule, TheSecondChoiceIsNotWhatRanAsLongBefore) {
  EXPECT_EQ(second_choice({kNoModel, 0, 0.1F}, kScore, 0), 2);
  EXPECT_EQ(second_choice({2, 0.1F, 0.1F}, kScore, 0), 1);
  EXPECT_EQ(second_choice({2, 0.05F, 0.1F}, kScore, 0), 2);
  EXPECT_EQ(second_choice({kNoModel, 0, 0.1F}, std::vector<float>{1}, 0), kNoModel);
}

TEST(RunSchedule, WithoutASecondChoiceTheFirstRunsToTheEnd) {
  expect_solved_at(replay_schedule({kNoModel, 0, 0.1F}, std::vector<float>{1}, std::vector<float>{0.95F},
                                   std::vector<std::uint8_t>{1}),
                   0.95);
}

}  // namespace
}  // namespace triage
