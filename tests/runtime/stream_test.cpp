// A stream meets its mean time, whatever the settings really take.
#include <gtest/gtest.h>

#include <cmath>

#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/policies.h"
#include "support/expect_error.h"
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
  joules.costs_energy = true;
  const auto frugal = make_adaptive(testing::adaptive_info(), joules);
  EXPECT_TRIAGE_ERROR((Stream(*frugal, {.mean_latency_ms = 2})), ErrorCode::kUsage, "trained to save energy");
}

}  // namespace
}  // namespace triage
