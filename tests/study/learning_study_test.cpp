// Learning curves on made-up tables whose best policy is known, and their sums by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "study/learning_curves.h"
#include "study/learning_draw.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "table/row_order.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

LearningOptions quick_learning() {
  LearningOptions quick;
  quick.draws = 3;
  quick.most_inputs = 200;
  return quick;
}

// A model of 1 ms that is sure and right on three of four inputs, unsure and wrong on the others, and one of
// 10 ms that is always right. So the best policy runs both on a quarter of the inputs: 3.5 ms on average.
Table sure_or_wrong(std::size_t n) {
  Table table = testing::synthetic_table(n, {{"quick", 1, 0}, {"slow", 10, 0}}, 3);
  std::fill(table.preprocess_ms.begin(), table.preprocess_ms.end(), 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    const Label label = table.labels[i];
    const bool hard = i % 4 == 0;
    table.outputs[2 * i] =
        testing::detail::output_for(hard ? (label + 1) % 10 : label, hard ? 0.3 : 0.99, 10);
    table.outputs[2 * i + 1] = testing::detail::output_for(label, 0.99, 10);
    table.ranks[2 * i] = hard ? 2 : 1;
    table.ranks[2 * i + 1] = 1;
    table.infer_ms[2 * i] = 1;
    table.infer_ms[2 * i + 1] = 10;
  }
  return table;
}

const CurvePoint& point_of(const CurveStep& step, CurveMethod method) {
  return *std::find_if(step.points.begin(), step.points.end(),
                       [&](const CurvePoint& point) { return point.method == method; });
}

TEST(LearningCurves, NoGroupIsTrainedOnAndJudgedBy) {
  Table table = sure_or_wrong(400);
  for (std::size_t i = 0; i < 400; ++i) table.groups.push_back("group " + std::to_string(i / 3));
  const LearningOptions options = quick_learning();
  for (std::uint64_t d = 0; d < 3; ++d) {
    const auto order = shuffled_groups(table, all_rows(table), mix64(options.seed ^ mix64(d + 1)));
    const LearningDraw draw = make_learning_draw(table, 100, d, options);
    EXPECT_GE(draw.test.size(), 294U);
    for (const std::uint32_t tested : draw.test) {
      for (std::size_t i = 0; i < 100; ++i) EXPECT_NE(table.groups[order[i]], table.groups[tested]);
    }
  }
  table.groups.assign(400, "the only one");
  EXPECT_TRIAGE_ERROR(make_learning_draw(table, 100, 0, options), ErrorCode::kUsage,
                      "no group of inputs is left to judge by");
}

TEST(LearningCurves, UnlabelledInputsAreTriedBesideAuto) {
  LearningOptions options = quick_learning();
  options.unlabelled = 1000;
  const auto steps = measure_curves(sure_or_wrong(500), options);
  EXPECT_EQ(steps[0].judging, 200U) << "of the 400 that do not train, half are left to judge";
  for (const CurveStep& step : steps) {
    const CurvePoint& point = point_of(step, CurveMethod::kUnlabelled);
    EXPECT_NEAR(point.mean_gain, 0, 0.01);
    EXPECT_NEAR(point.mean_ratio, 0.35, 0.05);
  }
  EXPECT_FALSE(is_judged_rival(CurveMethod::kUnlabelled));
}

TEST(LearningCurves, FindTheCascadeThatIsBest) {
  const Table table = sure_or_wrong(1000);
  const auto steps = measure_curves(table, quick_learning());
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].inputs, 100U);
  EXPECT_EQ(steps[0].judging, 900U);
  EXPECT_EQ(steps[1].inputs, 200U);
  for (const CurveStep& step : steps) {
    EXPECT_EQ(step.points.size(), 7U) << "no cascade of three of two models";
    for (const CurveMethod method : {CurveMethod::kAuto, CurveMethod::kCascadeOfTwo}) {
      const CurvePoint& point = point_of(step, method);
      EXPECT_EQ(point.gain.median, 0) << to_string(method);
      EXPECT_NEAR(point.ratio.median, 0.35, 0.01) << to_string(method);
      EXPECT_NEAR(point.worth, 0.0065, 0.0001) << to_string(method);
    }
    // A quarter of 3.5 - 1 ms over 10 - 1 ms goes to the slow model, which is right where the other is wrong.
    EXPECT_NEAR(point_of(step, CurveMethod::kZeroRouter).mean_gain, -0.25 * (1 - 2.5 / 9), 0.01);
    EXPECT_EQ(point_of(step, CurveMethod::kSbs).worth, 0);
    EXPECT_TRUE(step.passes());
  }
}

TEST(LearningCurves, DoNotDependOnThreads) {
  auto zoo = testing::three_models();
  const Table table = testing::synthetic_table(500, zoo, 5);
  LearningOptions options = quick_learning();
  options.most_judging = 150;
  options.threads = 1;
  std::size_t last = 0;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(done, ++last);
    EXPECT_EQ(total, 6U);
  };
  const Study one = study_learning(table, options);
  options.threads = 3;
  last = 0;
  const Study three = study_learning(table, options);
  EXPECT_EQ(last, 6U);
  ASSERT_EQ(one.exhibits.size(), 4U);
  for (std::size_t e = 0; e < one.exhibits.size(); ++e) {
    EXPECT_EQ(table_csv(one.exhibits[e].data), table_csv(three.exhibits[e].data)) << one.exhibits[e].id;
  }
  EXPECT_EQ(one.verdict, three.verdict);
  options.seed = 1;
  options.on_progress = nullptr;
  EXPECT_NE(table_csv(one.exhibits[1].data), table_csv(study_learning(table, options).exhibits[1].data));
}

