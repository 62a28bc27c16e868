// The driver loop on scripted policies and a scripted backend; the clock moves only when one of them says so.
#include "runtime/driver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "base/hash.h"
#include "support/allocations.h"
#include "triage/error.h"

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

struct DriverLoop : ::testing::Test {
  FakeClock clock;
  FakeBackend backend;
  Result outcome;

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

TEST_F(DriverLoop, ExtractsRunsAndAnswers) {
  const FunctionPolicy policy(info_of(2, 3), clock, extract_run_answer);
  drive(policy, backend, clock, outcome, {.explain = true});
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
  EXPECT_EQ(outcome.trace->size(), 3U);
}

TEST_F(DriverLoop, TellsThePolicyWhatWasSpent) {
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

TEST_F(DriverLoop, UnmeasuredEnergyStaysUnmeasured) {
  backend.joules = kNotMeasured;
  const FunctionPolicy policy(info_of(2, 3), clock, extract_run_answer);
  drive(policy, backend, clock, outcome);
  EXPECT_TRUE(std::isnan(outcome.total.j));
}

TEST_F(DriverLoop, RefusesAndForgetsTheLastInput) {
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

TEST_F(DriverLoop, AnswersWithACombinationOfLooks) {
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

TEST_F(DriverLoop, ExtractsOnlyWhatIsMissing) {
  const FunctionPolicy policy(info_of(1, 3), clock, [](const Evidence& evidence) {
    if (std::isnan(evidence.features[0])) return Action::extract(0b001);
    if (std::isnan(evidence.features[2])) return Action::extract(0b101);
    return Action::refuse();
  });
  drive(policy, backend, clock, outcome);
  EXPECT_EQ(backend.masks, (std::vector<FeatureMask>{0b001, 0b100}));
}

TEST_F(DriverLoop, RejectsModelTwice) {
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(1); }, "asks twice for model 1");
}
TEST_F(DriverLoop, RejectsUnknownModels) {
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(2); }, "asks for model 2, expected one of its 2 models");
  expect_bug(
      2, 0, [](const Evidence&) { return Action::run(kNoModel); }, "asks for model -1");
}
TEST_F(DriverLoop, RejectsAnswerBeforeAnyLook) {
  expect_bug(
      1, 0,
      [](const Evidence&) {
        return Action{Action::Kind::kAnswer, 0, 0, {}};
      },
      "answers before any model ran");
}
TEST_F(DriverLoop, RejectsAnswerOfAModelThatDidNotRun) {
  expect_bug(
      2, 0,
      [](const Evidence& evidence) {
        return evidence.looks.empty() ? Action::run(0) : Action{Action::Kind::kAnswer, 0, 1, {}};
      },
      "answers for model 1, which did not run");
}
TEST_F(DriverLoop, RejectsExtractionOfNothingNew) {
  expect_bug(
      1, 2, [](const Evidence&) { return Action::extract(0b11); }, "asks for no new feature");
  expect_bug(
      1, 2, [](const Evidence&) { return Action::extract(0); }, "asks for no new feature");
}
TEST_F(DriverLoop, RejectsFeaturesOutsideTheSchema) {
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

struct Caps : DriverLoop {
  void run(const FunctionPolicy::Next& next, const Request& request) {
    FunctionPolicy policy(capped_info(3), clock, next);
    policy.decision_ns = 0;
    drive(policy, backend, clock, outcome, request);
  }
};

TEST_F(Caps, AModelThatMayOverrunIsNotStarted) {
  run(all_in_turn, {.max_latency_ms = 60});
  EXPECT_EQ(outcome.looks.size(), 3U) << "10 + 20 + 30 just fits";
  EXPECT_FALSE(outcome.limited());
  run(all_in_turn, {.max_latency_ms = 59.9});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_TRUE(outcome.limited());
  EXPECT_FALSE(outcome.breached);
  EXPECT_EQ(outcome.model, 1) << "the best answer so far";
  run(all_in_turn, {.max_latency_ms = 70, .spent_ms = 10.5});
  EXPECT_EQ(outcome.looks.size(), 2U) << "decoding counts";
  EXPECT_DOUBLE_EQ(outcome.elapsed_ms, 40.5);
}

// Slow once in a thousand runs: the mean fits, and so do 99 of 100 runs.
TEST_F(Caps, ReckonWithTheQuantileAskedFor) {
  PolicyInfo info = capped_info(3);
  info.models[2].p999_ms = 90;
  info.models[2].p99_ms = 31;
  for (PolicyModel& model : info.models) {
    model.p50_ms = model.mean_ms;
    if (std::isnan(model.p99_ms)) model.p99_ms = model.mean_ms;
  }
  FunctionPolicy policy(info, clock, all_in_turn);
  policy.decision_ns = 0;
  const auto looks = [&](const Request& request) {
    drive(policy, backend, clock, outcome, request);
    return outcome.looks.size();
  };
  EXPECT_EQ(looks({.max_latency_ms = 61}), 2U);
  EXPECT_EQ(outcome.kept_out, 2);
  EXPECT_DOUBLE_EQ(outcome.kept_out_at_ms, 30);
  EXPECT_EQ(looks({.max_latency_ms = 61, .cap_quantile = 0.99}), 3U);
  EXPECT_EQ(outcome.kept_out, kNoModel);
  EXPECT_EQ(looks({.max_latency_ms = 60.5, .cap_quantile = 0.99}), 2U);
  EXPECT_EQ(looks({.max_latency_ms = 60.5, .cap_quantile = 0.5}), 3U);
  EXPECT_EQ(looks({.deadline_ns = clock.now_ns() + 61'000'000, .cap_quantile = 0.99}), 3U);
}

TEST_F(Caps, WithoutALookTheDearestThatFitsAnswers) {
  const auto wants_the_last = [](const Evidence& evidence) {
    return evidence.looks.empty() ? Action::run(2) : Action::answer_of(evidence.looks.back());
  };
  run(wants_the_last, {.max_latency_ms = 25});
  EXPECT_EQ(outcome.model, 1);
  EXPECT_TRUE(outcome.limited());
  run(wants_the_last, {.max_latency_ms = 30});
  EXPECT_EQ(outcome.model, 2);
  EXPECT_FALSE(outcome.limited());
  run(wants_the_last, {.max_latency_ms = 25, .spent_ms = 16});
  EXPECT_TRUE(outcome.refused) << "nothing fits";
  EXPECT_TRUE(outcome.limited());
}

TEST_F(Caps, DecisionsCount) {
  const FunctionPolicy policy(capped_info(3), clock, all_in_turn);  // 1 ms each
  drive(policy, backend, clock, outcome, {.max_latency_ms = 61});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_DOUBLE_EQ(outcome.elapsed_ms, 33);
}

TEST_F(Caps, EnergyCountsByMeans) {
  run(all_in_turn, {.max_energy_j = 6});
  EXPECT_EQ(outcome.looks.size(), 3U);
  run(all_in_turn, {.max_energy_j = 5.9});
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_TRUE(outcome.limited());
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
  drive(policy, slow, clock, outcome, {.max_latency_ms = 30});
  EXPECT_TRUE(outcome.breached);
  EXPECT_TRUE(outcome.limited());
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

TEST_F(Caps, ACapThatCannotBeMetIsAnOutcomeWithItsReason) {
  run(all_in_turn, {.max_latency_ms = 9.5});
  EXPECT_TRUE(outcome.refused);
  EXPECT_EQ(outcome.limit, Limit::kLatency);
  EXPECT_EQ(outcome.label(), kNoLabel);
  run(all_in_turn, {.max_energy_j = 0.5});
  EXPECT_TRUE(outcome.refused);
  EXPECT_EQ(outcome.limit, Limit::kEnergy);
}

// The deadline is a point on the clock, which stands at `at` when the input begins.
TEST_F(Caps, ADeadlineIsHeldLikeALatencyCap) {
  struct Passing : FakeBackend {
    explicit Passing(FakeClock& clock) : clock_(&clock), start_(clock.now_ns()) {}
    Look run(ModelIndex model) override {
      Look look = FakeBackend::run(model);
      clock_->pass_ns(static_cast<std::int64_t>(look.cost.ms * 1e6));
      return look;
    }
    double elapsed_ms(double) const override { return static_cast<double>(clock_->now_ns() - start_) * 1e-6; }
    FakeClock* clock_;
    std::int64_t start_;
  };
  clock.pass_ns(5'000'000'000);
  FunctionPolicy policy(capped_info(3), clock, all_in_turn);
  policy.decision_ns = 0;
  const auto run_by = [&](double ms) {
    Passing passing(clock);
    const std::int64_t deadline = clock.now_ns() + static_cast<std::int64_t>(ms * 1e6);
    drive(policy, passing, clock, outcome, {.deadline_ns = deadline});
  };
  run_by(60);
  EXPECT_EQ(outcome.looks.size(), 3U);
  EXPECT_EQ(outcome.limit, Limit::kNone);
  run_by(59.9);
  EXPECT_EQ(outcome.looks.size(), 2U);
  EXPECT_EQ(outcome.limit, Limit::kDeadline);
  EXPECT_FALSE(outcome.breached);
  run_by(-1);
  EXPECT_TRUE(outcome.refused) << "it had passed before";
  EXPECT_EQ(outcome.limit, Limit::kDeadline);
}

TEST_F(Caps, AStopIsLookedAtBetweenLooks) {
  std::stop_source stop;
  FunctionPolicy policy(capped_info(3), clock, [&](const Evidence& evidence) {
    if (evidence.looks.size() == 1) stop.request_stop();
    return all_in_turn(evidence);
  });
  drive(policy, backend, clock, outcome, {}, stop.get_token());
  EXPECT_EQ(outcome.looks.size(), 2U) << "the model that was asked for still ran";
  EXPECT_EQ(outcome.limit, Limit::kStopped);
  EXPECT_EQ(outcome.model, 1) << "the best answer so far";
  drive(policy, backend, clock, outcome, {}, stop.get_token());
  EXPECT_TRUE(outcome.refused);
  EXPECT_TRUE(outcome.looks.empty());
}

// A backend whose networks are all taken, for as long as anybody waits.
TEST_F(Caps, AModelThatCannotBeHadInTimeEndsIt) {
  struct Busy : FakeBackend {
    std::optional<Look> run_within(ModelIndex model, const Patience& patience) override {
      waited_until = patience.until_ns;
      if (model > 0) return std::nullopt;
      return run(model);
    }
    std::int64_t waited_until = 0;
  } busy;
  FunctionPolicy policy(capped_info(3), clock, all_in_turn);
  policy.decision_ns = 0;
  drive(policy, busy, clock, outcome, {.max_latency_ms = 100});
  EXPECT_EQ(outcome.limit, Limit::kLatency);
  EXPECT_EQ(outcome.model, 0);
  EXPECT_EQ(busy.waited_until, 70'000'000) << "10 of 100 ms are gone, and model 1 may take 20";
}

TEST_F(Caps, RequestsThatMakeNoSenseAreErrors) {
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
  check_request(policy, {.max_latency_ms = 0, .max_energy_j = 0, .min_confidence = 1});
  refuse(policy, {.max_latency_ms = -1}, "max_latency_ms: -1, expected 0 or more");
  refuse(policy, {.max_latency_ms = kNaN}, "max_latency_ms: nan");
  refuse(policy, {.max_energy_j = kNaN}, "max_energy_j: nan, expected 0 or more");
  refuse(policy, {.min_confidence = 1.5}, "min_confidence: 1.5, expected 0 to 1");
  refuse(policy, {.min_confidence = kNaN}, "min_confidence: nan");
  refuse(policy, {.price = 1}, "`price`: 1, expected none, as a policy of kind 'scripted' has no prices");
  refuse(policy, {.spent_ms = -1}, "spent_ms: -1");
  refuse(policy, {.cap_quantile = 0.95}, "cap_quantile: 0.95, expected one of 0.5, 0.9, 0.99, 0.999");
  refuse(policy, {.cap_quantile = kNaN}, "cap_quantile: nan");
  refuse(policy, {.cap_quantile = 0.99}, "cap_quantile: 0.99, expected 0.999, as the policy knows no other");
  const FunctionPolicy unmetered(info_of(2, 0), clock, all_in_turn);
  refuse(unmetered, {.max_energy_j = 100}, "max_energy_j: 100, expected no energy cap, as the energy");
}

// A machine on which models take `load` times as long as the policy says, a tenth more or less.
class LoadedBackend final : public FakeBackend {
 public:
  Look run(ModelIndex model) override {
    Look look = FakeBackend::run(model);
    const double expected_ms = look.cost.ms;
    look.cost.ms *= load * (0.9 + 0.2 * random_.uniform());
    if (factor != nullptr) factor->saw(look.cost.ms, expected_ms);
    return look;
  }
  double load = 1;
  LoadFactor* factor = nullptr;  // that learns

 private:
  Random random_{1};
};

// Wants the last of three models at a cap that its quantile of 36 ms just fits, while the load changes.
struct CapsUnderLoad : DriverLoop {
  CapsUnderLoad()
      : policy(info(), clock, [](const Evidence& evidence) {
          return evidence.looks.empty() ? Action::run(2) : Action::answer_of(evidence.looks.back());
        }) {
    policy.decision_ns = 0;
  }
  static PolicyInfo info() {
    PolicyInfo made = capped_info(3);
    for (PolicyModel& model : made.models) model.p999_ms = 1.2 * model.mean_ms;
    return made;
  }
  struct Counts {
    int breached = 0, refused = 0, last_model = 0;
  };
  Counts run(double load, LoadFactor* learns, double cap_ms = 50, int n = 1000) {
    machine.load = load;
    machine.factor = learns;
    Counts counts;
    for (int i = 0; i < n; ++i) {
      drive(policy, machine, clock, outcome, {.max_latency_ms = cap_ms}, {}, learns);
      if (outcome.refused && learns != nullptr) learns->saw_nothing();
      counts.breached += outcome.breached ? 1 : 0;
      counts.refused += outcome.refused ? 1 : 0;
      counts.last_model += outcome.model == 2 ? 1 : 0;
    }
    return counts;
  }

  FunctionPolicy policy;
  LoadedBackend machine;
  LoadFactor factor{30};
};

TEST_F(CapsUnderLoad, AreBrokenByEveryInputWhereTheLoadIsNotLearned) {
  EXPECT_EQ(run(1, nullptr).breached, 0);
  EXPECT_EQ(run(2, nullptr).breached, 1000);
}

TEST_F(CapsUnderLoad, HoldOnceTheLoadIsLearned) {
  const Counts idle = run(1, &factor);
  EXPECT_EQ(idle.breached, 0);
  EXPECT_EQ(idle.last_model, 1000) << "an idle machine is not held back";
  EXPECT_LT(factor.value(), 1.05);
  const Counts busy = run(2, &factor);
  EXPECT_LE(busy.breached, 20);
  EXPECT_EQ(busy.refused, 0);
  EXPECT_EQ(busy.last_model, busy.breached) << "the second of three fits";
  EXPECT_NEAR(factor.value(), 2, 0.1);
  const Counts after = run(1, &factor);
  EXPECT_EQ(after.breached, 0);
  EXPECT_GE(after.last_model, 980);
}

// A cap that nothing fits under load: nothing is seen of the load's end, so some inputs have to try.
TEST_F(CapsUnderLoad, AreTriedAgainWhereEverythingIsRefused) {
  (void)run(2, &factor, 60);
  const Counts busy = run(2, &factor, 15);
  EXPECT_GE(busy.refused, 800);
  EXPECT_EQ(busy.breached, 1000 - busy.refused);
  const Counts after = run(1, &factor, 15);
  EXPECT_EQ(after.breached, 0);
  EXPECT_LE(after.refused, 60);
}

TEST_F(CapsUnderLoad, ASingleSlowRunHardlyCounts) {
  (void)run(1, &factor);
  (void)run(100, &factor, 50, 1);  // as the first after loading
  EXPECT_LT(factor.value(), 1.2);
  (void)run(1, &factor, 50, 20);
  EXPECT_LT(factor.value(), 1.05);
}

TEST_F(CapsUnderLoad, RunsWithoutTimesTeachNothing) {
  factor.saw(0, 10);
  factor.saw(10, 0);
  factor.saw(std::nan(""), 10);
  factor.saw_nothing();
  EXPECT_EQ(factor.value(), 1);
  factor.saw(5, 10);
  EXPECT_EQ(factor.value(), 1) << "a faster machine promises no more";
}

TEST_F(DriverLoop, WarmLoopAllocatesNothing) {
  const FunctionPolicy policy(info_of(3, 5), clock, extract_run_answer);
  backend.masks.reserve(100);
  drive(policy, backend, clock, outcome);
  const std::size_t before = testing::allocations();
  const LoadFactor load(10);
  for (int i = 0; i < 50; ++i) drive(policy, backend, clock, outcome, {}, {}, &load);
  EXPECT_EQ(testing::allocations(), before);
}

}  // namespace
}  // namespace triage
