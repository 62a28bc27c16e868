// A policy's models timed here, with fake networks on a fake clock.
#include "triage/tools/policy_times.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

struct TimingAPolicy : ::testing::Test {
  testing::TempFolder folder;
  FakeClock clock;
  std::shared_ptr<Runtime> runtime =
      Runtime::load(testing::write_fake_zoo(folder.path(), {{.name = "small", .ms = 1, .jitter = 0.5},
                                                            {.name = "large", .ms = 4, .side = 14},
                                                            {.name = "best", .ms = 8}}),
                    {.cache_dir = {}, .clock = unowned(clock)});
  std::vector<Image> images{testing::fake_image(1, 1), testing::fake_image(2, 2)};
  PolicyTimesOptions options;
  PolicyInfo info;

  void SetUp() override {
    options.runs = 40;
    info.models = {model("large"), model("small")};
    info.best = model("best");
    info.machine = "a board";
    info.n_classes = 10;
    info.models[0].mean_j = 0.5;
  }
  [[nodiscard]] PolicyModel model(const std::string& name) const {
    const Zoo& zoo = runtime->zoo();
    return {{name, zoo.models[static_cast<std::size_t>(zoo.find(name))].fingerprint()}, 100, 200};
  }
  [[nodiscard]] PolicyTimes time() { return time_policy(*make_single(info, 0), runtime, images, options); }
};

TEST_F(TimingAPolicy, GivesMeansAndQuantilesOfEachModelAndTheBest) {
  std::size_t rounds = 0;
  options.on_progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(done, ++rounds);
    EXPECT_EQ(total, 40U);
  };
  const PolicyTimes times = time();
  EXPECT_EQ(times.runs, 40U);
  EXPECT_EQ(rounds, 40U);
  EXPECT_EQ(times.machine, machine_description());
  ASSERT_EQ(times.models.size(), 2U);
  EXPECT_EQ(times.models[0].name, "large");
  EXPECT_NEAR(times.models[0].mean_ms, 4, 1e-9);
  EXPECT_NEAR(times.models[0].p50_ms, 4, 1e-9);
  EXPECT_NEAR(times.models[0].p999_ms, 4, 1e-9);
  EXPECT_TRUE(std::isnan(times.models[0].mean_j)) << "measured elsewhere";
  EXPECT_NEAR(times.models[1].p99_ms, 1.5, 1e-9);
  EXPECT_GE(times.models[1].mean_ms, 0.5);
  EXPECT_EQ(times.best.name, "best");
  EXPECT_NEAR(times.best.mean_ms, 8, 1e-9);
  EXPECT_EQ(times.retries, 0U);
}

TEST_F(TimingAPolicy, JoulesStayOnTheSameMachine) {
  info.machine = machine_description();
  EXPECT_EQ(time().models[0].mean_j, 0.5);
}

TEST_F(TimingAPolicy, ABestModelThatTheZooLacksHasNoTime) {
  info.best.fingerprint = "other";
  EXPECT_EQ(time().best.name, "");
}

TEST_F(TimingAPolicy, ABestModelOfThePolicyIsTimedOnce) {
  info.best = info.models[0];
  EXPECT_NEAR(time().best.mean_ms, 4, 1e-9);
}

TEST_F(TimingAPolicy, EndsByTimeAfterThirtyRounds) {
  options.runs = 1000;
  options.seconds = 1e-3;
  EXPECT_EQ(time().runs, kFewestRounds);
}

TEST_F(TimingAPolicy, RefusesWhatMakesNoSense) {
  const auto refuse = [&](ErrorCode code, std::string_view message) {
    EXPECT_TRIAGE_ERROR((void)time(), code, message);
  };
  options.runs = 0;
  refuse(ErrorCode::kUsage, "runs: 0, expected 1 or more");
  options.runs = 1;
  options.seconds = 0;
  refuse(ErrorCode::kUsage, "seconds: 0, expected more than 0");
  options.seconds = 1;
  std::stop_source stop;
  stop.request_stop();
  options.stop = stop.get_token();
  refuse(ErrorCode::kInterrupted, "timing the policy: stopped");
  info.models[0].fingerprint = "other";
  refuse(ErrorCode::kPolicy, "'large' has fingerprint");
  images.clear();
  refuse(ErrorCode::kUsage, "images: none, expected 1 or more");
}

TEST_F(TimingAPolicy, AMadeUpPictureIsAsLargeAsTheLargestInput) {
  const Image image = made_up_image(*make_single(info, 0), runtime->zoo());
  const Recipe& recipe = runtime->zoo().models[0].input;
  EXPECT_EQ(image.width, recipe.width);
  EXPECT_EQ(image.height, recipe.height);
  EXPECT_EQ(image.pixels.size(), image.size_bytes());
}

}  // namespace
}  // namespace triage