TEST(LearningCurves, SizesDoubleAsLongAsEnoughIsLeft) {
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(curve_sizes(50'000, 40'000),
            (Sizes{100, 200, 400, 800, 1600, 3200, 6400, 12'800, 25'600, 40'000}));
  EXPECT_EQ(curve_sizes(1011, 40'000), (Sizes{100, 200, 400, 800})) << "811 is hardly more than 800";
  EXPECT_EQ(curve_sizes(10'000, 450), (Sizes{100, 200, 400}));
  EXPECT_EQ(curve_sizes(10'000, 500), (Sizes{100, 200, 400, 500}));
  EXPECT_EQ(curve_sizes(240, 40'000), (Sizes{100, 192})) << "a fifth is less than 200";
  EXPECT_EQ(curve_sizes(125, 40'000), (Sizes{100}));
  EXPECT_TRUE(curve_sizes(124, 40'000).empty());
}

// Two draws that judge on two inputs each, of which they share one.
std::vector<LearningDraw> two_draws(double cascade_score) {
  const auto draw = [&](std::vector<std::uint32_t> test) {
    return LearningDraw{std::move(test),
                        PolicyKind::kSingleBest,
                        {{CurveMethod::kAuto, {1, 0}, {4, 4}},
                         {CurveMethod::kSbs, {1, 1}, {10, 6}},
                         {CurveMethod::kCascadeOfTwo, {cascade_score, 0}, {2, 4}}}};
  };
  return {draw({0, 1}), draw({1, 2})};
}

TEST(LearningCurves, SumsAreByHand) {
  const CurveStep step = sum_up_draws(two_draws(1), 100);
  EXPECT_EQ(step.judging, 2U);
  const CurvePoint& own = step.points[0];
  EXPECT_EQ(own.gain.median, -0.5);
  EXPECT_EQ(own.ratio.high, 0.5);
  EXPECT_DOUBLE_EQ(own.worth, -0.5 + 0.01 * 0.5);
  const CurveRival& sbs = step.rivals[0];
  EXPECT_DOUBLE_EQ(sbs.score, -0.5);
  EXPECT_DOUBLE_EQ(sbs.worth, -0.495);
  EXPECT_FALSE(sbs.is_cheaper);
  // The scores' deviations are 0.5, -0.5 | 0.5, -0.5; inputs 0, 1, 2 have 0.5, 0, -0.5: by inputs 0.5 * 3 /
  // 2, by draws none, and the cells' squares are 1, times 4 / 3.
  EXPECT_NEAR(sbs.score_error, std::sqrt(0.75) / 4, 1e-12);
  EXPECT_TRUE(sbs.is_above());
  EXPECT_FALSE(sbs.dominates());
  EXPECT_FALSE(step.passes());
}

TEST(LearningCurves, FailWhereARivalHasMoreScoreForLessTime) {
  const CurveRival equal = sum_up_draws(two_draws(1), 100).rivals[1];
  EXPECT_TRUE(equal.is_cheaper);
  EXPECT_FALSE(equal.dominates()) << "its score is auto's";
  EXPECT_TRUE(equal.is_above()) << "and it takes less time";
  EXPECT_TRUE(sum_up_draws(two_draws(2), 100).rivals[1].dominates());
  EXPECT_FALSE(sum_up_draws(two_draws(0), 100).rivals[1].is_above());
}

TEST(LearningCurves, RefuseWhatIsOutOfRange) {
  const Table table = testing::synthetic_table(130, testing::three_models(), 5);
  const auto refuse = [](const Table& judged, auto change, std::string_view part) {
    LearningOptions options = quick_learning();
    change(options);
    EXPECT_TRIAGE_ERROR(study_learning(judged, options), ErrorCode::kUsage, part);
  };
  const auto nothing = [](LearningOptions&) {};
  refuse(
      table, [](auto& o) { o.draws = 1; }, "draws 1, expected 2 or more");
  refuse(
      table, [](auto& o) { o.most_inputs = 99; }, "most inputs 99, expected 100 or more");
  refuse(
      table, [](auto& o) { o.most_judging = 1; }, "inputs that judge 1, expected 2 or more");
  refuse(
      table, [](auto& o) { o.cost = kEnergyCost; }, "cost energy, expected time");
  refuse(testing::synthetic_table(124, testing::three_models(), 5), nothing,
         "inputs 124, expected 125 or more");
  refuse(testing::synthetic_table(130, {testing::three_models()[0]}, 5), nothing, "models 1, expected 2");
  Table unlabelled = table;
  unlabelled.labels[5] = kNoLabel;
  refuse(unlabelled, nothing, "inputs without a label 1, expected none");
  Table silent = table;
  std::fill(silent.outputs.begin(), silent.outputs.end(), TopK{});
  refuse(silent, nothing, "outputs missing, expected those of every model");
}

TEST(LearningCurves, EndWhenAskedTo) {
  std::stop_source source;
  source.request_stop();
  LearningOptions options = quick_learning();
  options.stop = source.get_token();
  EXPECT_TRIAGE_ERROR(study_learning(sure_or_wrong(200), options), ErrorCode::kInterrupted, "study: stopped");
}

}  // namespace
}  // namespace triage
