// The driver loop on scripted policies and a scripted backend; the clock moves only when one of them says so.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "support/allocations.h"
#include "triage/error.h"
#include "triage/runtime.h"

namespace triage {
namespace {

PolicyInfo info_of(std::size_t n_models, std::size_t n_features) {
  PolicyInfo info;
  for (std::size_t i = 0; i < n_models; ++i) info.models.push_back({{"m" + std::to_string(i), ""}});
  for (std::size_t i = 0; i < n_features; ++i) info.schema.features.push_back({"f" + std::to_string(i), 1});
  return info;
}

// Calls a function; each call lets `decision_ns` pass.
class FunctionPolicy final : public Policy {
 public:
  using Next = std::function<Action(const Evidence&)>;
  FunctionPolicy(PolicyInfo info, FakeClock& clock, Next next)
      : Policy(std::move(info)), clock_(&clock), next_(std::move(next)) {}
  std::string_view kind() const override { return "scripted"; }
  Action next(const Evidence& evidence, Trace* trace) const override {
    clock_->pass_ns(decision_ns);
    if (trace != nullptr) trace->emplace_back(OwnStep{"asked"});
    return next_(evidence);
  }
  std::int64_t decision_ns = 1'000'000;

 private:
  FakeClock* clock_;
  Next next_;
};

TopK answer_for(ModelIndex model) {
  const float p[] = {0.25F, 0.5F + 0.125F * static_cast<float>(model)};
  return TopK::from_probabilities(p);
}

// Model i costs 10 * (i + 1) ms and 1 J; feature i has the value i and costs 1 ms.
class FakeBackend : public Backend {
 public:
  Cost extract(FeatureMask mask, std::span<float> values) override {
    masks.push_back(mask);
    double ms = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((mask >> i & 1) == 0) continue;
      values[i] = static_cast<float>(i);
      ms += 1;
    }
    return {.ms = ms, .j = joules};
  }
  Look run(ModelIndex model) override {
    const TopK output = answer_for(model);
    return {model, output, output.confidence(), {.ms = 10.0 * (model + 1), .j = joules}};
  }
  double joules = 1;
  std::vector<FeatureMask> masks;
};

struct Drive : ::testing::Test {
  FakeClock clock;
  FakeBackend backend;
  Outcome outcome;

