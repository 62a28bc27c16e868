// Pooling, combination and evidence, by hand.
#include "policy/combine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

TopK output(std::vector<float> probabilities) { return TopK::from_probabilities(probabilities); }

std::vector<const TopK*> pointers(const std::vector<TopK>& outputs) {
  std::vector<const TopK*> all;
  for (const TopK& each : outputs) all.push_back(&each);
  return all;
}

float log_p(const Pool& pool, std::int32_t cls, std::size_t look) {
  const auto* at = std::find(pool.classes.data(), pool.classes.data() + pool.n, cls);
  return pool.log_p[static_cast<std::size_t>(at - pool.classes.data()) * pool.n_looks + look];
}

TEST(Gather, TakesEachClassOnceInTheOrderOfTheLooks) {
  const std::vector<TopK> outputs{output({0.1F, 0.7F, 0.2F}), output({0.5F, 0.2F, 0.3F})};
  const Pool pool = gather(pointers(outputs));
  ASSERT_EQ(pool.n, 3U);
  EXPECT_EQ(std::vector(pool.classes.begin(), pool.classes.begin() + 3),
            (std::vector<std::int32_t>{1, 2, 0}));
  EXPECT_FLOAT_EQ(log_p(pool, 1, 0), std::log(0.70001F));
  EXPECT_FLOAT_EQ(log_p(pool, 1, 1), std::log(0.20001F));
  EXPECT_FLOAT_EQ(log_p(pool, 0, 0), std::log(0.10001F));
}

// 100 classes: 12 of each look are pooled; listed ones beyond these keep their probability, others get a
// share of the residual.
TEST(Gather, GivesUnlistedClassesTheirShareOfTheRest) {
  std::vector<float> falling(100), rising(100);
  for (std::size_t i = 0; i < 100; ++i) {
    falling[i] = 0.05F / static_cast<float>(1 + i);
    rising[99 - i] = falling[i];
  }
  falling[60] = 0.004F;  // the 13th
  const std::vector<TopK> outputs{output(falling), output(rising)};
  const Pool pool = gather(pointers(outputs));
  EXPECT_EQ(pool.n, 24U);
  const float share = std::min(outputs[0].entries().back().probability, outputs[0].residual() / 84);
  EXPECT_FLOAT_EQ(log_p(pool, 99, 0), std::log(share + 1e-5F));
  EXPECT_FLOAT_EQ(log_p(pool, 99, 0), std::log(static_cast<float>(outputs[0].probability(99)) + 1e-5F));
}

TEST(Combine, IsALogLinearPool) {
  const std::vector<TopK> outputs{output({0.6F, 0.3F, 0.1F}), output({0.2F, 0.7F, 0.1F})};
  const Posterior posterior = combine(gather(pointers(outputs)), std::vector<double>{0.5, 2});
  std::vector<double> expected;
  for (const auto& [a, b] : {std::pair{0.6, 0.2}, {0.3, 0.7}, {0.1, 0.1}}) {
    expected.push_back(std::pow(a + 1e-5, 0.5) * std::pow(b + 1e-5, 2));
  }
  const double sum = expected[0] + expected[1] + expected[2];
  ASSERT_EQ(posterior.n, 3U);
  EXPECT_EQ(posterior.entries[0].cls, 1);
  EXPECT_NEAR(posterior.entries[0].probability, expected[1] / sum, 1e-6);
  EXPECT_EQ(posterior.entries[1].cls, 0);
  EXPECT_NEAR(posterior.entries[1].probability, expected[0] / sum, 1e-6);
  EXPECT_EQ(posterior.entries[2].cls, 2);
}

TEST(Combine, OneLookWithWeightOneStaysAsItIs) {
  const std::vector<TopK> outputs{output({0.6F, 0.3F, 0.1F})};
  const Posterior posterior = combine(gather(pointers(outputs)), std::vector<double>{1});
  EXPECT_NEAR(posterior.entries[0].probability, 0.6, 1e-4);
  EXPECT_NEAR(posterior.entries[2].probability, 0.1, 1e-4);
}

// Two looks and three classes, each with weights and a bias of its own.
TEST(Combine, ClassesMayHaveWeightsOfTheirOwn) {
  const std::vector<TopK> outputs{output({0.6F, 0.3F, 0.1F}), output({0.2F, 0.7F, 0.1F})};
  const std::vector<double> weights{0.5, 1, 2, 2, 0.25, 1, 0.1, -0.2, 3};
  const Posterior posterior = combine(gather(pointers(outputs)), weights);
  const std::vector<std::pair<double, double>> p{{0.6, 0.2}, {0.3, 0.7}, {0.1, 0.1}};
  std::vector<double> expected;
  for (std::size_t c = 0; c < 3; ++c) {
    expected.push_back(std::pow(p[c].first + 1e-5, weights[c]) *
                       std::pow(p[c].second + 1e-5, weights[3 + c]) * std::exp(weights[6 + c]));
  }
  const double sum = expected[0] + expected[1] + expected[2];
  for (const ClassProbability& entry : std::span(posterior.entries).first(3)) {
    EXPECT_NEAR(entry.probability, expected[static_cast<std::size_t>(entry.cls)] / sum, 1e-6) << entry.cls;
  }
}

