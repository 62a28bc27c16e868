// Schedules on rows made by hand, and the first short run against trying all of them.
#include "learn/forest/choose_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace triage {
namespace {

struct ScheduleRows {
  std::size_t m = 2;
  std::vector<float> score{}, times{};
  std::vector<std::uint8_t> solved{};

  void add(std::size_t n, const std::vector<float>& row_score, const std::vector<float>& row_times) {
    for (std::size_t i = 0; i < n; ++i) {
      score.insert(score.end(), row_score.begin(), row_score.end());
      times.insert(times.end(), row_times.begin(), row_times.end());
      for (const float time : row_times) solved.push_back(time < 1 ? 1 : 0);
    }
  }
  [[nodiscard]] RunSchedule choose() const { return choose_schedule({m, score, times, solved}); }
};

TEST(ChooseSchedule, TakesTheShortRunThatSolvesWhatTheChoiceDoesNot) {
  ScheduleRows rows;
  rows.add(50, {0, 1}, {0.5F, 1});
  rows.add(50, {0, 1}, {1, 0.015F});
  EXPECT_EQ(rows.choose(), (RunSchedule{{{1, 0.02F}}, 0}));  // the shortest that suffices
}

TEST(ChooseSchedule, TakesSeveralShortRunsTheMostUsefulFirst) {
  ScheduleRows rows{.m = 4};
  rows.add(100, {0, 1, 1, 1}, {0.5F, 1, 1, 1});
  rows.add(30, {0, 1, 1, 1}, {1, 0.0008F, 1, 1});
  rows.add(60, {0, 1, 1, 1}, {1, 1, 1, 0.004F});
  EXPECT_EQ(rows.choose(), (RunSchedule{{{3, 0.005F}, {1, 0.001F}}, 0}));
}

TEST(ChooseSchedule, TakesThreeShortRunsAtMost) {
  ScheduleRows rows{.m = 5};
  for (std::size_t j = 1; j < 5; ++j) {
    std::vector<float> times(5, 1);
    times[j] = 0.0005F;
    rows.add(50 - j, {0, 1, 1, 1, 1}, times);
  }
  EXPECT_EQ(rows.choose().before, (std::vector<ShortRun>{{1, 0.001F}, {2, 0.001F}, {3, 0.001F}}));
}

TEST(ChooseSchedule, HandsTheLastShareToTheSecondChoice) {
  ScheduleRows rows;
  rows.add(1000, {0, 1}, {0.5F, 1});
  rows.add(1000, {1, 0}, {1, 0.5F});
  // 3 of 2006 rows gain 0.015 by a short run for 0.05, which costs others 0.025.
  rows.add(3, {0, 1}, {1, 0.04F});
  rows.add(3, {1, 0}, {0.04F, 1});
  EXPECT_EQ(rows.choose(), (RunSchedule{{}, 0.1F}));  // solved at 0.94, not at 0.99
}

TEST(ChooseSchedule, TakesNothingThatHelpsByLessThanItsError) {
  ScheduleRows rows;
  rows.add(998, {0, 1}, {0.9F, 1});
  rows.add(2, {0, 1}, {1, 0.0009F});  // gain 0.019, error 0.014: 1.3 of them
  EXPECT_TRUE(rows.choose().is_empty());
  rows.add(1, {0, 1}, {1, 0.0009F});  // gain 0.029, error 0.017
  EXPECT_EQ(rows.choose(), (RunSchedule{{{1, 0.001F}}, 0}));
}

TEST(ChooseSchedule, LeavesOutRowsThatCannotBeReplayed) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ScheduleRows rows;
  rows.add(50, {0, 1}, {nan, 0.001F});
  rows.add(50, {nan, nan}, {1, 0.001F});
  rows.add(1, {0, 1}, {1, 0.001F});
  EXPECT_TRUE(rows.choose().is_empty());
  rows.add(1, {0, 1}, {1, 0.001F});
  EXPECT_EQ(rows.choose().before, (std::vector<ShortRun>{{1, 0.001F}}));
}

// The choice is good on the whole, or the best for each row.
ScheduleRows random_rows(std::mt19937& random, bool knows_best) {
  ScheduleRows rows{.m = 3};
  std::uniform_real_distribution<float> uniform(0, 1);
  for (int i = 0; i < 60; ++i) {
    std::vector<float> score(3), times(3);
    for (std::size_t j = 0; j < 3; ++j) {
      score[j] = uniform(random) - (j == 0 ? 0.4F : 0);
      times[j] = std::min(1.0F, std::pow(10.0F, -5 * uniform(random) + 1));
    }
    rows.add(1, knows_best ? times : score, times);
  }
  return rows;
}

// Gain in PAR10 of one short run, less one and a half errors, from the definition.
double gain_of(const ScheduleRows& rows, std::size_t model, double share) {
  double sum = 0, squares = 0;
  const std::size_t n = rows.score.size() / 3;
  for (std::size_t i = 0; i < n; ++i) {
    const float *score = &rows.score[3 * i], *times = &rows.times[3 * i];
    const auto choice = static_cast<std::size_t>(std::min_element(score, score + 3) - score);
    const auto alone = static_cast<double>(times[choice]), early = static_cast<double>(times[model]);
    const double behind = alone + (choice == model ? 0 : share);
    const double before = alone < 1 ? alone : 10;
    double after = alone < 1 && behind <= 1 ? behind : 10;
    if (early <= share) after = early;
    const double gain = before - after;
    sum += gain;
    squares += gain * gain;
  }
  const auto count = static_cast<double>(n);
  const double mean = sum / count;
  return mean - 1.5 * std::sqrt((squares / count - mean * mean) / (count - 1));
}

TEST(ChooseSchedule, TheFirstShortRunIsTheBestOfAll) {
  std::mt19937 random(5);
  int with_runs = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const ScheduleRows rows = random_rows(random, trial % 4 == 0);
    double best = 0;
    ShortRun expected{};
    for (std::size_t model = 0; model < 3; ++model) {
      for (const float share : {0.001F, 0.002F, 0.005F, 0.01F, 0.02F, 0.05F, 0.1F, 0.2F}) {
        const double gain = gain_of(rows, model, static_cast<double>(share));
        if (gain <= best + 1e-9) continue;
        best = gain;
        expected = {static_cast<ModelIndex>(model), share};
      }
    }
    const auto before = rows.choose().before;
    if (expected.model == kNoModel) {
      EXPECT_TRUE(before.empty());
      continue;
    }
    ++with_runs;
    ASSERT_FALSE(before.empty());
    EXPECT_EQ(before[0], expected);
  }
  EXPECT_EQ(with_runs, 30);
}

}  // namespace
}  // namespace triage
