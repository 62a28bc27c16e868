// Ladders: made by hand, and where the best that can be done is known.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"
#include "learn/ladder/ladder_fit.h"
#include "policy/ladder_policy.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "triage/choose.h"
#include "triage/tools/ladder.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

TopK answer(Label cls) {
  const ClassProbability only{cls, 1.0F};
  return TopK::from_parts({&only, 1}, 0.0F, 4);
}

// Inputs are easy or hard, as their only feature says: the small model is right on the easy ones and guesses
// on the hard ones, the large one is always right. Of four answers.
Table easy_and_hard(std::size_t n) {
  Random random(7);
  Table table;
  table.terms.score = "accuracy";
  table.terms.cost_unit = "usd";
  table.n_classes = 4;
  table.schema.groups = {"g"};
  table.schema.features = {{"hard", 0, 0}};
  for (const char* name : {"small", "large"}) table.models.push_back({ModelId(name, ""), "", "", 0});
  for (std::size_t i = 0; i < n; ++i) {
    const auto label = static_cast<Label>(random.below(4));
    const bool hard = random.uniform() < 0.5;
    const auto guess = static_cast<Label>(random.below(4));
    const Label small = hard ? guess : label;
    table.ids.push_back("i" + std::to_string(i));
    table.labels.push_back(label);
    table.features.push_back(hard ? 1.0F : 0.0F);
    for (const Label said : {small, label}) {
      table.outputs.push_back(answer(said));
      table.scores.push_back(said == label ? 1.0F : 0.0F);
      table.ranks.push_back(said == label ? 1 : 2);
    }
    table.infer_ms.insert(table.infer_ms.end(), {1.0F, 10.0F});
  }
  table.recipe_of = {0, 0};
  table.preprocess_ms.assign(n, 0);
  table.decode_ms.assign(n, 0);
  table.node_ms.assign(n, 0);
  check_table(table);
  return table;
}

TEST(Ladder, GoesOnWhereFeaturesSayThatItPays) {
  const Table table = easy_and_hard(400);
  const auto rows = all_rows(table);
  const auto policy = train_ladder(table, Rows(rows).first(300), {}, {.price = 0.01});
  ASSERT_EQ(policy->info().models.size(), 2U);
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, Rows(rows).last(100), *policy, FakeClock(), replay);
  for (const std::uint32_t i : Rows(rows).last(100)) {
    EXPECT_EQ(replay.looks[i], table.features[i] > 0 ? 2 : 1);
    EXPECT_EQ(replay.top1[i], 1);
    EXPECT_EQ(replay.ms[i], table.features[i] > 0 ? 11 : 1);
  }
}

TEST(Ladder, StopsWhereALookCostsTooMuch) {
  const Table table = easy_and_hard(300);
  const auto policy = train_ladder(table, all_rows(table), {}, {.price = 0.19});
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, all_rows(table), *policy, FakeClock(), replay);
  // A hard input gains 3/4 for 10, less than a price of 0.19 wants.
  for (const std::uint8_t looks : replay.looks) EXPECT_EQ(looks, 1);
}

TEST(Ladder, IsTheSameFromItsFile) {
  const Table table = easy_and_hard(100);
  const auto policy = train_ladder(table, all_rows(table));
  const auto back = decode_policy(encode_policy(*policy));
  EXPECT_EQ(back->kind(), "ladder");
  EXPECT_EQ(encode_policy(*back), encode_policy(*policy));
  ASSERT_EQ(back->price_settings().size(), policy->price_settings().size());
  EXPECT_EQ(back->info().terms, table.terms);
  EXPECT_EQ(back->info().schema, table.schema);
}

TEST(Ladder, CountsWhatItIsToldToSave) {
  Table table = easy_and_hard(300);
  EXPECT_TRIAGE_ERROR(train_ladder(table, all_rows(table), {.cost = kEnergyCost}), ErrorCode::kUsage,
                      "cost: energy was");
  table.energy.infer_j = {0.5, 2};
  table.energy.preprocess_j = {0};
  for (const CostWeights cost : {kTimeCost, kEnergyCost, CostWeights{1, 40}}) {
    const auto policy = decode_policy(encode_policy(*train_ladder(table, all_rows(table), {.cost = cost})));
    EXPECT_EQ(policy->price_unit(), cost);
    // At the highest price it stops at the small model.
    EXPECT_DOUBLE_EQ(policy->price_settings().front().cost, cost.of(1, 0.5));
  }
}

