// The figures of a policy version on streams that are replayed, with and without a change in the middle.
#include "serve/feedback_figures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/hash.h"

namespace triage {
namespace {

ServedPolicyFacts facts() {
  ServedPolicyFacts facts;
  facts.version = "v1";
  facts.n_classes = 3;
  facts.label_names = {"cat", "dog", "dog"};
  facts.explored = {{.id = ModelId("large", "f")}};
  facts.reference = 0;
  facts.max_loss = 0.02;
  facts.schema.features = {{"contrast", 1}};
  return facts;
}

// What one input is like before and after the change.
struct Traffic {
  double loss_rate = 0.005;  // of certified inputs: the reference is right, the policy is not
  double power = 3;          // of the confidences: less is less sure
};

void feed(FeedbackFigures& figures, Random& random, const Traffic& traffic) {
  const double confidence = std::pow(random.uniform(), 1 / traffic.power);
  figures.count_input(false);
  figures.look_for_drift({.id = 0,
                          .confidence = confidence,
                          .looks = confidence < 0.6 ? 2U : 1U,
                          .features = {static_cast<float>(random.uniform())}});
  const double u = random.uniform();
  const bool is_worse = u<traffic.loss_rate, is_better = u> 0.998;
  figures.count_loss({is_worse ? 1 : 0}, {is_better ? 1 : 0}, 0, true);
}

std::size_t inputs_until(FeedbackFigures& figures, Random& random, const Traffic& traffic,
                         std::string_view kind, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    for (const FeedbackAlarm& alarm : figures.alarms()) {
      if (alarm.kind == kind) return i;
    }
    feed(figures, random, traffic);
  }
  return most;
}

// The figures that docs/serve-feedback.md states.
constexpr std::size_t kBefore = 4'000, kWithin = 600;

TEST(FeedbackFigures, RaiseNoAlarmInTwentyStreamsWithoutAChange) {
  for (std::uint64_t stream = 0; stream < 20; ++stream) {
    Random random(stream);
    FeedbackFigures figures(facts(), {.false_alarm = 0.01}, {});
    for (std::size_t i = 0; i < 2 * kBefore; ++i) feed(figures, random, {});
    EXPECT_TRUE(figures.alarms().empty()) << stream;
    EXPECT_EQ(figures.json()["promise"]["broken"], false);
  }
}

TEST(FeedbackFigures, RaiseBothAlarmsSoonAfterAChange) {
  for (std::uint64_t stream = 0; stream < 20; ++stream) {
    for (const std::string_view kind : {"promise", "drift"}) {
      Random random(stream);
      FeedbackFigures figures(facts(), {.false_alarm = 0.01}, {});
      for (std::size_t i = 0; i < kBefore; ++i) feed(figures, random, {});
      ASSERT_TRUE(figures.alarms().empty()) << stream;
      const Traffic changed{.loss_rate = 0.12, .power = 1.5};
      EXPECT_LT(inputs_until(figures, random, changed, kind, kWithin), kWithin) << kind << " " << stream;
    }
  }
}

TEST(FeedbackFigures, GoOnFromWhatWasSaved) {
  Random random(1);
  FeedbackFigures before(facts(), {}, {});
  for (int i = 0; i < 500; ++i) feed(before, random, {.loss_rate = 0.01});
  before.count_told({0, 1}, {}, {.label = 0, .score = {}});
  FeedbackFigures after(facts(), {}, before.saved());
  EXPECT_EQ(after.saved(), before.saved());
  EXPECT_EQ(after.json()["score"], before.json()["score"]);
  EXPECT_EQ(after.json()["promise"], before.json()["promise"]);
}

TEST(FeedbackFigures, CountWhatIsTold) {
  FeedbackFigures figures(facts(), {}, {});
  const ToldScore none, zero{.label = 0, .score = {}}, one{.label = 1, .score = {}},
      half{.label = {}, .score = 0.5};
  figures.count_told({0, 1}, none, zero);
  EXPECT_EQ(figures.json()["score"]["mean"], 1.0);
  figures.count_told({0, 1}, zero, one);  // the last one wins
  EXPECT_EQ(figures.json()["score"]["mean"], 0.0);
  EXPECT_EQ(figures.json()["score"]["inputs"], 1);
  figures.count_told({2}, none, half);
  EXPECT_EQ(figures.json()["score"]["mean"], 0.25);
  EXPECT_LT(figures.json()["score"]["low"], 0.25);
  figures.count_told({}, none, zero);  // refused: wrong
  EXPECT_NEAR(figures.json()["score"]["mean"].get<double>(), 0.5 / 3, 1e-12);
}

TEST(FeedbackFigures, WatchThePromiseOfCertifiedAnswersAlone) {
  FeedbackFigures figures(facts(), {}, {});
  for (int i = 0; i < 200; ++i) figures.count_loss({1}, {0}, 0, false);
  EXPECT_TRUE(figures.alarms().empty());
  EXPECT_EQ(figures.json()["compared"], 200);
  EXPECT_EQ(figures.json()["promise"]["inputs"], 0);
  for (int i = 0; i < 200; ++i) figures.count_loss({1}, {0}, 0, true);
  ASSERT_EQ(figures.alarms().size(), 1U);
  EXPECT_EQ(figures.alarms()[0].kind, "promise");
}

TEST(FeedbackFigures, KnowClassesByName) {
  const FeedbackFigures figures(facts(), {}, {});
  EXPECT_EQ(figures.label_of("cat"), 0);
  EXPECT_FALSE(figures.label_of("dog").has_value());  // there are two
  EXPECT_FALSE(figures.label_of("cow").has_value());
}

}  // namespace
}  // namespace triage
