// Every learner of forests policies sees the same of texts in training and in choosing.
#include <gtest/gtest.h>

#include "learn/text/text_tables.h"
#include "policy/policy_codec.h"
#include "policy/text_reduction.h"
#include "stats/mean.h"
#include "triage/tools/replay.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

class TextLearners : public ::testing::TestWithParam<ForestsLearner> {};

TEST_P(TextLearners, FindTheWordAndDoWithout) {
  Table table = testing::table_of_texts(700, 21);
  for (const bool has_features : {false, true}) {
    if (has_features) testing::add_noise(table, 5);
    const auto rows = all_rows(table);
    const auto policy = decode_policy(encode_policy(
        *train_forests_policy(table, Rows(rows).first(500), {}, {.learner = GetParam(), .trees = 20})));
    Replay replay = make_replay("", table.n_inputs());
    const Rows test = Rows(rows).last(200);
    replay_policy(table, test, *policy, FakeClock(), replay);
    EXPECT_GE(mean_of(replay.top1, test), 0.95);
  }
  table.texts.assign(700, "all the same");
  for (const bool has_features : {true, false}) {
    if (!has_features) table.schema = {}, table.features.clear(), table.node_ms.clear();
    const auto rows = all_rows(table);
    const auto policy =
        train_forests_policy(table, Rows(rows).first(300), {}, {.learner = GetParam(), .trees = 5});
    EXPECT_EQ(policy->info().text == nullptr, has_features);
    Replay replay = make_replay("", table.n_inputs());
    replay_policy(table, rows, *policy, FakeClock(), replay);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TextLearners, ::testing::ValuesIn(kForestsLearners), [](const auto& test) {
  std::string name(to_string(test.param));
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace triage