TEST(Ladder, NotesWhatItExpectsInTheTablesWords) {
  Table table = easy_and_hard(300);
  table.terms = {.score = "loss", .worst = 40, .best = 20, .score_unit = "nats", .cost_unit = "usd"};
  const auto rows = all_rows(table);
  const auto notes_at = [&](double price) {
    return train_ladder(table, rows, {}, {.price = price})->info().training.notes;
  };
  using Notes = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(notes_at(0),
            (Notes{{"gain of training's choice", "+0 nats (standard error 0), by inner cross-validation"}}));
  // At the highest price it always answers with the small model.
  std::size_t wrong = 0;
  for (const std::uint32_t row : rows) wrong += table.score(row, 0, Criterion::kTop1) == 0 ? 1 : 0;
  const double p = static_cast<double>(wrong) / 300;
  EXPECT_EQ(notes_at(1e9),
            (Notes{{"gain of training's choice", fmt::format("{:+.4g} nats (standard error {:.4g}), by inner "
                                                             "cross-validation",
                                                             20 * p, 20 * std::sqrt(p * (1 - p) / 299))}}));
}

TEST(Ladder, IsADialogue) {
  const Table table = easy_and_hard(300);
  const auto policy = train_ladder(table, all_rows(table), {}, {.price = 0.01});
  const std::vector<float> hard{1};
  const Choice first = choose(*policy, hard);
  EXPECT_FALSE(first.stops);
  EXPECT_EQ(policy->info().models[static_cast<std::size_t>(first.model)].name, "small");
  std::vector<Look> looks(1);
  looks[0].model = 0;
  looks[0].output = answer(2);
  const Choice second = choose(*policy, hard, looks);
  EXPECT_FALSE(second.stops);
  EXPECT_EQ(second.model, 1);
  const std::vector<float> easy{0};
  const Choice stop = choose(*policy, easy, looks);
  EXPECT_TRUE(stop.stops);
  EXPECT_EQ(stop.model, 0);
  EXPECT_EQ(stop.answer.best(), 2);
  looks[0].model = 1;
  EXPECT_TRIAGE_ERROR(choose(*policy, easy, looks), ErrorCode::kUsage, "number 1 is of model 'large'");
  EXPECT_TRIAGE_ERROR(choose(*policy, std::vector<float>{}), ErrorCode::kUsage, "0 numbers, expected 1");
}

TEST(Ladder, DecidesBySignalsAlone) {
  Table table = easy_and_hard(300);
  table.outputs.clear();
  table.ranks.clear();
  table.n_classes = 0;
  table.labels.assign(table.n_inputs(), kNoLabel);
  table.schema = {};
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    // The small model knows when it guesses.
    table.signals.insert(table.signals.end(), {table.features[i] > 0 ? 0.25F : 0.9F, 1.0F});
  }
  table.features.clear();
  table.node_ms.clear();
  check_table(table);
  const auto policy = train_ladder(table, all_rows(table), {}, {.price = 0.01});
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, all_rows(table), *policy, FakeClock(), replay);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    EXPECT_EQ(replay.looks[i], table.signals[2 * i] < 0.5F ? 2 : 1);
    EXPECT_EQ(replay.top1[i], 1);
  }
}

TEST(Ladder, RefusesWhatItCannotLearnFrom) {
  const Table table = easy_and_hard(100);
  EXPECT_TRIAGE_ERROR(train_ladder(table, all_rows(table), {}, {.max_rungs = 5}), ErrorCode::kUsage,
                      "5 models at most, expected 1 to 4");
  EXPECT_TRIAGE_ERROR(train_ladder(table, all_rows(table), {}, {.price = -1}), ErrorCode::kUsage, "price -1");
  const auto rows = all_rows(table);
  EXPECT_TRIAGE_ERROR(train_ladder(table, Rows(rows).first(10)), ErrorCode::kUsage,
                      "ladder: training inputs 10");
  Table silent = table;
  silent.outputs.clear();
  silent.ranks.clear();
  silent.labels.assign(silent.n_inputs(), kNoLabel);
  silent.n_classes = 0;
  EXPECT_TRIAGE_ERROR(train_ladder(silent, all_rows(silent)), ErrorCode::kUsage, "neither answer nor say");
}