  void expect_bug(std::size_t n_models, std::size_t n_features, const FunctionPolicy::Next& next,
                  std::string_view message) {
    const FunctionPolicy policy(info_of(n_models, n_features), clock, next);
    try {
      drive(policy, backend, clock, outcome);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInternal);
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  }
};

Action extract_run_answer(const Evidence& evidence) {
  if (std::isnan(evidence.features[0])) return Action::extract(0b11);
  if (evidence.looks.empty()) return Action::run(1);
  return Action::answer_of(evidence.looks.front());
}

TEST_F(Drive, ExtractsRunsAndAnswers) {
  const FunctionPolicy policy(info_of(2, 3), clock, extract_run_answer);
  Trace trace;
  drive(policy, backend, clock, outcome, &trace);
  EXPECT_FALSE(outcome.refused);
  EXPECT_EQ(outcome.model, 1);
  EXPECT_EQ(outcome.answer.best(), 1);
  EXPECT_DOUBLE_EQ(outcome.answer.confidence(), 0.625);
  ASSERT_EQ(outcome.looks.size(), 1U);
  EXPECT_EQ(outcome.features[0], 0.0F);
  EXPECT_EQ(outcome.features[1], 1.0F);
  EXPECT_TRUE(std::isnan(outcome.features[2]));
  EXPECT_DOUBLE_EQ(outcome.features_ms, 2);
  EXPECT_DOUBLE_EQ(outcome.decision_ms, 3);
  EXPECT_DOUBLE_EQ(outcome.total.ms, 20 + 2 + 3);
  EXPECT_DOUBLE_EQ(outcome.total.j, 2);
  EXPECT_EQ(trace.size(), 3U);
}

TEST_F(Drive, TellsThePolicyWhatWasSpent) {
  std::vector<double> spent;
  const FunctionPolicy policy(info_of(2, 0), clock, [&](const Evidence& evidence) {
    spent.push_back(evidence.spent.ms);
    if (evidence.looks.size() < 2) return Action::run(static_cast<ModelIndex>(evidence.looks.size()));
    return Action::answer_of(evidence.looks[0]);
  });
  drive(policy, backend, clock, outcome);
  EXPECT_EQ(spent, (std::vector<double>{0, 11, 32}));
  EXPECT_EQ(outcome.model, 0);
}

TEST_F(Drive, UnmeasuredEnergyStaysUnmeasured) {
  backend.joules = kNotMeasured;
  const FunctionPolicy policy(info_of(2, 3), clock, extract_run_answer);
  drive(policy, backend, clock, outcome);
  EXPECT_TRUE(std::isnan(outcome.total.j));
}

TEST_F(Drive, RefusesAndForgetsTheLastInput) {
  const FunctionPolicy answering(info_of(2, 3), clock, extract_run_answer);
  drive(answering, backend, clock, outcome);
  const FunctionPolicy refusing(info_of(2, 1), clock, [](const Evidence&) { return Action::refuse(); });
  drive(refusing, backend, clock, outcome);
  EXPECT_TRUE(outcome.refused);
  EXPECT_TRUE(outcome.answer.empty());
  EXPECT_TRUE(outcome.looks.empty());
  EXPECT_EQ(outcome.model, kNoModel);
  ASSERT_EQ(outcome.features.size(), 1U);
  EXPECT_TRUE(std::isnan(outcome.features[0]));
  EXPECT_DOUBLE_EQ(outcome.total.ms, 1);
}

TEST_F(Drive, AnswersWithACombinationOfLooks) {
  const FunctionPolicy policy(info_of(1, 0), clock, [](const Evidence& evidence) {
    if (evidence.looks.empty()) return Action::run(0);
    Action action = Action::answer_of(evidence.looks[0]);
    action.model = kNoModel;
    return action;
  });
  drive(policy, backend, clock, outcome);
  EXPECT_FALSE(outcome.refused);
  EXPECT_EQ(outcome.model, kNoModel);
  EXPECT_FALSE(outcome.answer.empty());
}

TEST_F(Drive, ExtractsOnlyWhatIsMissing) {
  const FunctionPolicy policy(info_of(1, 3), clock, [](const Evidence& evidence) {
    if (std::isnan(evidence.features[0])) return Action::extract(0b001);
    if (std::isnan(evidence.features[2])) return Action::extract(0b101);
    return Action::refuse();
  });
  drive(policy, backend, clock, outcome);
  EXPECT_EQ(backend.masks, (std::vector<FeatureMask>{0b001, 0b100}));
}

TEST_F(Drive, RejectsModelTwice) {
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(1); }, "asks twice for model 1");
}
TEST_F(Drive, RejectsUnknownModels) {
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(2); }, "asks for model 2, expected one of its 2 models");
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(kNoModel); }, "asks for model -1");
}
TEST_F(Drive, RejectsAnswerBeforeAnyLook) {
  expect_bug(
      1, 0,
      [](const Evidence&) {
        return Action{Action::Kind::kAnswer, 0, 0, {}};
      },
      "answers before any model ran");
}
TEST_F(Drive, RejectsAnswerOfAModelThatDidNotRun) {
  expect_bug(
      2, 0,
      [](const Evidence& evidence) {
        return evidence.looks.empty() ? Action::run(0) : Action{Action::Kind::kAnswer, 0, 1, {}};
      },
      "answers for model 1, which did not run");
}
TEST_F(Drive, RejectsExtractionOfNothingNew) {
  expect_bug(
      1, 2, [](const Evidence&) { return Action::extract(0b11); }, "asks for no new feature");
  expect_bug(
      1, 2, [](const Evidence&) { return Action::extract(0); }, "asks for no new feature");
}
TEST_F(Drive, RejectsFeaturesOutsideTheSchema) {
  expect_bug(
      1, 2, [](const Evidence&) { return Action::extract(0b100); }, "outside its schema");
}

// ---- caps ----

// Model i may take 10 * (i + 1) ms, as in FakeBackend, and i + 1 J.
PolicyInfo capped_info(std::size_t n_models) {
  PolicyInfo info = info_of(n_models, 0);
  for (std::size_t i = 0; i < n_models; ++i) {
    const double ms = 10 * static_cast<double>(i + 1);
    info.models[i].mean_ms = ms;
    info.models[i].p999_ms = ms;
    info.models[i].mean_j = static_cast<double>(i + 1);
  }
  return info;
}

// One model after the other, then the last one's answer.
Action all_in_turn(const Evidence& evidence) {
  if (evidence.looks.size() < 3) return Action::run(static_cast<ModelIndex>(evidence.looks.size()));
  return Action::answer_of(evidence.looks.back());
}

struct Caps : Drive {
  void run(const FunctionPolicy::Next& next, const Request& request) {
    FunctionPolicy policy(capped_info(3), clock, next);
    policy.decision_ns = 0;
    drive(policy, backend, clock, outcome, nullptr, request);
  }
};

TEST_F(Caps, AModelThatMayOverrunIsNotStarted) {
  run(all_in_turn, {.max_latency_ms = 60});
  EXPECT_EQ(outcome.looks.size(), 3U) << "10 + 20 + 30 just fits";
  EXPECT_FALSE(outcome.limited);
  run(all_in_turn, {.max_latency_ms = 59.9});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_TRUE(outcome.limited);
  EXPECT_FALSE(outcome.breached);
  EXPECT_EQ(outcome.model, 1) << "the best answer so far";
  run(all_in_turn, {.max_latency_ms = 70, .spent_ms = 10.5});
  EXPECT_EQ(outcome.looks.size(), 2U) << "decoding counts";
  EXPECT_DOUBLE_EQ(outcome.elapsed_ms, 40.5);
}

