// The adaptive policy's decisions, with gains and weights by hand.
#include "policy/adaptive_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "policy/policies.h"
#include "support/expect_error.h"
#include "triage/error.h"

namespace triage {
namespace {

using testing::adaptive_info;
using testing::look_of;
using testing::two_stage_adaptive;

// Its chosen setting runs big while t1 of small is below 0.8.
std::unique_ptr<Policy> example() { return make_adaptive(adaptive_info(), two_stage_adaptive()); }

Action ask(const Policy& policy, const std::vector<Look>& looks, const Request& request = {}) {
  return policy.next({.features = {}, .looks = looks, .spent = {}, .request = request});
}

TEST(Adaptive, GoesOnWhileTheGainIsAboveZero) {
  const auto policy = example();
  EXPECT_EQ(ask(*policy, {}).model, 0);
  const Action stops = ask(*policy, {look_of(0, 3, 0.9F)});
  EXPECT_EQ(stops.kind, Action::Kind::kAnswer);
  EXPECT_EQ(stops.model, 0);
  EXPECT_EQ(stops.answer.best(), 3);
  EXPECT_NEAR(stops.answer.confidence(), 0.9, 1e-3);
  const Action goes_on = ask(*policy, {look_of(0, 3, 0.7F)});
  EXPECT_EQ(goes_on.kind, Action::Kind::kRun);
  EXPECT_EQ(goes_on.model, 1);
}

TEST(Adaptive, CombinesWhatBothSay) {
  const auto policy = example();
  const Action action = ask(*policy, {look_of(0, 3, 0.7F), look_of(1, 5, 0.6F)});
  EXPECT_EQ(action.kind, Action::Kind::kAnswer);
  EXPECT_EQ(action.model, kNoModel) << "nobody's alone";
  EXPECT_EQ(action.answer.best(), 5) << "big has four times the weight";
  EXPECT_LT(action.answer.confidence(), 0.6) << "small is of another opinion";
  const Action agree = ask(*policy, {look_of(0, 5, 0.7F), look_of(1, 5, 0.6F)});
  EXPECT_GT(agree.answer.confidence(), action.answer.confidence());
}

TEST(Adaptive, ClassesMayHaveWeightsOfTheirOwn) {
  const auto policy = make_adaptive(adaptive_info(), testing::own_adaptive());
  EXPECT_EQ(ask(*policy, {look_of(0, 3, 0.7F)}).kind, Action::Kind::kAnswer);
  EXPECT_EQ(ask(*policy, {look_of(0, 7, 0.7F)}).kind, Action::Kind::kRun) << "0.7 * 0.3 is above 0.1";
  EXPECT_EQ(ask(*policy, {look_of(0, 7, 0.95F)}).kind, Action::Kind::kAnswer);
  // Big says 0.5 for 2 and 0.056 for each other: e^2 on class 5 is not enough, with small's word for it it
  // is.
  EXPECT_EQ(ask(*policy, {look_of(0, 1, 0.9F), look_of(1, 2, 0.5F)}).answer.best(), 2);
  EXPECT_EQ(ask(*policy, {look_of(0, 5, 0.9F), look_of(1, 2, 0.5F)}).answer.best(), 5);
}

TEST(Adaptive, AConfidenceAskedForMakesItGoOn) {
  const auto policy = example();
  Request request;
  request.min_confidence = 0.95;
  EXPECT_EQ(ask(*policy, {look_of(0, 3, 0.9F)}, request).kind, Action::Kind::kRun);
  EXPECT_EQ(ask(*policy, {look_of(0, 3, 0.99F)}, request).kind, Action::Kind::kAnswer);
  EXPECT_EQ(ask(*policy, {look_of(0, 3, 0.9F), look_of(1, 3, 0.5F)}, request).kind, Action::Kind::kAnswer)
      << "nobody is left to ask";
}

TEST(Adaptive, APriceChoosesTheNearestSetting) {
  const Adaptive policy(adaptive_info(), two_stage_adaptive());  // prices 1 and 0.01
  const auto price_at = [&](double price) { return policy.setting({.price = price}).price; };
  EXPECT_EQ(price_at(50), 1);
  EXPECT_EQ(price_at(1), 1);
  EXPECT_EQ(price_at(0.11), 1) << "nearer by ratio";
  EXPECT_EQ(price_at(0.09), 0.01);
  EXPECT_EQ(price_at(0.01), 0.01);
  EXPECT_EQ(price_at(0), 0.01);
  EXPECT_EQ(policy.setting({}).price, 0.01) << "the chosen one";
  EXPECT_EQ(ask(policy, {look_of(0, 3, 0.2F)}, {.price = 1}).kind, Action::Kind::kAnswer);
}

TEST(Adaptive, AnswersAnyPrefix) {
  const auto policy = example();
  const std::vector<Look> looks{look_of(0, 3, 0.7F), look_of(1, 5, 0.6F)};
  const auto answer = [&](std::size_t n) {
    return policy->answer({.features = {}, .looks = std::span(looks).first(n), .spent = {}, .request = {}});
  };
  EXPECT_EQ(answer(0).kind, Action::Kind::kRefuse);
  EXPECT_EQ(answer(1).answer.best(), 3);
  EXPECT_EQ(answer(2).answer.best(), 5);
}

TEST(Adaptive, OnlyTheDefaultRequestIsCertified) {
  const auto policy = example();
  EXPECT_TRUE(policy->certifies({}));
  EXPECT_FALSE(policy->certifies({.max_latency_ms = 100}));
  EXPECT_FALSE(policy->certifies({.min_confidence = 0.5}));
  EXPECT_FALSE(policy->certifies({.price = 0.01}));
  AdaptiveParameters bare = two_stage_adaptive();
  bare.certificate.reset();
  EXPECT_FALSE(make_adaptive(adaptive_info(), bare)->certifies({}));
}

TEST(TrainingFacts, KnowTheirInputs) {
  TrainingFacts facts = adaptive_info().training;  // as from format 3, upper halves alone
  facts.input_hashes.push_back(0xFFFFFFFF00000007U);
  EXPECT_TRUE(facts.has_input(0xFFFFFFFF00000007U));
  EXPECT_FALSE(facts.has_input(0xFFFFFFFF00000008U));
  EXPECT_TRUE(facts.has_input(0x0000000512345678U));
  EXPECT_FALSE(facts.has_input(0x0000000612345678U));
  EXPECT_FALSE(TrainingFacts().has_input(0));
}

TEST(Adaptive, SaysWhatPricesChooseAmong) {
  const auto policy = example();
  const auto settings = policy->price_settings();
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_TRUE(policy->has_prices());
  EXPECT_EQ(settings[0].price, 1);
  EXPECT_EQ(settings[1].score, 0.9);
  EXPECT_EQ(settings[1].cost, 0.5);
  EXPECT_EQ(policy->default_setting(), 1U);
  EXPECT_EQ(policy->price_unit(), kTimeCost);
  AdaptiveParameters joules = two_stage_adaptive();
  joules.unit = kEnergyCost;
  EXPECT_EQ(make_adaptive(adaptive_info(), joules)->price_unit(), kEnergyCost);
}

TEST(Adaptive, TheOrderIsThatOfThePrice) {
  const auto policy = example();
  const auto models = [&](const Request& request) {
    std::vector<ModelIndex> order;
    for (const OrderedLook& look : policy->look_order(request)) {
      EXPECT_TRUE(std::isnan(look.threshold));
      order.push_back(look.model);
    }
    return order;
  };
  EXPECT_EQ(models({}), (std::vector<ModelIndex>{0, 1}));
  EXPECT_EQ(models({.price = 1}), std::vector<ModelIndex>{0});
}

TEST(Adaptive, ACertificateComesWithItsSetting) {
  AdaptiveParameters bare = two_stage_adaptive();
  bare.certificate.reset();
  const auto policy = make_adaptive(adaptive_info(), bare);
  EXPECT_EQ(policy->certificate(), nullptr);
  Certificate certificate;
  certificate.max_loss = 0.02;
  certificate.delta = 0.1;
  certificate.versus = "big";
  const auto certified = policy->with_certificate(0, certificate);
  ASSERT_NE(certified, nullptr);
  ASSERT_NE(certified->certificate(), nullptr);
  EXPECT_EQ(certified->certificate()->max_loss, 0.02);
  EXPECT_EQ(certified->default_setting(), 0U);
  EXPECT_EQ(certified->info().training, policy->info().training);
  EXPECT_EQ(policy->default_setting(), 1U) << "the policy itself stays";
  EXPECT_TRIAGE_ERROR(policy->with_certificate(2, certificate), ErrorCode::kPolicy, "adaptive.chosen: 2");
}

TEST(Adaptive, ExplainsItself) {
  const auto policy = example();
  const std::vector<Look> looks{look_of(0, 3, 0.7F)};
  Trace trace;
  (void)policy->next({.features = {}, .looks = looks, .spent = {}, .request = {}}, &trace);
  const auto lines = testing::lines_of(trace, policy->info());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].what, "look 1, small: big is expected to gain more than its price, goes on");
  ASSERT_EQ(lines[0].values.size(), 3U);
  EXPECT_NEAR(lines[0].values[0].second, 0.7, 1e-3) << "confidence";
  EXPECT_NEAR(lines[0].values[1].second, 0.1, 1e-3) << "gain";
  EXPECT_EQ(lines[0].values[2].second, 0.01) << "price";
}