TEST(Combine, WeightsHaveToFit) {
  const std::vector<TopK> outputs{output({0.6F, 0.3F, 0.1F}), output({0.2F, 0.7F, 0.1F})};
  const Pool pool = gather(pointers(outputs));
  for (const std::size_t n : {0U, 1U, 3U, 7U, 6U, 39U}) {  // 6: of two classes, but class 2 is there
    EXPECT_TRIAGE_ERROR(combine(pool, std::vector<double>(n, 1)), ErrorCode::kInternal);
  }
}

TEST(Combine, TiesGoToTheLowerClass) {
  const std::vector<TopK> outputs{output({0.2F, 0.4F, 0.4F}), output({0.2F, 0.4F, 0.4F})};
  const Posterior posterior = combine(gather(pointers(outputs)), std::vector<double>{1, 1});
  EXPECT_EQ(posterior.entries[0].cls, 1);
  EXPECT_EQ(posterior.entries[1].cls, 2);
}

TEST(Evidence, SixNumbersByHand) {
  Posterior posterior;
  posterior.n = 3;
  posterior.entries[0] = {4, 0.5F};
  posterior.entries[1] = {2, 0.25F};
  posterior.entries[2] = {7, 0.25F};
  const auto e = evidence_of(posterior);
  const std::vector<double> expected{0.5, 0.25, 0, std::log(0.25), 1.5 * std::log(2), 0.25};
  ASSERT_EQ(e.n, kEvidenceNumbers);
  for (std::size_t i = 0; i < kEvidenceNumbers; ++i) EXPECT_NEAR(e.values[i], expected[i], 1e-12) << i;
  const auto own = evidence_of(posterior, 8);
  ASSERT_EQ(own.n, kEvidenceNumbers + 8);
  for (std::size_t i = 0; i < kEvidenceNumbers; ++i) EXPECT_EQ(own.values[i], e.values[i]) << i;
  const std::vector<double> doubts{0, 0, 0.1875, 0, 0.25, 0, 0, 0.1875};  // p (1 - p)
  for (std::size_t c = 0; c < 8; ++c) EXPECT_NEAR(own.values[kEvidenceNumbers + c], doubts[c], 1e-12) << c;
  EXPECT_TRIAGE_ERROR(evidence_of(posterior, 7), ErrorCode::kInternal);  // class 7 is the eighth
  EXPECT_TRIAGE_ERROR(evidence_of(posterior, 13), ErrorCode::kInternal);
}

TEST(PredictedGain, IsLinearInTheEvidence) {
  Posterior posterior;
  posterior.n = 2;
  posterior.entries[0] = {1, 0.75F};
  posterior.entries[1] = {0, 0.25F};
  std::vector<double> gain{0.5, 1, 2, 0, 0, 0, 4};
  EXPECT_NEAR(predicted_gain(gain, posterior), 0.5 + 0.75 + 2 * 0.5 + 4 * 0.5625, 1e-12);
  gain.insert(gain.end(), {0, -8});
  EXPECT_NEAR(predicted_gain(gain, posterior), 0.5 + 0.75 + 2 * 0.5 + 4 * 0.5625 - 8 * 0.1875, 1e-12);
  EXPECT_TRIAGE_ERROR(predicted_gain(std::vector<double>(6), posterior), ErrorCode::kInternal);
}

TEST(Evidence, IsFiniteAtTheEdges) {
  const auto expect_finite = [](const Posterior& posterior) {
    const EvidenceNumbers evidence = evidence_of(posterior);
    for (const double value : evidence.view()) EXPECT_TRUE(std::isfinite(value));
  };
  Posterior posterior;
  posterior.n = 1;
  posterior.entries[0] = {0, 1.0F};
  expect_finite(posterior);
  posterior.n = 2;
  posterior.entries[1] = {1, 0.0F};
  expect_finite(posterior);
}

TEST(ToAnswer, KeepsSixteenAndTheRestAsResidual) {
  Random random(1);
  std::vector<TopK> outputs;
  for (int look = 0; look < 4; ++look) {
    std::vector<float> p(200);
    for (float& x : p) x = static_cast<float>(random.uniform()) / 100;
    outputs.push_back(output(p));
  }
  const Posterior posterior = combine(gather(pointers(outputs)), std::vector<double>(4, 0.7));
  EXPECT_GT(posterior.n, 16U);
  const TopK answer = to_answer(posterior, 200);
  ASSERT_EQ(answer.entries().size(), 16U);
  EXPECT_EQ(answer.n_classes(), 200);
  double sum = static_cast<double>(answer.residual());
  for (const auto& entry : answer.entries()) sum += static_cast<double>(entry.probability);
  EXPECT_NEAR(sum, 1, 1e-5);
}

}  // namespace
}  // namespace triage
