// The pool lends loaded models; the live backend runs them and accounts for the time.
#include "runtime/live.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "support/ticking_clock.h"
#include "triage/tools/features.h"

namespace triage {
namespace {

using namespace triage::testing;

class Live : public ::testing::Test {
 protected:
  // "a" and "b" share a recipe, "c" has another; "f" fails on every picture.
  Live()
      : zoo_(load_zoo(write_fake_zoo(dir_.path(), {{.name = "a", .ms = 1.0},
                                                   {.name = "b", .ms = 2.0},
                                                   {.name = "c", .ms = 4.0, .side = 14},
                                                   {.name = "f", .fail_every = 1}}))) {}

  TempFolder dir_;
  Zoo zoo_;
  FakeClock clock_;
  EngineSet engines_{{.cache_dir = {}, .clock = unowned(clock_)}};
  ModelPool pool_{zoo_, engines_};
  FeatureSchema schema_ = make_schema(std::vector<std::string_view>{"avg_brightness"});
  const Image image_ = fake_image(3, 1);
};

TEST_F(Live, RunsModelsAndReadsTheirOutput) {
  LiveBackend backend(pool_, {2, 0}, schema_, clock_);
  backend.begin(image_);
  const Look look = backend.run(1);
  EXPECT_EQ(look.model, 1);
  EXPECT_EQ(look.output.best(), 3);
  EXPECT_EQ(look.output.n_classes(), 10);
  EXPECT_EQ(look.confidence, look.output.confidence());
  EXPECT_DOUBLE_EQ(look.cost.ms, 1.0);
  EXPECT_TRUE(std::isnan(look.cost.j));
  EXPECT_EQ(backend.last_probabilities().size(), 10U);
  EXPECT_EQ(backend.last_probabilities()[3], static_cast<float>(look.confidence));
  EXPECT_DOUBLE_EQ(backend.run(0).cost.ms, 4.0);
}

TEST_F(Live, ChargesPreprocessingOnceARecipe) {
  testing::TickingClock ticking;  // on another clock, so that preprocessing costs something
  LiveBackend backend(pool_, {0, 1, 2}, schema_, ticking);
  for (int input = 0; input < 2; ++input) {
    backend.begin(image_);
    (void)backend.run(0);
    EXPECT_EQ(backend.last_times().preprocess_ms, 1.0);
    EXPECT_EQ(backend.last_times().infer_ms, 1.0);
    EXPECT_EQ(backend.run(1).cost.ms, 1.0);
    EXPECT_EQ(backend.last_times().preprocess_ms, 0.0);
    EXPECT_EQ(backend.run(2).cost.ms, 2.0);
    EXPECT_EQ(backend.last_times().preprocess_ms, 1.0);
  }
}

TEST_F(Live, LoadingCostsNothing) {
  LiveBackend backend(pool_, {1}, schema_, clock_);
  backend.begin(image_);
  // The first run at load passes 2 ms on the engine's clock, too.
  const std::int64_t before = clock_.now_ns();
  EXPECT_DOUBLE_EQ(backend.run(0).cost.ms, 2.0);
  EXPECT_GE(clock_.now_ns() - before, 2'000'000);
}

TEST_F(Live, AFailingRunReturnsItsNetwork) {
  LiveBackend backend(pool_, {3, 0}, schema_, clock_);
  backend.begin(image_);
  EXPECT_TRIAGE_ERROR(backend.run(0), ErrorCode::kEngine, "model 'f'");
  // Take the weights away: only a network that is in the pool can still run.
  std::filesystem::remove(dir_.path() / "f.fake");
  EXPECT_TRIAGE_ERROR(backend.run(0), ErrorCode::kEngine, "model 'f'");
  EXPECT_EQ(backend.run(1).output.best(), 3);
}

TEST_F(Live, ExtractsOnTheCurrentImage) {
  LiveBackend backend(pool_, {0}, schema_, clock_);
  backend.begin(image_);
  EXPECT_TRUE(backend.node_ms().empty());
  std::vector<float> values(1, -1.0F);
  EXPECT_EQ(backend.extract(1, values).ms, 0.0);
  EXPECT_GT(values[0], 0.0F);
  EXPECT_EQ(backend.node_ms().size(), feature_nodes().size());
  backend.begin(image_);
  EXPECT_TRUE(backend.node_ms().empty());
}

TEST_F(Live, RefusesModelsOutsideItsList) {
  EXPECT_TRIAGE_ERROR(LiveBackend(pool_, {4}, schema_, clock_), ErrorCode::kInternal, "bug");
  LiveBackend backend(pool_, {0}, schema_, clock_);
  EXPECT_TRIAGE_ERROR(backend.run(0), ErrorCode::kInternal, "bug");  // before begin
  backend.begin(image_);
  EXPECT_TRIAGE_ERROR(backend.run(1), ErrorCode::kInternal, "bug");
}

TEST_F(Live, PoolLoadsLazilyAndReuses) {
  std::filesystem::remove(dir_.path() / "c.fake");
  const Network* first = nullptr;
  {
    const ModelPool::Lease lease = pool_.acquire(0);
    first = lease.operator->();
    const ModelPool::Lease other = pool_.acquire(0);
    EXPECT_NE(other.operator->(), first);
  }
  std::filesystem::remove(dir_.path() / "a.fake");
  EXPECT_NE(pool_.acquire(0).operator->(), nullptr);
  EXPECT_TRIAGE_ERROR(pool_.acquire(2), ErrorCode::kIo, "c.fake: is missing");
  EXPECT_TRIAGE_ERROR(pool_.acquire(2), ErrorCode::kIo, "c.fake: is missing");
}

TEST_F(Live, ThreadsShareAPool) {
  EngineSet engines;  // on the steady clock, since FakeClock is not for several threads
  Zoo zoo = zoo_;
  ModelPool pool(zoo, engines);
  std::vector<int> right(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      LiveBackend backend(pool, {0, 2}, schema_, steady_clock());
      for (int i = 0; i < 20; ++i) {
        const Image image = fake_image(i % 10, t * 100 + static_cast<std::uint64_t>(i));
        backend.begin(image);
        right[t] += backend.run(0).output.best() == i % 10 && backend.run(1).output.best() == i % 10;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(4, 20));
}

}  // namespace
}  // namespace triage
