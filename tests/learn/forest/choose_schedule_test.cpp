// Schedules on rows made by hand.
#include "learn/forest/choose_schedule.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace triage {
namespace {

struct ScheduleRows {
  std::vector<float> score, times;
  std::vector<std::uint8_t> solved;

  void add(std::size_t n, const std::vector<float>& row_score, const std::vector<float>& row_times) {
    for (std::size_t i = 0; i < n; ++i) {
      score.insert(score.end(), row_score.begin(), row_score.end());
      times.insert(times.end(), row_times.begin(), row_times.end());
      for (const float time : row_times) solved.push_back(time < 1 ? 1 : 0);
    }
  }
  [[nodiscard]] RunSchedule choose() const { return choose_schedule({2, score, times, solved}); }
};

TEST(ChooseSchedule, TakesThePresolverThatSolvesWhatTheChoiceDoesNot) {
  ScheduleRows rows;
  rows.add(50, {0, 1}, {0.5F, 1});
  rows.add(50, {0, 1}, {1, 0.015F});
  const RunSchedule found = rows.choose();
  EXPECT_EQ(found.presolver, 1);
  EXPECT_EQ(found.slice, 0.02F);  // the shortest that suffices
  EXPECT_EQ(found.last, 0);
}

TEST(ChooseSchedule, HandsTheLastShareToTheSecondChoice) {
  ScheduleRows rows;
  rows.add(60, {0, 1}, {0.5F, 1});
  rows.add(20, {0, 1}, {1, 0.04F});
  rows.add(20, {1, 0}, {0.03F, 1});
  const RunSchedule found = rows.choose();
  EXPECT_GT(found.last, 0);
}

TEST(ChooseSchedule, TakesNothingThatHelpsByLessThanItsError) {
  ScheduleRows rows;
  rows.add(99, {0, 1}, {0.99F, 1});
  rows.add(1, {0, 1}, {1, 0.004F});  // gains 9.996 once, costs 0.005 elsewhere: 0.095, with an error of 0.1
  const RunSchedule found = rows.choose();
  EXPECT_EQ(found.presolver, kNoModel);
  EXPECT_EQ(found.slice, 0);
  EXPECT_EQ(found.last, 0);
}

TEST(ChooseSchedule, LeavesOutRowsThatCannotBeReplayed) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ScheduleRows rows;
  rows.add(50, {0, 1}, {nan, 0.001F});
  rows.add(50, {nan, nan}, {1, 0.001F});
  rows.add(1, {0, 1}, {1, 0.001F});
  EXPECT_EQ(rows.choose().presolver, kNoModel);
  rows.add(1, {0, 1}, {1, 0.001F});
  EXPECT_EQ(rows.choose().presolver, 1);
}

}  // namespace
}  // namespace triage
