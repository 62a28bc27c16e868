// The definitions of docs/design.md on a table small enough to check by hand: SBS, VBS, optimum, closed gap,
// zero router, verdict.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "evaluate/fold_list.h"
#include "learn/training_info.h"
#include "policy/adaptive_policy.h"
#include "support/expect_error.h"
#include "triage/tools/evaluate.h"

namespace triage {
namespace {

// 4 inputs x 3 models without preprocessing; "x" marks a right answer, in brackets the mean milliseconds.
//          a (1)  b (2)  c (4)   optimum
//   in0      x      x      x     a
//   in1      -      x      x     b
//   in2      -      -      x     c
//   in3      -      x      -     b
// Scores .25, .75, .75: SBS is b, the cheaper of the two best.
Table four_inputs() {
  Table t;
  t.models = {{{"a", "fa"}, "r"}, {{"b", "fb"}, "r"}, {{"c", "fc"}, "r"}};
  t.ids = {"in0", "in1", "in2", "in3"};
  t.labels = {0, 0, 0, 0};
  t.n_classes = 2;
  t.ranks = {1, 1, 1, 2, 1, 1, 2, 2, 1, 2, 1, 2};
  for (const std::int32_t rank : t.ranks) {
    const float right[] = {0.9F, 0.1F}, wrong[] = {0.2F, 0.8F};
    t.outputs.push_back(TopK::from_probabilities(rank == 1 ? right : wrong));
  }
  for (int i = 0; i < 4; ++i) t.infer_ms.insert(t.infer_ms.end(), {1, 2, 4});
  t.recipe_of = {0, 0, 0};
  t.preprocess_ms.assign(4, 0);
  t.decode_ms.assign(4, 0);
  t.machine = "test";
  return t;
}

EvaluateOptions no_resamples() {
  static FakeClock clock;
  EvaluateOptions options;
  options.resamples = 0;
  options.clock = unowned(clock);
  return options;
}

std::unique_ptr<Policy> always(const Table& table, ModelIndex model) {
  return train_single(table, all_rows(table), Criterion::kTop1, model);
}

TEST(Judge, SinglesSbsAndVbs) {
  const Evaluation e = judge_policies(four_inputs(), {}, no_resamples());
  EXPECT_DOUBLE_EQ(e.find({MethodKind::kSingle, 0})->pooled.top1, 0.25);
  EXPECT_DOUBLE_EQ(e.find({MethodKind::kSingle, 2})->pooled.mean_ms, 4);
  const Method& sbs = *e.find({MethodKind::kSbs});
  EXPECT_DOUBLE_EQ(sbs.pooled.score, 0.75);
  EXPECT_EQ(sbs.chosen, (std::vector<double>{0, 1, 0, 0}));
  EXPECT_DOUBLE_EQ(sbs.score_gain.value, 0);
  EXPECT_DOUBLE_EQ(sbs.pooled.closed_gap, 0);
  EXPECT_DOUBLE_EQ(sbs.pooled.optimum, 0.5);
  const Method& vbs = *e.find({MethodKind::kVbs});
  EXPECT_DOUBLE_EQ(vbs.pooled.score, 1);
  EXPECT_DOUBLE_EQ(vbs.pooled.mean_ms, (1 + 2 + 4 + 2) / 4.0);
  EXPECT_DOUBLE_EQ(vbs.pooled.closed_gap, 1);
  EXPECT_DOUBLE_EQ(vbs.pooled.optimum, 1);
  EXPECT_DOUBLE_EQ(vbs.time_ratio.value, 2.25 / 2);
  EXPECT_DOUBLE_EQ(e.find({MethodKind::kSingle, 0})->pooled.closed_gap, -2);
  EXPECT_EQ(e.optimum_share, (std::vector<double>{0.25, 0.5, 0.25, 0}));
}

TEST(Judge, OracleTakesTheCheapestWhereNoneIsRight) {
  Table table = four_inputs();
  table.ranks[8] = 2;  // now no model is right on in2
  const Evaluation e = judge_policies(table, {}, no_resamples());
  const Method& vbs = *e.find({MethodKind::kVbs});
  EXPECT_DOUBLE_EQ(vbs.pooled.mean_ms, (1 + 2 + 1 + 2) / 4.0);
  EXPECT_DOUBLE_EQ(vbs.pooled.score, 0.75);
  EXPECT_DOUBLE_EQ(vbs.pooled.optimum, 1) << "inputs without an optimum do not count";
  EXPECT_DOUBLE_EQ(e.optimum_share.back(), 0.25);
  EXPECT_TRUE(std::isnan(e.find({MethodKind::kSingle, 0})->pooled.closed_gap))
      << "SBS reaches the oracle: no gap to close";
}

TEST(Judge, PolicyAgainstSbsAndZeroRouter) {
  const Table table = four_inputs();
  const auto c = always(table, 2);
  const NamedPolicy named[] = {{"mine", c.get()}};
  const Evaluation e = judge_policies(table, named, no_resamples());
  const Method& mine = *e.find({MethodKind::kPolicy, 0});
  EXPECT_EQ(mine.id.kind, MethodKind::kPolicy);
  EXPECT_DOUBLE_EQ(mine.score_gain.value, 0);
  EXPECT_DOUBLE_EQ(mine.time_ratio.value, 2);
  EXPECT_DOUBLE_EQ(mine.above_router.value, 0) << "the hull ends at b, score .75";
  EXPECT_DOUBLE_EQ(mine.pooled.overhead, 0);
  EXPECT_DOUBLE_EQ(mine.pooled.looks, 1);
  // Zero router at 1.5 ms: half a, half b.
  EXPECT_DOUBLE_EQ(e.zero_router.points.front().score, 0.25);
  EXPECT_DOUBLE_EQ(e.zero_router.points.back().score, 0.75);
  EXPECT_EQ(e.recommendation.method, MethodId{MethodKind::kSbs});
  ASSERT_EQ(e.recommendation.candidates.size(), 1U);
  EXPECT_EQ(e.recommendation.candidates[0].method, mine.id);
  EXPECT_EQ(e.recommendation.candidates[0].shortcoming, Shortcoming::kNeitherFasterNorBetter);
  ASSERT_EQ(e.policies.size(), 1U);
  EXPECT_EQ(e.policies[0].name, "mine");
  EXPECT_EQ(e.policies[0].kind, "single");
}

TEST(Judge, RandomIsHashedFromSeedAndInput) {
  const Table table = four_inputs();
  const auto chosen = [&](std::uint64_t seed) {
    EvaluateOptions options = no_resamples();
    options.seed = seed;
    return judge_policies(table, {}, options).find({MethodKind::kRandom})->chosen;
  };
  EXPECT_EQ(chosen(1), chosen(1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 8; ++seed) differs = differs || chosen(seed) != chosen(1);
  EXPECT_TRUE(differs);
}

TEST(Judge, WarnsOfItsOwnTrainingInputs) {
  const Table table = four_inputs();
  const auto warned = [&](const Policy& policy, WarningKind kind) {
    const NamedPolicy named[] = {{"other", &policy}, {"mine", &policy}};
    for (const Warning& warning : judge_policies(table, named, no_resamples()).warnings) {
      if (warning.kind == kind && warning.method.index == 1) return std::optional(warning);
    }
    return std::optional<Warning>();
  };
  EXPECT_TRUE(warned(*always(table, 0), WarningKind::kTrainedHere));
  const std::vector<std::uint32_t> some{0, 1};
  EXPECT_FALSE(warned(*train_single(table, some, Criterion::kTop1, 0), WarningKind::kTrainedHere));
  // An adaptive policy knows each of them, whatever others it was trained on.
  AdaptiveParameters model;
  model.settings.push_back({0.1, {0}, {{{1.0}, {}}}, 0.5, 1});
  const auto knows = [&](std::size_t n) {
    TrainingFacts facts;
    facts.input_hashes = {77};
    for (std::uint32_t row = 0; row < n; ++row) {
      facts.input_hashes.push_back(input_hashes(table, row).front());
    }
    std::sort(facts.input_hashes.begin(), facts.input_hashes.end());
    PolicyInfo info = always(table, 0)->info();
    info.training = std::move(facts);
    return make_adaptive(std::move(info), model);
  };
  EXPECT_FALSE(warned(*knows(0), WarningKind::kTrainedOnSome));
  EXPECT_EQ(warned(*knows(2), WarningKind::kTrainedOnSome)->inputs, 2U);
  EXPECT_EQ(warned(*knows(4), WarningKind::kTrainedOnSome)->inputs, 4U);
}

TEST(Judge, WarnsOfAnotherCriterionAndMachine) {
  const Table table = four_inputs();
  const auto warnings = [&](const Table& judged, Criterion criterion) {
    EvaluateOptions options = no_resamples();
    options.criterion = criterion;
    const auto policy = always(table, 0);
    const NamedPolicy named[] = {{"mine", policy.get()}};
    return judge_policies(judged, named, options).warnings;
  };
  const auto has = [](const std::vector<Warning>& all, const Warning& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
  };
  const MethodId mine{MethodKind::kPolicy, 0};
  const Warning criterion{.kind = WarningKind::kOtherCriterion, .method = mine};
  const Warning machine{.kind = WarningKind::kOtherMachine, .method = mine, .text = "test"};
  EXPECT_FALSE(has(warnings(table, Criterion::kTop1), criterion));
  EXPECT_TRUE(has(warnings(table, Criterion::kTop5), criterion));
  EXPECT_FALSE(has(warnings(table, Criterion::kTop1), machine));
  Table elsewhere = table;
  elsewhere.machine = "other";
  EXPECT_TRUE(has(warnings(elsewhere, Criterion::kTop1), machine));
}

// What it decides by is of the machine that trained it, wherever its times have been measured since.
TEST(Judge, WarnsOfTheMachineThatTrained) {
  const Table table = four_inputs();
  const auto policy = always(table, 0);
  const PolicyInfo& info = policy->info();
  const auto moved = with_times(*policy, info.models, info.best, "other");
  const NamedPolicy named[] = {{"mine", moved.get()}};
  const auto warned = [&](const std::string& machine) {
    Table judged = table;
    judged.machine = machine;
    const auto warnings = judge_policies(judged, named, no_resamples()).warnings;
    return std::any_of(warnings.begin(), warnings.end(),
                       [](const Warning& w) { return w.kind == WarningKind::kOtherMachine; });
  };
  EXPECT_FALSE(warned("test"));
  EXPECT_TRUE(warned("other"));
}

TEST(Judge, WarnsOfInputsThatFailed) {
  Table table = four_inputs();
  EXPECT_TRUE(judge_policies(table, {}, no_resamples()).warnings.empty());
  table.n_failed = 3;
  const Warning failed{.kind = WarningKind::kFailedInputs, .inputs = 3};
  EXPECT_EQ(judge_policies(table, {}, no_resamples()).warnings, std::vector<Warning>{failed});
}

TEST(Judge, WarnsOfLabelsFromElsewhere) {
  const Table given = four_inputs();
  Table agreement = given;
  label_by_model(agreement, "b");
  const auto said = [&](const Table& trained, const Table& judged) {
    const auto policy = always(trained, 0);
    const NamedPolicy named[] = {{"mine", policy.get()}};
    for (const Warning& warning : judge_policies(judged, named, no_resamples()).warnings) {
      if (warning.kind == WarningKind::kOtherLabels) return std::optional(warning.text);
    }
    return std::optional<std::string>();
  };
  EXPECT_EQ(said(given, given), std::nullopt);
  EXPECT_EQ(said(agreement, agreement), std::nullopt);
  EXPECT_EQ(said(agreement, given), "b");
  EXPECT_EQ(said(given, agreement), "") << "the labels that came with the inputs";
  const auto warnings = judge_policies(agreement, {}, no_resamples()).warnings;
  EXPECT_EQ(warnings, std::vector<Warning>{{.kind = WarningKind::kLabelsOfModel}});
}

TEST(Judge, RefusesAmbiguousNames) {
  const Table table = four_inputs();
  const auto policy = always(table, 0);
  const NamedPolicy twice[] = {{"p", policy.get()}, {"p", policy.get()}};
  EXPECT_TRIAGE_ERROR(judge_policies(table, twice, no_resamples()), ErrorCode::kUsage, "policy 'p'",
                      "occurs twice");
  const NamedPolicy model[] = {{"a", policy.get()}};
  EXPECT_TRIAGE_ERROR(judge_policies(table, model, no_resamples()), ErrorCode::kUsage, "policy 'a'");
}

}  // namespace
}  // namespace triage
