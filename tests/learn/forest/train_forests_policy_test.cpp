// The policy that forests make, where the best choice is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "base/hash.h"
#include "policy/forests_policy.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "triage/choose.h"
#include "triage/tools/replay.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

// `a` solves what has x below a half in 1 s, `b` the others; what they do not solve takes all 100 s.
Table two_solvers(std::size_t n) {
  Random random(11);
  Table table;
  table.terms = {
      .score = "PAR10", .worst = 1000, .best = 0, .score_unit = "s", .cost_unit = "s", .cutoff = 100};
  table.schema.groups = {"syntax"};
  table.schema.features = {{"x", 0, 0}, {"noise", 0, 0}};
  for (const char* name : {"a", "b"}) table.models.push_back({ModelId(name, ""), "", "", 0});
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<float>(random.uniform());
    table.ids.push_back("i" + std::to_string(i));
    table.features.insert(table.features.end(), {x, static_cast<float>(random.uniform())});
    for (const bool solves : {x < 0.5F, x >= 0.5F}) {
      table.infer_ms.push_back(solves ? 1 : 100);
      table.scores.push_back(solves ? 0.999F : 0);
    }
  }
  table.labels.assign(n, kNoLabel);
  table.recipe_of = {0, 0};
  table.preprocess_ms.assign(n, 0);
  table.decode_ms.assign(n, 0);
  table.node_ms.assign(n, 0.5F);
  check_table(table);
  return table;
}

TEST(ForestsPolicy, ChoosesByFeaturesAndPaysForThem) {
  const Table table = two_solvers(400);
  const auto rows = all_rows(table);
  const auto policy =
      train_forests_policy(table, Rows(rows).first(300), {}, {.trees = 20, .schedule = false});
  Replay replay = make_replay("", table.n_inputs());
  const Rows test = Rows(rows).last(100);
  replay_policy(table, test, *policy, FakeClock(), replay);
  double solved = 0;
  for (const std::uint32_t i : test) {
    if (replay.top1[i] == 0) continue;
    solved += 1;
    EXPECT_EQ(replay.ms[i], 1.5);
    EXPECT_NEAR(table.terms.shown(replay.top1[i]), 1.5, 1e-9);
  }
  EXPECT_GE(solved, 97);
}

TEST(ForestsPolicy, IsTheSameFromItsFile) {
  const Table table = two_solvers(60);
  const auto policy = train_forests_policy(table, all_rows(table), {}, {.trees = 3});
  const auto back = decode_policy(encode_policy(*policy));
  EXPECT_EQ(back->kind(), "forests");
  EXPECT_EQ(encode_policy(*back), encode_policy(*policy));
}

TEST(ForestsPolicy, CountsWhatItIsToldToSave) {
  Table table = two_solvers(100);
  EXPECT_TRIAGE_ERROR(train_forests_policy(table, all_rows(table), {.cost = kEnergyCost}), ErrorCode::kUsage,
                      "forests: cost energy, expected time");
  table.terms = {};
  table.infer_ms.assign(table.infer_ms.size(), 1);
  EXPECT_TRIAGE_ERROR(train_forests_policy(table, all_rows(table), {.cost = kEnergyCost}), ErrorCode::kUsage,
                      "cost: energy was");
  table.energy.infer_j = {3, 5};
  table.energy.preprocess_j = {0};
  for (const CostWeights cost : {kTimeCost, kEnergyCost, CostWeights{1, 40}}) {
    const auto policy = decode_policy(encode_policy(
        *train_forests_policy(table, all_rows(table), {.cost = cost}, {.trees = 20, .schedule = false})));
    EXPECT_EQ(policy->price_unit(), cost);
    // Half of the inputs are of each solver.
    EXPECT_NEAR(policy->price_settings().back().cost, cost.of(1, 4), 0.15 * cost.of(1, 4));
  }
}

TEST(ForestsPolicy, ManyRowsAsOneByOne) {
  const Table table = two_solvers(200);
  const auto policy = train_forests_policy(table, all_rows(table), {}, {.trees = 5, .schedule = false});
  std::vector<ModelIndex> models(table.n_inputs());
  choose_rows(*policy, table.features, models);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Choice choice = choose(*policy, table.feature_row(i));
    EXPECT_EQ(choice.model, models[i]);
    EXPECT_FALSE(choice.stops);
    EXPECT_EQ(choice.second, 1 - choice.model);
    EXPECT_TRUE(std::isfinite(choice.expected_score));
  }
}