TEST_F(Caps, WithoutALookTheDearestThatFitsAnswers) {
  const auto wants_the_last = [](const Evidence& evidence) {
    return evidence.looks.empty() ? Action::run(2) : Action::answer_of(evidence.looks.back());
  };
  run(wants_the_last, {.max_latency_ms = 25});
  EXPECT_EQ(outcome.model, 1);
  EXPECT_TRUE(outcome.limited);
  run(wants_the_last, {.max_latency_ms = 30});
  EXPECT_EQ(outcome.model, 2);
  EXPECT_FALSE(outcome.limited);
  run(wants_the_last, {.max_latency_ms = 25, .spent_ms = 16});
  EXPECT_TRUE(outcome.refused) << "nothing fits";
  EXPECT_TRUE(outcome.limited);
}

TEST_F(Caps, DecisionsCount) {
  const FunctionPolicy policy(capped_info(3), clock, all_in_turn);  // 1 ms each
  drive(policy, backend, clock, outcome, nullptr, {.max_latency_ms = 61});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_DOUBLE_EQ(outcome.elapsed_ms, 33);
}

TEST_F(Caps, EnergyCountsByMeans) {
  run(all_in_turn, {.max_energy_j = 6});
  EXPECT_EQ(outcome.looks.size(), 3U);
  run(all_in_turn, {.max_energy_j = 5.9});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_TRUE(outcome.limited);
}

// A backend whose model 0 takes longer than it ever did in training.
TEST_F(Caps, AnOverrunIsCounted) {
  struct Slow : FakeBackend {
    Look run(ModelIndex model) override {
      Look look = FakeBackend::run(model);
      look.cost.ms = 35;
      return look;
    }
  } slow;
  FunctionPolicy policy(capped_info(3), clock, all_in_turn);
  policy.decision_ns = 0;
  drive(policy, slow, clock, outcome, nullptr, {.max_latency_ms = 30});
  EXPECT_TRUE(outcome.breached);
  EXPECT_TRUE(outcome.limited);
  EXPECT_EQ(outcome.model, 0);
}

TEST_F(Caps, AnAnswerBelowTheConfidenceAskedForIsMarked) {
  run(all_in_turn, {.min_confidence = 0.75});  // model 2 says 0.75
  EXPECT_FALSE(outcome.below_confidence);
  run(all_in_turn, {.min_confidence = 0.76});
  EXPECT_TRUE(outcome.below_confidence);
  run(all_in_turn, {});
  EXPECT_FALSE(outcome.below_confidence);
}

TEST_F(Caps, RequestsThatCannotBeMetAreRefused) {
  const FunctionPolicy policy(capped_info(3), clock, all_in_turn);
  const auto refuse = [](const Policy& p, const Request& request, std::string_view message) {
    try {
      check_request(p, request);
      FAIL() << "accepted, expected: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_NE(std::string_view(error.what()).find(message), std::string_view::npos) << error.what();
    }
  };
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  check_request(policy, {});
  check_request(policy, {.max_latency_ms = 10, .max_energy_j = 1, .min_confidence = 1});
  refuse(
      policy, {.max_latency_ms = 9.5},
      "--max-latency-ms: 9.5, expected at least 10, and what decoding and deciding take: 999 of 1,000 runs "
      "of m0, the policy's fastest model");
  refuse(policy, {.max_latency_ms = kNaN}, "--max-latency-ms: nan");
  refuse(policy, {.max_energy_j = 0.5}, "--max-energy-j: 0.5, expected at least 1, the mean of m0");
  refuse(policy, {.min_confidence = 1.5}, "--min-confidence: 1.5, expected 0 to 1");
  refuse(policy, {.min_confidence = kNaN}, "--min-confidence: nan");
  refuse(policy, {.price = 1}, "price: 1, expected none, as a policy of kind 'scripted' has no prices");
  refuse(policy, {.spent_ms = -1}, "spent_ms: -1");
  const FunctionPolicy unmetered(info_of(2, 0), clock, all_in_turn);
  refuse(unmetered, {.max_energy_j = 100}, "--max-energy-j: 100, expected no energy cap, as the energy");
}

TEST_F(Drive, WarmLoopAllocatesNothing) {
  const FunctionPolicy policy(info_of(3, 5), clock, extract_run_answer);
  backend.masks.reserve(100);
  drive(policy, backend, clock, outcome);
  const std::size_t before = testing::allocations();
  for (int i = 0; i < 50; ++i) drive(policy, backend, clock, outcome);
  EXPECT_EQ(testing::allocations(), before);
}

}  // namespace
}  // namespace triage
