// A stream meets its mean time, whatever the settings really take.
#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/policies.h"
#include "support/expect_error.h"
#include "triage/clock.h"
#include "triage/request.h"

namespace triage {
namespace {

// Prices 1, 0.1, 0.01 and 0.001, expected at 1, 2, 4 and 8 ms.
std::unique_ptr<Policy> policy_of_four() {
  AdaptiveParameters model;
  double price = 1, ms = 1;
  for (int i = 0; i < 4; ++i, price /= 10, ms *= 2)
    model.settings.push_back({price, {0}, {{{1.0}, {}}}, 0.5, ms});
  return make_adaptive(testing::info_of({"a"}), model);
}

// Mean time of `n` inputs when a setting really takes `factor` times what was expected, give or take.
double run(double target, double factor, int n) {
  const auto policy = policy_of_four();
  Stream stream(*policy, {.mean_latency_ms = target});
  Random random(1);
  for (int i = 0; i < n; ++i) {
    const Request request = stream.request();
    const double expected = std::pow(2, -std::round(std::log10(request.price)));
    stream.record(request, factor * expected * (0.5 + random.uniform()));
  }
  EXPECT_EQ(stream.inputs(), static_cast<std::size_t>(n));
  return stream.mean_ms();
}

TEST(Stream, MeetsTargetsBetweenSettings) {
  for (const double target : {1.3, 2.0, 3.1, 5.0, 7.9}) {
    EXPECT_NEAR(run(target, 1, 3000), target, 0.03 * target) << target;
  }
}

TEST(Stream, LearnsThatTimesAreOthersThanInTraining) {
  EXPECT_NEAR(run(4, 1.5, 5000), 4, 0.1);
  EXPECT_NEAR(run(4, 0.6, 5000), 4, 0.1);
}

// The factor is learned from all inputs so far, slowly; making up for what was overspent keeps the mean
// meanwhile.
TEST(Stream, MeetsItsMeanOnAMachineThatBecomesTwiceAsSlow) {
  const auto policy = policy_of_four();
  FakeClock clock;
  Stream stream(*policy, {.mean_latency_ms = 4});
  const auto mean_of = [&](double load, int n) {
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      const Request request = stream.request();
      const Stopwatch watch(clock);
      clock.pass_ns(std::llround(1e6 * load * std::pow(2, -std::round(std::log10(request.price)))));
      stream.record(request, watch.ms());
      sum += watch.ms() / n;
    }
    return sum;
  };
  EXPECT_NEAR(mean_of(1, 2000), 4, 0.1);
  EXPECT_NEAR(mean_of(2, 200), 4, 1.4) << "half a horizon is overspent at once";
  EXPECT_NEAR(mean_of(2, 2000), 4, 0.1);
  EXPECT_NEAR(stream.mean_ms(), 4, 0.1);
  EXPECT_NEAR(mean_of(1, 2000), 4, 0.2) << "and as fast as before";
}

TEST(Stream, CountsMillisecondsWhateverTheUnitOfItsPrices) {
  AdaptiveParameters model;
  model.unit = {.per_ms = 2, .per_j = 0};
  model.settings = {{1, {0}, {{{1.0}, {}}}, 0.5, 2}, {0.5, {0}, {{{1.0}, {}}}, 0.6, 8}};
  const auto policy = make_adaptive(testing::info_of({"a"}), model);
  EXPECT_NO_THROW(Stream(*policy, {.mean_latency_ms = 1}));
  EXPECT_TRIAGE_ERROR((Stream(*policy, {.mean_latency_ms = 0.9})), ErrorCode::kUsage, "at least 1,");
}

TEST(Stream, BeyondTheDearestItTakesThatOne) { EXPECT_NEAR(run(20, 1, 2000), 8, 0.2); }

TEST(Stream, RefusesWhatItCannotMeet) {
  const auto policy = policy_of_four();
  EXPECT_TRIAGE_ERROR(
      (Stream(*policy, {.mean_latency_ms = 0.5})), ErrorCode::kUsage,
      "mean_latency_ms: 0.5, expected a time of at least 1, what the policy's cheapest setting takes");
  EXPECT_TRIAGE_ERROR((Stream(*policy, {.mean_latency_ms = std::nan("")})), ErrorCode::kUsage,
                      "mean_latency_ms: nan");
  EXPECT_TRIAGE_ERROR((Stream(*policy, {.mean_latency_ms = 2, .horizon = 0})), ErrorCode::kUsage,
                      "horizon: 0");
  const auto single = make_single(testing::info_of({"a"}), 0);
  EXPECT_TRIAGE_ERROR((Stream(*single, {.mean_latency_ms = 2})), ErrorCode::kUsage,
                      "a policy of kind 'single', expected an adaptive one");
  AdaptiveParameters joules = testing::two_stage_adaptive();
  joules.unit = kEnergyCost;
  const auto frugal = make_adaptive(testing::adaptive_info(), joules);
  EXPECT_TRIAGE_ERROR((Stream(*frugal, {.mean_latency_ms = 2})), ErrorCode::kUsage, "trained to save energy");
}

}  // namespace
}  // namespace triage
