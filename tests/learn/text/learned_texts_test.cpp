// Texts in training: the reduction, the gate, and policies that choose by a word.
#include "learn/text/learned_texts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/text/learn_text_reduction.h"
#include "learn/text/text_tables.h"
#include "policy/policy_codec.h"
#include "stats/mean.h"
#include "support/expect_error.h"
#include "triage/choose.h"
#include "triage/tools/ladder.h"
#include "triage/tools/replay.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

using testing::add_noise;
using testing::table_of_texts;

// Mean score on the rows behind the first `n_train`, which trained.
double unseen_score(const Table& table, const Policy& policy, std::size_t n_train) {
  Replay replay = make_replay("", table.n_inputs());
  const auto rows = all_rows(table);
  const Rows test = Rows(rows).subspan(n_train);
  replay_policy(table, test, policy, FakeClock(), replay);
  return mean_of(replay.top1, test);
}

Rows first_rows(std::size_t n) {
  static const auto rows = [] {
    std::vector<std::uint32_t> all(5000);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }();
  return Rows(rows).first(n);
}

TEST(LearnTextReduction, DoesNotDependOnThreadsOrOtherRows) {
  Table table = table_of_texts(300, 5);
  const TextReduction one = learn_text_reduction(table, first_rows(200), 3, 1);
  const TextReduction three = learn_text_reduction(table, first_rows(200), 3, 3);
  EXPECT_EQ(one.n_directions, 20U);  // one for each 10 texts
  EXPECT_EQ(one.direction, three.direction);
  EXPECT_EQ(one.weight, three.weight);
  // Nothing of rows that do not train is in it, and nothing of scores.
  for (std::size_t i = 200; i < 300; ++i) table.texts[i] = "quite another thing";
  for (float& score : table.scores) score = 1 - score;
  EXPECT_EQ(learn_text_reduction(table, first_rows(200), 3, 1).direction, one.direction);
}

TEST(LearnTextReduction, OfTextsWithoutWords) {
  Table table = table_of_texts(60, 5);
  table.texts.assign(60, "");
  const TextReduction none = learn_text_reduction(table, first_rows(60), 1);
  EXPECT_EQ(none.set, TextSet::kNumbers);
  EXPECT_EQ(none.n_directions, 0U);
  const auto policy = train_forests_policy(table, first_rows(60), {}, {.trees = 3});
  EXPECT_EQ(policy->info().text->set, TextSet::kNothing);
}

TEST(LearnedTexts, PutTheTextBehindTheFeatures) {
  Table table = table_of_texts(40, 2);
  EXPECT_EQ(LearnedTexts(table, first_rows(40), false, 1, {}).reduction(TextSet::kNothing), nullptr);
  EXPECT_EQ(LearnedTexts(table, first_rows(40), true, 1, {}).schema(TextSet::kNothing).size(), 1U);
  add_noise(table, 4);
  table.schema.groups = {"prompt"};
  const LearnedTexts texts(table, first_rows(40), true, 1, {});
  EXPECT_EQ(texts.schema(TextSet::kNothing), table.schema);
  EXPECT_EQ(texts.values(TextSet::kNothing), table.features);
  const FeatureSchema schema = texts.schema(TextSet::kWords);
  EXPECT_EQ(schema.groups, (std::vector<std::string>{"prompt", "text prompt"}));
  ASSERT_EQ(schema.size(), 1 + kPlainNumbers.size() + 4);
  const auto values = texts.values(TextSet::kWords);
  std::vector<float> own(kPlainNumbers.size() + 4);
  reduce_text(*texts.reduction(TextSet::kWords), table.texts[7], own);
  for (std::size_t j = 0; j < own.size(); ++j) EXPECT_EQ(values[7 * schema.size() + 1 + j], own[j]);
  EXPECT_EQ(values[7 * schema.size()], table.features[7]);
}

