// Greedy elimination against the same asked plainly, and what it does where it has a choice.
#include "learn/features/elimination.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/hash.h"

namespace triage {
namespace {

EliminationTask random_task(std::size_t n, std::size_t d, std::size_t steps, std::uint64_t seed) {
  Random random(seed);
  EliminationTask task;
  task.rows.d = d;
  for (std::size_t i = 0; i < n; ++i) {
    double first = 0;
    for (std::size_t f = 0; f < d; ++f) {
      const double value = static_cast<double>(random.below(steps + 1)) / static_cast<double>(steps);
      task.rows.values.push_back(static_cast<float>(value));
      if (f == 0) first = value;
    }
    task.rows.folds.push_back(static_cast<std::int32_t>(i % 4));
    const bool noise = random.below(3) == 0;
    task.labels.push_back(noise ? static_cast<ModelIndex>(random.below(4)) - 1 : first < 0.5 ? 0 : 1);
  }
  task.fallback = 1;
  task.cost = [](std::span<const std::size_t>) { return 1.0; };
  return task;
}

// Right rows with these columns, by sorting all distances and counting votes in a map.
std::size_t plain_right(const EliminationTask& task, std::span<const std::size_t> features) {
  std::size_t n_right = 0;
  for (std::size_t query = 0; query < task.rows.n(); ++query) {
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t i = 0; i < task.rows.n(); ++i) {
      if (task.rows.folds[i] == task.rows.folds[query]) continue;
      double sum = 0;
      for (const std::size_t f : features) {
        const double difference = static_cast<double>(task.rows.values[query * task.rows.d + f]) -
                                  static_cast<double>(task.rows.values[i * task.rows.d + f]);
        sum += difference * difference;
      }
      others.emplace_back(sum, i);
    }
    std::sort(others.begin(), others.end());
    std::map<ModelIndex, std::size_t> votes;
    for (std::size_t i = 0; i < task.k; ++i) ++votes[task.labels[others[i].second]];
    ModelIndex said = kNoModel;
    for (const auto& [label, count] : votes) said = 2 * count > task.k ? label : said;
    const ModelIndex label = task.labels[query];
    n_right += label == kNoModel ? said == kNoModel : (said == kNoModel ? task.fallback : said) == label;
  }
  return n_right;
}

TEST(Eliminate, RecordsWhatThePlainSearchFinds) {
  for (const std::size_t steps : {1000U, 3U}) {
    const EliminationTask task = random_task(160, 5, steps, steps);
    const auto records = eliminate(task, scan_kernels().front(), {});
    ASSERT_EQ(records.size(), 5U);
    for (std::size_t step = 0; step < records.size(); ++step) {
      const auto& record = records[step];
      EXPECT_EQ(record.n_right, plain_right(task, record.features)) << step;
      for (std::size_t i = 0; i < record.features.size() && record.features.size() > 1; ++i) {
        auto rest = record.features;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_EQ(record.n_right_without[i], plain_right(task, rest)) << step << ", " << i;
      }
      if (step == 0) continue;
      const auto& before = records[step - 1];
      EXPECT_EQ(record.n_right,
                *std::max_element(before.n_right_without.begin(), before.n_right_without.end()));
      EXPECT_EQ(record.features.size() + 1, before.features.size());
      EXPECT_EQ(std::count(record.features.begin(), record.features.end(), record.removed), 0);
    }
    EXPECT_EQ(records.back().n_right_without.at(0), count_right_without_features(task));
  }
}

TEST(Eliminate, KeepsTheFeatureThatDecides) {
  const auto records = eliminate(random_task(400, 6, 1000, 1), scan_kernels().front(), {});
  EXPECT_EQ(records.back().features, std::vector<std::size_t>{0});
  EXPECT_EQ(records.front().removed, SIZE_MAX);
}

TEST(Eliminate, StopsAtTheWantedNumberAndSaysWhatEachOfThoseIsWorth) {
  EliminationTask task = random_task(100, 5, 50, 2);
  task.stop_at = 3;
  std::size_t work = 0;
  const auto records =
      eliminate(task, scan_kernels().front(), {1, {}, [&](std::size_t more) { work += more; }});
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.back().features.size(), 3U);
  EXPECT_EQ(records.back().n_right_without.size(), 3U);
  EXPECT_EQ(work, elimination_work(100, 5, 3));
  EXPECT_EQ(work, 100U * (5 + 4 + 3));
}

TEST(Eliminate, AccountsForItsWorkDownToOneFeature) {
  for (const std::size_t d : {1U, 2U, 4U}) {
    EliminationTask task = random_task(60, d, 50, 3);
    std::size_t work = 0;
    const auto records =
        eliminate(task, scan_kernels().front(), {1, {}, [&](std::size_t more) { work += more; }});
    EXPECT_EQ(records.size(), d);
    EXPECT_EQ(work, elimination_work(60, d, 1)) << d;
    EXPECT_EQ(records.back().n_right, plain_right(task, records.back().features));
  }
}

// Columns 1 and 2 are copies of each other: without either, the same rows are right.
TEST(Eliminate, OfEquallyMissedFeaturesTheOneThatSavesMostGoesThenTheLast) {
  EliminationTask task = random_task(120, 3, 1000, 4);
  for (std::size_t i = 0; i < task.rows.n(); ++i) task.rows.values[i * 3 + 2] = task.rows.values[i * 3 + 1];
  const auto removed = [&] { return eliminate(task, scan_kernels().front(), {}).at(1).removed; };
  const auto record = eliminate(task, scan_kernels().front(), {}).front();
  ASSERT_EQ(record.n_right_without[1], record.n_right_without[2]);
  ASSERT_GT(record.n_right_without[1], record.n_right_without[0]);
  EXPECT_EQ(removed(), 2U);
  task.cost = [](std::span<const std::size_t> set) {
    return std::count(set.begin(), set.end(), std::size_t{1}) > 0 ? 5.0 : 1.0;
  };
  EXPECT_EQ(removed(), 1U);
}

// Fold 0: labels 0 0 1, fold 1: 0 1 1 1, none right once. Of fold 1's rows more than half say 1, of fold 0's
// two of three say 0.
TEST(WithoutFeatures, EachFoldIsGivenTheMajorityOfTheOthers) {
  EliminationTask task;
  task.rows.d = 1;
  task.rows.folds = {0, 0, 0, 1, 1, 1, 1};
  task.rows.values.assign(7, 0);
  task.labels = {0, 0, 1, 0, 1, 1, 1};
  EXPECT_EQ(count_right_without_features(task), 1U + 1U);
  // Now no class has more than half in fold 1: no stage says yes there, and the fallback answers in fold 0.
  task.labels = {0, 0, 0, 1, 1, 2, kNoModel};
  task.fallback = kNoModel;
  EXPECT_EQ(count_right_without_features(task), 0U);
  task.fallback = 0;
  EXPECT_EQ(count_right_without_features(task), 3U);
}

// A row that no model answers is right when no stage says yes.
TEST(WithoutFeatures, WithoutAnOptimumNoStageShouldSayYes) {
  EliminationTask task;
  task.rows.d = 1;
  task.rows.folds = {0, 0, 1, 1};
  task.rows.values.assign(4, 0);
  task.labels = {kNoModel, 0, kNoModel, kNoModel};
  task.fallback = 0;
  // Fold 0 is told "none" and runs the fallback: both right. Fold 1 has no majority either: both right.
  EXPECT_EQ(count_right_without_features(task), 4U);
}

}  // namespace
}  // namespace triage