TEST(ForestsPolicy, RefusesWhatItCannotLearnFrom) {
  const Table table = two_solvers(60);
  const auto rows = all_rows(table);
  EXPECT_TRIAGE_ERROR(train_forests_policy(table, Rows(rows).first(5)), ErrorCode::kUsage,
                      "forests: training inputs 5");
  EXPECT_TRIAGE_ERROR(train_forests_policy(table, rows, {}, {.price = -1}), ErrorCode::kUsage, "price -1");
  Table plain = table;
  plain.schema = {};
  plain.features.clear();
  plain.node_ms.clear();
  EXPECT_TRIAGE_ERROR(train_forests_policy(plain, all_rows(plain)), ErrorCode::kUsage,
                      "no features of its own");
}

// A policy that runs `b` for 2 s, then the choice, and keeps 10 s for the other.
std::unique_ptr<Policy> scheduled(const Table& table) {
  const auto policy = train_forests_policy(table, all_rows(table), {}, {.trees = 3, .schedule = false});
  auto parameters = dynamic_cast<const ForestsPolicy&>(*policy).parameters();
  parameters.schedule = {.before = {{1, 0.02F}}, .last = 0.1F};
  return make_forests(policy->info(), parameters);
}

TEST(RunTimes, OfASchedule) {
  Table table = two_solvers(100);
  const auto policy = scheduled(table);
  // One that the choice does not solve in the 97.5 s that it has, but the other in its 10 s, from where it
  // was.
  table.infer_ms[0] = 99.9F;
  table.scores[0] = static_cast<float>(1 - 99.9 / 1000);
  table.infer_ms[1] = 11;
  table.scores[1] = 0.989F;
  table.features[0] = 0.1F;
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, all_rows(table), *policy, FakeClock(), replay);
  for (std::size_t i = 1; i < table.n_inputs(); ++i) {
    const bool is_of_b = table.features[2 * i] >= 0.5F;
    if (replay.looks[i] > (is_of_b ? 1 : 2)) continue;  // chosen wrongly
    // The presolver ends after 1 s; or is stopped after 2, features cost 0.5, the choice takes 1.
    EXPECT_NEAR(replay.ms[i], is_of_b ? 1 : 3.5, 1e-5);
    EXPECT_NEAR(replay.top1[i], 1 - replay.ms[i] / 1000, 1e-9);
  }
  // 2 of b, 0.5 of features, 87.5 of a, 9 of b.
  EXPECT_EQ(replay.looks[0], 3);
  EXPECT_NEAR(replay.ms[0], 99, 1e-4);
  EXPECT_NEAR(replay.top1[0], 1 - 99.0 / 1000, 1e-6);
}

// What a program does that asks `choose` and runs what it says; a model that was stopped goes on.
struct DialogueOutcome {
  double time = 0;
  bool solved = false;
};
DialogueOutcome run_dialogue(const Policy& policy, const Table& table, std::size_t row) {
  std::vector<Look> looks;
  std::vector<double> ran(table.n_models(), 0);
  DialogueOutcome outcome;
  while (true) {
    const Choice choice = choose(policy, table.feature_row(row), looks);
    if (choice.stops) return outcome;
    const auto model = static_cast<std::size_t>(choice.model);
    const double rest = static_cast<double>(table.infer_ms[table.at(row, choice.model)]) - ran[model];
    Look look;
    look.model = choice.model;
    look.cost.ms = std::min(rest, choice.most_cost);
    outcome.solved = rest <= choice.most_cost && table.score(row, choice.model, Criterion::kTop1) > 0;
    look.unanswered = !outcome.solved;
    outcome.time += look.cost.ms;
    ran[model] += look.cost.ms;
    looks.push_back(look);
  }
}