TEST(ChooseTextSet, TakesMoreOnlyWhereItIsBetter) {
  const Table table = table_of_texts(40, 2);
  const LearnedTexts texts(table, first_rows(40), true, 1, {});
  const auto choose_by = [&](std::vector<double> nothing, std::vector<double> numbers,
                             std::vector<double> words) {
    return choose_text_set(texts, [&](TextSet set) {
      return set == TextSet::kNothing ? nothing : set == TextSet::kNumbers ? numbers : words;
    });
  };
  const std::vector<double> low{0, 1, 0, 1}, high{1, 2, 1, 3}, noisy{9, -8, 0, 3};
  EXPECT_EQ(choose_by(low, low, low), TextSet::kNothing);
  EXPECT_EQ(choose_by(low, noisy, low), TextSet::kNothing);
  EXPECT_EQ(choose_by(low, high, high), TextSet::kNumbers);
  EXPECT_EQ(choose_by(low, noisy, high), TextSet::kWords);
}

TEST(TextPolicies, ForestsFindTheWord) {
  const Table table = table_of_texts(900, 11);
  const auto policy = train_forests_policy(table, first_rows(600), {}, {.trees = 20});
  EXPECT_EQ(policy->info().text->set, TextSet::kWords);
  EXPECT_GE(unseen_score(table, *policy, 600), 0.97);
  // Live, from its file, as in replay.
  const auto back = decode_policy(encode_policy(*policy));
  Replay replay = make_replay("", table.n_inputs());
  const auto rows = all_rows(table);
  replay_policy(table, rows, *policy, FakeClock(), replay);
  for (std::size_t i = 600; i < 900; ++i) {
    std::vector<float> features(back->info().schema.size());
    text_features(*back, table.texts[i], features);
    EXPECT_EQ(choose(*back, features).model, replay.model[i]);
  }
}

TEST(TextPolicies, LeaveOutTextsThatTellNothing) {
  double gain = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Table table = table_of_texts(600, seed, true);
    gain += unseen_score(table, *train_forests_policy(table, first_rows(300), {.seed = seed}, {.trees = 10}),
                         300) -
            0.5;
  }
  EXPECT_LT(std::abs(gain / 4), 0.045);  // 1200 rows: three standard errors
}

TEST(TextPolicies, NeedTheirText) {
  Table table = table_of_texts(300, 11);
  const auto policy = train_forests_policy(table, first_rows(300), {}, {.trees = 8});
  table.text_name = "question";
  EXPECT_NE(policy_difference(table, *policy)->find("needs the text 'prompt'"), std::string::npos);
  table.text_name.clear();
  table.texts.clear();
  EXPECT_TRIAGE_ERROR(unseen_score(table, *policy, 0), ErrorCode::kPolicy, "which has none");
}

TEST(TextPolicies, LaddersFindTheWordToo) {
  Table table = table_of_texts(900, 12, false, true);
  // The second is dear and always right; that the first suffices is in the text alone.
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const ClassProbability said{table.labels[i], 1.0F};
    table.infer_ms[2 * i + 1] = 3;
    table.scores[2 * i + 1] = 1;
    table.ranks[2 * i + 1] = 1;
    table.outputs[2 * i + 1] = TopK::from_parts({&said, 1}, 0.0F, 10);
  }
  const auto policy = train_ladder(table, first_rows(600));
  ASSERT_NE(policy->info().text, nullptr);
  EXPECT_EQ(policy->info().text->set, TextSet::kWords);
  const auto back = decode_policy(encode_policy(*policy));
  Replay replay = make_replay("", table.n_inputs());
  const auto rows = all_rows(table);
  const Rows test = Rows(rows).last(300);
  replay_policy(table, test, *back, FakeClock(), replay, Request{.price = 0.05});
  EXPECT_GE(mean_of(replay.top1, test), 0.97);
  EXPECT_LT(mean_of(replay.ms, test), 3.2);  // 1 where the first suffices, 4 elsewhere
  Table shuffled = table_of_texts(600, 13, true, true);
  const auto none = train_ladder(shuffled, first_rows(300));
  const bool uses_words = none->info().text != nullptr && none->info().text->set == TextSet::kWords;
  EXPECT_LT(std::abs(unseen_score(shuffled, *none, 300) - 0.5), uses_words ? 0.12 : 0.09);
}

}  // namespace
}  // namespace triage
