// Frames of a stream on fake networks: what a reused answer carries, what is observed, and the mean time.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "policy/adaptive_policy.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/triage.h"

namespace triage {
namespace {

struct CountedOutcomes final : Observer {
  void on_outcome(const Policy&, const Result& result) override { reused.push_back(result.reused); }
  std::vector<bool> reused;
};

struct Video : ::testing::Test {
  testing::TempFolder dir;
  Zoo zoo = load_zoo(testing::write_fake_zoo(
      dir.path() / "zoo", {{.name = "small", .accuracy = 0.6, .ms = 1}, {.name = "large", .ms = 8}}));
  FakeClock clock;
  std::shared_ptr<CountedOutcomes> outcomes = std::make_shared<CountedOutcomes>();

  PolicyInfo info() const {
    PolicyInfo info;
    info.n_classes = 10;
    for (const ModelSpec& model : zoo.models) info.models.push_back({{model.name, model.fingerprint()}});
    return info;
  }
  Classifier make(std::unique_ptr<Policy> policy) {
    RuntimeOptions options{.cache_dir = "", .clock = unowned(clock)};
    options.observer = outcomes;
    return {std::move(policy), std::make_shared<Runtime>(zoo, options)};
  }
};

TEST_F(Video, AFrameLikeTheLastAnsweredOneTakesItsAnswer) {
  const Classifier classifier = make(make_single(info(), 1));
  Stream stream(*classifier.policy(), {.reuse = ReuseRule{1, 30}});
  Image frame = testing::fake_image(3, 1);
  const Result first = stream.classify(classifier, frame, stream.request());
  EXPECT_FALSE(first.reused);
  EXPECT_EQ(first.label(), 3);
  EXPECT_TRUE(std::isnan(first.frame_difference));
  EXPECT_EQ(first.total.ms, 8);

  Request request = stream.request();
  request.explain = true;
  request.spent_ms = 2;
  request.min_confidence = 0.99;
  request.max_latency_ms = 1;
  frame.pixels[0] ^= 1U;
  const Result second = stream.classify(classifier, frame, request);
  EXPECT_TRUE(second.reused);
  EXPECT_EQ(second.age, 1);
  EXPECT_GT(second.frame_difference, 0);
  EXPECT_LT(second.frame_difference, 0.1);
  EXPECT_EQ(second.label(), 3);
  EXPECT_EQ(second.confidence(), first.confidence());
  EXPECT_EQ(second.model, 1);
  EXPECT_TRUE(second.looks.empty());
  EXPECT_EQ(second.total.ms, 0);
  EXPECT_EQ(second.elapsed_ms, 2);
  EXPECT_TRUE(second.breached) << "the caller had spent more than the cap";
  EXPECT_TRUE(second.below_confidence);
  EXPECT_TRUE(second.trace.has_value());

  const Result third = stream.classify(classifier, testing::fake_image(7, 1), stream.request());
  EXPECT_FALSE(third.reused) << "a cut";
  EXPECT_EQ(third.label(), 7);
  EXPECT_GT(third.frame_difference, 1);
  EXPECT_EQ(stream.inputs(), 3U);
  EXPECT_NEAR(stream.mean_ms(), 16.0 / 3, 1e-9);
  EXPECT_EQ(outcomes->reused, (std::vector<bool>{false, true, false}));
}

TEST_F(Video, WithoutReuseEveryFrameIsClassified) {
  const Classifier classifier = make(make_single(info(), 0));
  Stream stream(*classifier.policy(), {});
  for (int i = 0; i < 3; ++i) {
    const Result result = stream.classify(classifier, testing::fake_image(3, 1), stream.request());
    EXPECT_FALSE(result.reused);
    EXPECT_EQ(result.looks.size(), 1U);
  }
  EXPECT_EQ(stream.mean_ms(), 1);
}

// A cap that nothing fits into refuses the second frame; the answer of the first is still there after it.
TEST_F(Video, ARefusedFrameIsNotComparedWith) {
  PolicyInfo slow = info();
  for (PolicyModel& model : slow.models) model.mean_ms = model.p999_ms = 8;
  const Classifier classifier = make(make_single(slow, 1));
  Stream stream(*classifier.policy(), {.reuse = ReuseRule{1, 2}});
  ASSERT_FALSE(stream.classify(classifier, testing::fake_image(3, 1), {}).refused);
  Request hasty;
  hasty.max_latency_ms = 1;
  EXPECT_TRUE(stream.classify(classifier, testing::fake_image(7, 1), hasty).refused);
  const Result third = stream.classify(classifier, testing::fake_image(3, 1), hasty);
  EXPECT_TRUE(third.reused);
  EXPECT_EQ(third.age, 2);
  EXPECT_EQ(third.label(), 3);
  EXPECT_TRUE(stream.classify(classifier, testing::fake_image(3, 1), hasty).refused) << "too old";
}

TEST_F(Video, AnotherPolicyAnswersAnew) {
  Classifier classifier = make(make_single(info(), 1));
  Stream stream(*classifier.policy(), {.reuse = ReuseRule{1, 30}});
  const Image frame = testing::fake_image(3, 1);
  ASSERT_EQ(stream.classify(classifier, frame, {}).model, 1);
  classifier.set_policy(make_single(info(), 0));
  const Result result = stream.classify(classifier, frame, {});
  EXPECT_FALSE(result.reused);
  EXPECT_EQ(result.model, 0);
  EXPECT_EQ(result.frame_difference, 0);
  EXPECT_TRUE(stream.classify(classifier, frame, {}).reused);
}

TEST_F(Video, ReusedFramesLeaveTheirTimeToOthers) {
  AdaptiveParameters two;
  two.settings = {{1, {0}, {{{1.0}, {}}}, 0.5, 1}, {0.1, {1}, {{{1.0}, {}}}, 0.6, 8}};
  const Classifier classifier = make(make_adaptive(info(), two));
  Stream stream(*classifier.policy(), {.mean_latency_ms = 4, .reuse = ReuseRule{0.5, 1}});
  for (int i = 0; i < 2000; ++i) {
    const Result result = stream.classify(classifier, testing::fake_image(i / 2 % 10, 1), stream.request());
    EXPECT_EQ(result.reused, i % 2 == 1);
  }
  // 8 ms on every other frame are 4 ms on average. For that, what 100 frames (the horizon) of 4 ms take has
  // to have been saved.
  EXPECT_NEAR(stream.mean_ms() * 2000, 4 * (2000 - 100), 50);
}

TEST_F(Video, ManyFramesInOrder) {
  const Classifier classifier = make(make_single(info(), 1));
  ManyOptions options;
  options.stream = StreamOptions{.reuse = ReuseRule{1, 30}};
  std::vector<bool> reused;
  classifier.classify_many(
      6, [](std::size_t i) { return testing::fake_image(i < 3 ? 1 : 2, 1); },
      [&](std::size_t, Classified& done) { reused.push_back(done.result.reused); }, options);
  EXPECT_EQ(reused, (std::vector<bool>{false, true, true, false, true, true}));
  options.threads = 2;
  EXPECT_TRIAGE_ERROR(classifier.classify_many(
                          1, [](std::size_t) { return Image{}; }, [](std::size_t, Classified&) {}, options),
                      ErrorCode::kUsage, "threads: 2 with a stream, expected 1");
}

TEST_F(Video, BadRequestsAndFramesAreRefusedWithReuseToo) {
  const Classifier classifier = make(make_single(info(), 1));
  Stream stream(*classifier.policy(), {.reuse = ReuseRule{1, 30}});
  Request bad;
  bad.min_confidence = 2;
  EXPECT_TRIAGE_ERROR(stream.classify(classifier, testing::fake_image(1, 1), bad), ErrorCode::kUsage,
                      "min_confidence");
  EXPECT_TRIAGE_ERROR(stream.classify(classifier, ImageView(), {}), ErrorCode::kUsage, "frame");
  EXPECT_TRIAGE_ERROR((Stream(*classifier.policy(), {.reuse = ReuseRule{300, 30}})), ErrorCode::kUsage,
                      "reuse_limit: 300");
}

}  // namespace
}  // namespace triage