TEST(LadderEvidence, ByHand) {
  const LadderShape shape{.n_features = 1, .answers = true, .signals = true, .n_answers = 5};
  ASSERT_EQ(ladder_evidence_size(shape, 3), 1 + 3 + 3 + 3 + 2);
  LadderLooks looks;
  looks.answer = {2, kNoLabel, 2, 0};
  looks.signal = {0.5F, 0.25F, 0.75F, 0};
  looks.n = 3;
  std::vector<float> evidence(10);
  const std::vector<float> features{7};
  ladder_evidence(shape, features, looks, evidence);
  // The feature; silent 1; silent 2, 2 = 1; silent 3, 3 = 1, 3 = 2; signals.
  EXPECT_EQ(evidence, (std::vector<float>{7, 0, 1, 0, 0, 1, 0, 0.5F, 0.25F, 0.75F}));
  std::vector<double> support(3);
  support_by_votes(shape, looks, std::vector<double>{0.5, 0.9, 0.8}, support);
  EXPECT_NEAR(support[0], std::log(4.0) + std::log(16.0), 1e-12);
  EXPECT_EQ(support[1], 0);
  EXPECT_EQ(support[2], support[0]);
  const BestSupported best = best_supported(support);
  EXPECT_EQ(best.look, 2U);  // of equals the later
  EXPECT_FLOAT_EQ(best.margin, static_cast<float>(support[0]));
}

TEST(LadderEvidence, ProductsOfFeaturesAndMargin) {
  const LadderShape shape{.n_features = 2, .answers = true, .products = true, .n_answers = 5};
  ASSERT_EQ(ladder_looks_size(shape, 2), 2 + 1 + 2);
  ASSERT_EQ(ladder_evidence_size(shape, 2), 2 + 1 + 2 + 2 + 2);
  LadderLooks looks;
  looks.answer = {3, 1};
  looks.n = 2;
  const std::vector<float> features{7, 10}, usual{4, 10};
  std::vector<float> evidence(9);
  ladder_evidence(shape, features, looks, std::span(evidence).first(5));
  // Right with 0.8 and 0.5, whatever the features.
  const LadderAnswering answering{{{0.8, 0, 0}, {0.5, 0, 0}}, {}};
  EXPECT_EQ(weigh_looks(shape, answering, usual, looks, evidence), 0U);
  const auto first = static_cast<float>(std::log(16.0)), margin = static_cast<float>(std::log(4.0));
  EXPECT_FLOAT_EQ(evidence[5], first);
  EXPECT_FLOAT_EQ(evidence[6], margin);
  EXPECT_FLOAT_EQ(evidence[7], 3 * margin);
  EXPECT_EQ(evidence[8], 0);
}

TEST(Ridge, AgreesWithNormalEquations) {
  // y = 3 + 2 a - b, almost without a penalty; the third column is constant.
  std::vector<float> rows;
  std::vector<double> values;
  Random random(3);
  for (int i = 0; i < 50; ++i) {
    const double a = random.uniform(), b = random.uniform();
    rows.insert(rows.end(), {static_cast<float>(a), static_cast<float>(b), 4.0F});
    values.push_back(3 + 2 * a - b);
  }
  const auto weights = Ridge(rows, 3, 1e-9).fit(values);
  EXPECT_NEAR(weights[1], 2, 1e-5);
  EXPECT_NEAR(weights[2], -1, 1e-5);
  EXPECT_EQ(weights[3], 0);
  EXPECT_NEAR(value_of(weights, std::vector<float>{1, 1, 4}), 4, 1e-5);
}

}  // namespace
}  // namespace triage