TEST(RunTimes, ADialogueAReplayAndTheTrainedScheduleAgree) {
  Table table = two_solvers(200);
  table.node_ms.assign(table.node_ms.size(), 0);
  Random random(3);
  for (std::size_t i = 0; i < table.infer_ms.size(); ++i) {
    const double time = std::min(100.0, std::pow(10.0, 4 * random.uniform() - 1));
    const bool solves = time < 100 && random.uniform() < 0.8;
    table.infer_ms[i] = static_cast<float>(time);
    table.scores[i] = static_cast<float>(solves ? 1 - time / 1000 : 0);
  }
  const auto trained = train_forests_policy(table, all_rows(table), {}, {.trees = 3, .schedule = false});
  auto parameters = dynamic_cast<const ForestsPolicy&>(*trained).parameters();
  parameters.schedule = {{{1, 0.01F}, {0, 0.05F}}, 0.1F};
  const auto policy = make_forests(trained->info(), parameters);
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, all_rows(table), *policy, FakeClock(), replay);
  int solved = 0;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const DialogueOutcome dialogue = run_dialogue(*policy, table, i);
    EXPECT_EQ(dialogue.solved, replay.top1[i] > 0) << i;
    EXPECT_NEAR(dialogue.time, replay.ms[i], 1e-4) << i;
    const ModelIndex first = choose(*trained, table.feature_row(i)).model;
    const std::vector<float> times{table.infer_ms[2 * i] / 100, table.infer_ms[2 * i + 1] / 100};
    const std::vector<std::uint8_t> solves{table.scores[2 * i] > 0, table.scores[2 * i + 1] > 0};
    const ScheduleOutcome planned = replay_schedule(parameters.schedule, first, 1 - first, times, solves);
    EXPECT_EQ(planned.solved, dialogue.solved) << i;
    if (!planned.solved) continue;
    EXPECT_NEAR(100 * planned.time, dialogue.time, 1e-4) << i;
    ++solved;
  }
  EXPECT_GT(solved, 50);
  EXPECT_LT(solved, 200);
}

TEST(RunTimes, OverTheCutoffAreNotSolved) {
  Table table = two_solvers(40);
  table.infer_ms[0] = 99.8F;
  table.scores[0] = static_cast<float>(1 - 99.8 / 1000);
  table.infer_ms[1] = 99.8F;
  table.scores[1] = table.scores[0];
  const auto policy = train_forests_policy(table, all_rows(table), {}, {.trees = 3, .schedule = false});
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, all_rows(table), *policy, FakeClock(), replay);
  EXPECT_EQ(replay.top1[0], 0);  // 0.5 s of features make 100.3
}

void expect_same_choice(const Choice& found, const Choice& expected) {
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  EXPECT_EQ(found.stops, expected.stops);
  EXPECT_EQ(found.model, expected.model);
  EXPECT_EQ(found.most_cost, expected.most_cost);
  EXPECT_EQ(found.second, expected.second);
  EXPECT_TRUE(same(found.expected_score, expected.expected_score));
  EXPECT_TRUE(same(found.expected_cost, expected.expected_cost));
}

void expect_rows_as_one_by_one(const Policy& policy, const Table& table, const Request& request = {}) {
  std::vector<Choice> choices(table.n_inputs());
  choose_rows(policy, table.features, std::span(choices), request);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    expect_same_choice(choices[i], choose(policy, table.feature_row(i), {}, request));
  }
}

TEST(ChooseRows, SaysOfManyRowsWhatChooseSaysOfEach) {
  Table table = two_solvers(50);
  const auto plain = train_forests_policy(table, all_rows(table), {}, {.trees = 3, .schedule = false});
  expect_rows_as_one_by_one(*plain, table);
  auto parameters = dynamic_cast<const ForestsPolicy&>(*plain).parameters();
  parameters.schedule.last = 0.1F;
  expect_rows_as_one_by_one(*make_forests(plain->info(), parameters), table);
  expect_rows_as_one_by_one(*scheduled(table), table);
  table.terms = {};
  const auto priced = train_forests_policy(table, all_rows(table), {}, {.trees = 3});
  Request request;
  request.price = 0.001;
  expect_rows_as_one_by_one(*priced, table, request);
}

TEST(OptimumOfScores, IsTheHighestThenTheCheapest) {
  Table table = two_solvers(20);
  table.scores[0] = 0.5F;
  table.scores[1] = 0.75F;
  const std::vector<double> costs{1, 2};
  const auto models = all_models(table);
  EXPECT_EQ(optimum(table, 0, models, costs, Criterion::kTop1), 1);
  table.scores[1] = 0.5F;
  EXPECT_EQ(optimum(table, 0, models, costs, Criterion::kTop1), 0);
  table.scores[0] = table.scores[1] = 0;
  EXPECT_EQ(optimum(table, 0, models, costs, Criterion::kTop1), kNoModel);
}

TEST(OfficialFolds, AreNumberedAnew) {
  Table table = two_solvers(20);
  EXPECT_TRIAGE_ERROR(official_folds(table), ErrorCode::kUsage, "none came with the inputs");
  table.given_folds.assign(20, 7);
  EXPECT_TRIAGE_ERROR(official_folds(table), ErrorCode::kUsage, "1 came with the inputs");
  table.given_folds[3] = 2;
  const auto folds = official_folds(table);
  EXPECT_EQ(folds[3], 0);
  EXPECT_EQ(folds[4], 1);
}

}  // namespace
}  // namespace triage
