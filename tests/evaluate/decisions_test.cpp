// Stopping and continuing: a cascade on six inputs, counted by hand.
#include "evaluate/decisions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

// Three models of 1, 2 and 4 ms; "x" marks a right answer, the confidence of a and b decides (threshold 0.6).
//         a       b       c
//   in0   x .9    x .9    x     stops at a: right, as in the end
//   in1   - .9    x .9    x     stops at a: wrong to stop
//   in2   x .7    - .9    -     stops at a: right to stop
//   in3   x .5    x .9    -     continues for nothing, stops at b: right to stop
//   in4   - .5    x .5    x     won by continuing; at b for nothing
//   in5   x .5    - .5    -     lost by continuing; at b neither
Table six_inputs() {
  const bool right[6][3] = {{true, true, true},  {false, true, true}, {true, false, false},
                            {true, true, false}, {false, true, true}, {true, false, false}};
  const float confidence[6][2] = {{.9F, .9F}, {.9F, .9F}, {.7F, .9F}, {.5F, .9F}, {.5F, .5F}, {.5F, .5F}};
  Table t;
  t.models = {{{"a", "fa"}, "r"}, {{"b", "fb"}, "r"}, {{"c", "fc"}, "r"}};
  t.n_classes = 4;
  for (std::size_t i = 0; i < 6; ++i) {
    t.ids.push_back("in" + std::to_string(i));
    t.labels.push_back(0);
    for (std::size_t m = 0; m < 3; ++m) {
      const float sure = m < 2 ? confidence[i][m] : 0.95F;
      std::array<float, 4> p{(1 - sure) / 3, (1 - sure) / 3, (1 - sure) / 3, (1 - sure) / 3};
      p[right[i][m] ? 0 : 1] = sure;
      t.outputs.push_back(TopK::from_probabilities(p));
      t.ranks.push_back(right[i][m] ? 1 : 2);
    }
    t.infer_ms.insert(t.infer_ms.end(), {1, 2, 4});
  }
  t.recipe_of = {0, 0, 0};
  t.preprocess_ms.assign(6, 0);
  t.decode_ms.assign(6, 0);
  t.machine = "test";
  return t;
}

PolicyInfo info() {
  PolicyInfo info;
  info.n_classes = 4;
  info.machine = "test";
  info.models = {{{"a", "fa"}, 1, 1}, {{"b", "fb"}, 2, 2}, {{"c", "fc"}, 4, 4}};
  return info;
}

struct Judged {
  Replay replay;
  Decisions decisions;
};

Judged judge(const Table& table, const Policy& policy, const Request& request = {}) {
  FakeClock clock;
  EvaluateOptions options;
  options.clock = unowned(clock);
  const auto folds = make_fold_list(table, {}, options);
  Judged out{make_replay("mine", table.n_inputs()), {}};
  replay_policy(table, all_rows(table), policy, clock, out.replay, request);
  out.decisions = count_decisions(table, folds, {{MethodKind::kPolicy, 3}, {&policy}, request}, out.replay,
                                  Criterion::kTop1);
  return out;
}

TEST(Decisions, OfACascadeByHand) {
  const auto policy = make_cascade(info(), {{0.6, 0.6}});
  const Decisions d = judge(six_inputs(), *policy).decisions;
  EXPECT_EQ(d.method, (MethodId{MethodKind::kPolicy, 3}));
  EXPECT_EQ(d.left_out, 0U);
  ASSERT_EQ(d.stages.size(), 3U);

  const StageDecisions& a = d.stages[0];
  ASSERT_EQ(a.models.size(), 1U);
  EXPECT_EQ(a.models[0].model, "a");
  EXPECT_EQ(a.models[0].share, 1);
  EXPECT_EQ(a.reached, 6U);
  EXPECT_EQ(a.answered, 3U);
  EXPECT_EQ(a.chosen, 3U);
  EXPECT_DOUBLE_EQ(a.right, 2 / 3.0);
  EXPECT_DOUBLE_EQ(a.wrong_to_stop, 1 / 3.0);
  EXPECT_DOUBLE_EQ(a.right_to_stop, 1 / 3.0);
  EXPECT_DOUBLE_EQ(a.for_nothing, 2 / 3.0) << "in3 and in5 were right already";
  EXPECT_DOUBLE_EQ(a.lost_going_on, 1 / 3.0) << "in5";
  EXPECT_DOUBLE_EQ(a.won_going_on, 1 / 3.0) << "in4";

  const StageDecisions& b = d.stages[1];
  EXPECT_EQ(b.reached, 3U);
  EXPECT_EQ(b.answered, 1U);
  EXPECT_DOUBLE_EQ(b.right, 1);
  EXPECT_DOUBLE_EQ(b.wrong_to_stop, 0);
  EXPECT_DOUBLE_EQ(b.right_to_stop, 1);
  EXPECT_DOUBLE_EQ(b.for_nothing, 0.5);
  EXPECT_DOUBLE_EQ(b.lost_going_on, 0);
  EXPECT_DOUBLE_EQ(b.won_going_on, 0);

  const StageDecisions& c = d.stages[2];
  EXPECT_EQ(c.reached, 2U);
  EXPECT_EQ(c.answered, 2U);
  EXPECT_EQ(c.chosen, 0U) << "there is no further model";
  EXPECT_DOUBLE_EQ(c.right, 0.5);
  EXPECT_TRUE(std::isnan(c.wrong_to_stop));
  EXPECT_TRUE(std::isnan(c.for_nothing));
}

// 3.5 ms leave room for a and b, not for c: what stops at b does so by no choice of the policy.
TEST(Decisions, StopsByACapAreNotChosen) {
  const auto policy = make_cascade(info(), {{0.6, 0.6}});
  const Judged judged = judge(six_inputs(), *policy, {.max_latency_ms = 3.5});
  const Decisions& d = judged.decisions;
  ASSERT_EQ(d.stages.size(), 2U);
  EXPECT_EQ(d.stages[1].answered, 3U);
  EXPECT_EQ(d.stages[1].chosen, 1U);
  EXPECT_EQ(std::count(judged.replay.limited.begin(), judged.replay.limited.end(), 1), 2);
}

// Without an expected gain it never continues; what it would have answered is still known.
TEST(Decisions, OfAnAdaptivePolicyGoToTheEndOfItsOrder) {
  AdaptiveParameters model;
  AdaptiveSetting setting;
  setting.order = {0, 2};
  setting.stages = {{{1.0}, std::vector<double>(7)}, {{0.0, 1.0}, {}}};
  model.settings = {setting};
  const auto policy = make_adaptive(info(), model);
  ASSERT_TRUE(looks_in_order(*policy));
  const Decisions d = judge(six_inputs(), *policy).decisions;
  ASSERT_EQ(d.stages.size(), 1U) << "no input reached the second look";
  EXPECT_EQ(d.stages[0].answered, 6U);
  EXPECT_EQ(d.stages[0].chosen, 6U);
  EXPECT_DOUBLE_EQ(d.stages[0].right, 4 / 6.0);
  // Of c alone, as the last look's weights have it: right on in0, in1 and in4.
  EXPECT_DOUBLE_EQ(d.stages[0].wrong_to_stop, 2 / 6.0);
  EXPECT_DOUBLE_EQ(d.stages[0].right_to_stop, 3 / 6.0);
}

TEST(Decisions, OnlyOfWhatLooksInAnOrder) {
  const Table table = six_inputs();
  EXPECT_FALSE(looks_in_order(*train_single(table, all_rows(table), Criterion::kTop1, 0)));
}

}  // namespace
}  // namespace triage