void refuse(const std::function<void(AdaptiveParameters&)>& change, std::string_view message) {
  AdaptiveParameters model = two_stage_adaptive();
  change(model);
  try {
    (void)make_adaptive(adaptive_info(), model);
    FAIL() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPolicy);
    EXPECT_NE(std::string_view(error.what()).find(message), std::string_view::npos) << error.what();
  }
}

TEST(Adaptive, ChecksItsParts) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  refuse([](auto& m) { m.settings.clear(); }, "adaptive.settings: none, expected at least one");
  refuse([](auto& m) { m.settings[0].price = -1; }, "adaptive.settings[0].price: -1");
  refuse([](auto& m) { m.settings[1].price = 1; },
         "adaptive.settings[1].price: 1, expected less than the one before");
  refuse([](auto& m) { m.settings[0].order.clear(); },
         "adaptive.settings[0].order: 0, expected 1 to 4 models");
  refuse([](auto& m) { m.settings[1].order = {0, 0}; }, "adaptive.settings[1].order: model 0 twice");
  refuse(
      [](auto& m) {
        m.settings[1].order = {0, 2};
      },
      "adaptive.settings[1].order: 2, expected a model from 0 to 1");
  refuse([](auto& m) { m.settings[1].stages.pop_back(); }, "adaptive.settings[1].stages: 1, expected 2");
  refuse([](auto& m) { m.settings[1].stages[1].weights = {1}; },
         "stages[1].weights: 1, expected 2 or 30 numbers");
  refuse([](auto& m) { m.settings[1].stages[0].weights = std::vector<double>(20, 1); },
         "expected one, above 0, so that one look's answer stays its own");
  refuse([](auto& m) { m.settings[1].stages[0].weights = {0}; },
         "stages[0].weights: 0, expected one, above 0");
  refuse([](auto& m) { m.settings[1].stages[0].gain.pop_back(); },
         "stages[0].gain: 6, expected 7 or 17 numbers");
  refuse([](auto& m) { m.settings[1].stages[1].gain = {1}; },
         "stages[1].gain: 1, expected none: nothing follows");
  refuse([](auto& m) { m.settings[1].stages[1].weights = {1, kNaN}; }, "stages[1].weights: nan");
  refuse([](auto& m) { m.settings[1].stages[0].gain[3] = kNaN; }, "stages[0].gain: nan");
  refuse([](auto& m) { m.settings[0].score = kNaN; }, "adaptive.settings[0]: nan");
  refuse([](auto& m) { m.chosen = 2; }, "adaptive.chosen: 2, expected 0 to 1");
  refuse([](auto& m) { m.certificate->delta = 1; },
         "adaptive.certificate: 1, expected shares between 0 and 1");
  refuse([](auto& m) { m.certificate->mean_loss = kNaN; }, "adaptive.certificate: nan");
  refuse([](auto& m) { m.certificate->per = "class"; }, "adaptive.certificate.groups: 0, expected some");
  refuse([](auto& m) { m.certificate->groups = 2; }, "adaptive.certificate.groups: 2, expected some where");
}

}  // namespace
}  // namespace triage
