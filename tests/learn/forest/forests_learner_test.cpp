// Every learner behind the policy that forests make.
#include <gtest/gtest.h>

#include <cmath>

#include "learn/forest/forest_target.h"
#include "policy/forests_policy.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "support/imported.h"
#include "triage/choose.h"
#include "triage/tools/replay.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

double mean_score(const Table& table, Rows rows, const Policy& policy, const Request& request = {}) {
  Replay replay = make_replay("", table.n_inputs());
  replay_policy(table, rows, policy, FakeClock(), replay, request);
  double sum = 0;
  for (const std::uint32_t i : rows) sum += replay.top1[i];
  return sum / static_cast<double>(rows.size());
}

double best_single_score(const Table& table, Rows rows) {
  const auto scores = mean_scores(table, rows, Criterion::kTop1);
  return *std::max_element(scores.begin(), scores.end());
}

class EachLearner : public ::testing::TestWithParam<ForestsLearner> {
 protected:
  [[nodiscard]] static ForestsOptions options() { return {.learner = GetParam(), .trees = 30}; }
};

TEST_P(EachLearner, BeatsTheSingleBestModelOnRunTimesThatFeaturesTell) {
  const Table table = testing::run_time_table(300);
  const auto rows = all_rows(table);
  const Rows test = Rows(rows).last(100);
  const auto policy = train_forests_policy(table, Rows(rows).first(200), {.seed = 3}, options());
  // Between 3 and 10 % of the inputs are too hard for all.
  EXPECT_GT(mean_score(table, test, *policy), best_single_score(table, test) + 0.005);
}

TEST_P(EachLearner, IsTheSameFromItsFile) {
  for (const bool of_times : {true, false}) {
    const Table table = of_times ? testing::run_time_table(80) : testing::dollar_table(80);
    const auto policy = train_forests_policy(table, all_rows(table), {}, options());
    const auto back = decode_policy(encode_policy(*policy));
    EXPECT_EQ(back->kind(), "forests");
    EXPECT_EQ(encode_policy(*back), encode_policy(*policy));
    std::vector<ModelIndex> models(table.n_inputs()), of_file(table.n_inputs());
    choose_rows(*policy, table.features, models);
    choose_rows(*back, table.features, of_file);
    EXPECT_EQ(models, of_file);
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Choice choice = choose(*back, table.feature_row(i));
      if (of_times) continue;  // whose schedules begin otherwise
      EXPECT_EQ(choice.model, models[i]);
      EXPECT_TRUE(std::isfinite(choice.expected_score));
      EXPECT_TRUE(std::isfinite(choice.expected_cost));
    }
  }
}

TEST_P(EachLearner, SavesMoreAtAHigherPrice) {
  const Table table = testing::dollar_table(200);
  const auto policy = train_forests_policy(table, all_rows(table), {}, options());
  const auto settings = policy->price_settings();
  ASSERT_GT(settings.size(), 10U);
  EXPECT_EQ(settings.back().price, 0);
  EXPECT_LT(settings.front().cost, 0.6 * settings.back().cost);
  EXPECT_LT(settings.front().score, settings.back().score);
  // Costs of the models are 9, 36 and 81 of 100,000, whatever the features say.
  const Choice choice = choose(*policy, table.feature_row(0), {}, {.price = 0});
  EXPECT_NEAR(choice.expected_cost, table.infer_ms[static_cast<std::size_t>(choice.model)], 1e-5);
  EXPECT_GT(mean_score(table, all_rows(table), *policy, {.price = 0}),
            mean_score(table, all_rows(table), *policy, {.price = 1e4}));
}

TEST_P(EachLearner, IsTheSameAgain) {
  const Table table = testing::dollar_table(60);
  const auto train = [&](std::uint64_t seed) {
    return encode_policy(*train_forests_policy(table, all_rows(table), {.seed = seed}, options()));
  };
  EXPECT_EQ(train(1), train(1));
}

TEST_P(EachLearner, SaysWhatItIsMadeOf) {
  const Table table = testing::dollar_table(60);
  const auto policy = train_forests_policy(table, all_rows(table), {}, options());
  const auto& note = policy->info().training.notes.front();
  switch (GetParam()) {
    case ForestsLearner::kSeven:
      EXPECT_EQ(note, std::pair(std::string("forests"), std::string("7 of 30 trees, 2 features")));
      break;
    case ForestsLearner::kPairwise:
      EXPECT_EQ(note, std::pair(std::string("forests of pairs"), std::string("3 of 30 trees, 2 features")));
      break;
    case ForestsLearner::kNearest:
      EXPECT_EQ(note.first, "neighbours");
      break;
    default:
      EXPECT_EQ(note.first.substr(0, 13), "boosted trees");
      EXPECT_EQ(note.second, "30 for each of 3 models, 2 features");
  }
}

INSTANTIATE_TEST_SUITE_P(ForestsPolicy, EachLearner, ::testing::ValuesIn(kForestsLearners),
                         [](const auto& tested) {
                           std::string name(to_string(tested.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(ForestsLearners, AreFoundByName) {
  for (const ForestsLearner learner : kForestsLearners) {
    EXPECT_EQ(parse_forests_learner(to_string(learner)), learner);
  }
  EXPECT_TRIAGE_ERROR(parse_forests_learner("svm"), ErrorCode::kUsage,
                      "learner: 'svm', expected seven-forests, pairwise, knn, boosted-regression, "
                      "boosted-classification");
}

TEST(ForestsLearners, PoliciesHaveForestsOrNeighbours) {
  const Table table = testing::dollar_table(60);
  const auto of = [&](ForestsLearner learner) {
    return train_forests_policy(table, all_rows(table), {}, {.learner = learner, .trees = 2});
  };
  const auto forests = of(ForestsLearner::kSeven), near = of(ForestsLearner::kNearest);
  const auto& trees = dynamic_cast<const ForestsPolicy&>(*forests).parameters();
  auto both = dynamic_cast<const ForestsPolicy&>(*near).parameters();
  both.forests = trees.forests;
  EXPECT_TRIAGE_ERROR(make_forests(near->info(), both), ErrorCode::kPolicy,
                      "forests.ensembles: 7, expected none beside neighbours");
  auto fewer = dynamic_cast<const ForestsPolicy&>(*near).parameters();
  fewer.nearest->n_features = 3;
  EXPECT_TRIAGE_ERROR(make_forests(near->info(), fewer), ErrorCode::kPolicy, "forests.n_features: 3");
  fewer = dynamic_cast<const ForestsPolicy&>(*near).parameters();
  fewer.nearest->k = 0;
  EXPECT_TRIAGE_ERROR(make_forests(near->info(), fewer), ErrorCode::kPolicy, "forests.nearest.k: 0");
}

TEST(NearlyBest, IsWithinTheTolerance) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  const auto best = nearly_best(std::vector<float>{0.3F, 0.304F, 0.306F, none, 0.2F, 0.1F}, 3);
  EXPECT_EQ(best[0], 1);
  EXPECT_EQ(best[1], 1);
  EXPECT_EQ(best[2], 0);
  EXPECT_TRUE(std::isnan(best[3]));
  EXPECT_EQ(best[4], 0);
  EXPECT_EQ(best[5], 1);
}

}  // namespace
}  // namespace triage
