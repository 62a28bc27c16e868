// Standardised averages, expected losses and costs by hand; the choice at a price.
#include "policy/forests.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "support/expect_error.h"

namespace triage {
namespace {

// Two models, one feature: up to 1.5 the first model is better. The second ensemble predicts losses and
// costs; its trees are leaves, (0.2, 0.4) and (0.4, 0.6), both with costs 3 and 5.
Forests two_forests() {
  Forests forests;
  forests.n_models = 2;
  forests.features = {1, {0}, {0, 1}, {1.5F}, {1}, {}};
  forests.ensembles = {{2,
                        {0, 3},
                        {WideNode::make(0, 1, 0, 0), leaf_node<WideNode>(1), leaf_node<WideNode>(2)},
                        {},
                        {0, 0, 1},
                        {0, 4, 0, 0, 3, 1, 0, 0}},
                       {4,
                        {0, 1, 2},
                        {},
                        {leaf_node<NarrowNode>(0), leaf_node<NarrowNode>(0)},
                        {0, 1},
                        {0.2F, 0.4F, 3, 5, 0.4F, 0.6F, 3, 5}}};
  forests.deviation = {2, 0.5F};
  forests.raw = 1;
  forests.has_costs = true;
  forests.loss_low = 0.5F;
  forests.loss_range = 2;
  forests.slope = 0.1F;
  return forests;
}

struct Predicted {
  std::vector<float> score, loss, cost;
};
Predicted predicted(const Forests& forests, const std::vector<float>& features) {
  const std::size_t size = features.size() / forests.features.n_features * forests.n_models;
  Predicted out{std::vector<float>(size), std::vector<float>(size), std::vector<float>(size)};
  ForestBuffers buffers;
  predict_rows(forests, features, buffers, {out.score, out.loss, out.cost});
  return out;
}

TEST(Forests, AverageStandardisedPredictions) {
  const Predicted out = predicted(two_forests(), {1, 2});
  // Row 0: ((0, 4) - 2) / 2 and ((0.3, 0.5) - 0.4) / 0.5, averaged. Row 1: ((3, 1) - 2) / 2 and the same.
  EXPECT_NEAR(out.score[0], (-1 - 0.2) / 2, 1e-6);
  EXPECT_NEAR(out.score[1], (1 + 0.2) / 2, 1e-6);
  EXPECT_NEAR(out.score[2], (0.5 - 0.2) / 2, 1e-6);
  EXPECT_NEAR(out.score[3], (-0.5 + 0.2) / 2, 1e-6);
}

TEST(Forests, ExpectLossesAroundTheRawLevel) {
  const Predicted out = predicted(two_forests(), {1});
  EXPECT_NEAR(out.loss[0], 0.5 + 2 * 0.4 - 0.1 * 0.6, 1e-6);
  EXPECT_NEAR(out.loss[1], 0.5 + 2 * 0.4 + 0.1 * 0.6, 1e-6);
  EXPECT_EQ(out.cost, (std::vector<float>{3, 5}));
}

TEST(Forests, ARowAloneIsAsAmongOthers) {
  std::vector<float> features;
  for (int i = 0; i < 9000; ++i) features.push_back(static_cast<float>(i % 4));
  const Predicted all = predicted(two_forests(), features);
  for (std::size_t i : {0U, 1U, 2U, 3U, 8191U, 8192U, 8999U}) {
    const Predicted one = predicted(two_forests(), {features[i]});
    for (std::size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(all.score[2 * i + j], one.score[j]);
      EXPECT_EQ(all.loss[2 * i + j], one.loss[j]);
      EXPECT_EQ(all.cost[2 * i + j], one.cost[j]);
    }
  }
}

TEST(Forests, ChooseTheLeastAndAtATieTheFirst) {
  const std::vector<float> score{0.1F, -0.2F, -0.2F}, loss{0.5F, 0.4F, 0.4F}, cost{1, 3, 2};
  EXPECT_EQ(choose_model(score, loss, cost, 0), 1);
  EXPECT_EQ(choose_model(score, {}, {}, 0), 1);
  EXPECT_EQ(choose_model(score, loss, cost, 0.05), 2);  // 0.55, 0.55, 0.5
  EXPECT_EQ(choose_model(score, loss, cost, 0.2), 0);   // 0.7, 1.0, 0.8
}

TEST(Forests, ChooseByScoreAtPriceZeroWhereLossesRoundToTheSame) {
  EXPECT_EQ(choose_model(std::array{1e-6F, 0.0F}, std::array{0.5F, 0.5F}, {}, 0), 1);
}

TEST(Forests, AreRefusedUnlessTheirPartsFit) {
  check_forests(two_forests(), "forests");
  const auto expect_refused = [](const std::function<void(Forests&)>& spoil, const char* message) {
    Forests forests = two_forests();
    spoil(forests);
    EXPECT_TRIAGE_ERROR(check_forests(forests, "forests"), ErrorCode::kPolicy, message);
  };
  expect_refused([](Forests& f) { f.n_models = 0; }, "forests.n_models: 0, expected 1 to 255");
  expect_refused([](Forests& f) { f.n_models = 256; }, "forests.n_models: 256");
  expect_refused([](Forests& f) { f.features.column[0] = 1; }, "forests.features.column");
  expect_refused([](Forests& f) { f.deviation.pop_back(); }, "forests: 2 ensembles, 1 deviations");
  expect_refused([](Forests& f) { f.raw = 2; }, "forests: 2 ensembles, 2 deviations, raw 2");
  expect_refused([](Forests& f) { f.ensembles.clear(); }, "forests: 0 ensembles");
  expect_refused([](Forests& f) { f.deviation[1] = 0; }, "forests.deviation: 0, expected");
  expect_refused([](Forests& f) { f.deviation[1] = std::numeric_limits<float>::infinity(); },
                 "forests.deviation: inf");
  expect_refused([](Forests& f) { f.slope = -1; }, "slope -1, expected finite");
  expect_refused([](Forests& f) { f.slope = std::numeric_limits<float>::quiet_NaN(); }, "slope nan");
  expect_refused([](Forests& f) { f.loss_range = -1; }, "range -1");
  expect_refused([](Forests& f) { f.loss_range = std::numeric_limits<float>::infinity(); }, "range inf");
  expect_refused([](Forests& f) { f.loss_low = std::numeric_limits<float>::infinity(); }, "low inf");
  expect_refused([](Forests& f) { f.has_costs = false; }, "forests.ensembles[1].width: 4, expected 2");
}

}  // namespace
}  // namespace triage
