// The pool's limits: copies, memory, patience.
#include "runtime/pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/expect_error.h"
#include "support/fake_zoo.h"

namespace triage {
namespace {

// An engine whose networks say how much they take: 100 bytes, or what their file's first line says.
struct Weighty final : Network {
  explicit Weighty(std::size_t bytes_in) : bytes(bytes_in) {}
  std::span<const float> run(std::span<const std::byte>) override { return {}; }
  std::size_t memory_bytes() const override { return bytes; }
  std::size_t bytes;
};
struct WeightyEngine final : Engine {
  explicit WeightyEngine(std::size_t bytes_in) : bytes(bytes_in) {}
  std::string name() const override { return "weighty"; }
  std::string version() const override { return "1"; }
  std::vector<std::string> devices() const override { return {"CPU"}; }
  std::unique_ptr<Network> load(const Zoo&, const ModelSpec&) override {
    return std::make_unique<Weighty>(bytes);
  }
  ModelShapes inspect(const std::filesystem::path&) override { return {}; }
  std::size_t bytes;
};

// Writes down what happens, as "load a" and "evict a".
struct Diary final : Observer {
  void on_load(const LoadEvent& event) override { lines.push_back("load " + std::string(event.model)); }
  void on_evict(const LoadEvent& event) override { lines.push_back("evict " + std::string(event.model)); }
  std::vector<std::string> lines;
};

// Four models of 100 bytes each.
struct PoolTest : ::testing::Test {
  PoolTest() {
    for (const char* name : {"a", "b", "c", "d"}) {
      ModelSpec& model = zoo.models.emplace_back();
      model.name = name;
      testing::write_pnm(dir.path() / (std::string(name) + ".heavy"), testing::fake_image(1, 1));
      model.files = {
          {std::string(name) + ".heavy", model_checksum(dir.path() / (std::string(name) + ".heavy"))}};
    }
    zoo.folder = dir.path();
    engines.add({".heavy"}, [](const EngineOptions&) { return std::make_unique<WeightyEngine>(1000); });
  }
  testing::TempFolder dir;
  Zoo zoo;
  EngineSet engines;
  Diary diary;
};

using Lines = std::vector<std::string>;

TEST_F(PoolTest, DropsWhatWasNotUsedForTheLongestTime) {
  ModelPool pool(zoo, engines, {.max_copies = 1, .memory_bytes = 2000}, steady_clock(), &diary);
  (void)pool.acquire(0);
  (void)pool.acquire(1);
  (void)pool.acquire(0);
  (void)pool.acquire(2);  // b was used before a
  EXPECT_EQ(diary.lines, (Lines{"load a", "load b", "evict b", "load c"}));
  EXPECT_EQ(pool.use().networks, 2U);
  EXPECT_EQ(pool.use().bytes, 2000U);
  EXPECT_EQ(pool.use().loads, 3U);
  EXPECT_EQ(pool.use().evictions, 1U);
}

TEST_F(PoolTest, WhatIsLentIsNotDropped) {
  ModelPool pool(zoo, engines, {.max_copies = 1, .memory_bytes = 2000}, steady_clock(), &diary);
  (void)pool.acquire(1);
  (void)pool.acquire(0);
  const auto held = pool.acquire(1);  // now a is the older one
  (void)pool.acquire(2);
  EXPECT_EQ(diary.lines, (Lines{"load b", "load a", "evict a", "load c"}));
  const auto also_held = pool.acquire(2);
  EXPECT_FALSE(pool.acquire(3, {.until_ns = 0}).has_value()) << "both are lent";
}

TEST_F(PoolTest, AModelLargerThanTheBudgetIsAnError) {
  ModelPool pool(zoo, engines, {.memory_bytes = 10});
  EXPECT_TRIAGE_ERROR(pool.acquire(0), ErrorCode::kUsage, "model 'a': reckoned to take",
                      "expected at most memory_bytes, 10");
  EXPECT_EQ(pool.use().networks, 0U);
}

TEST_F(PoolTest, CopiesAreCapped) {
  ModelPool pool(zoo, engines, {.max_copies = 2});
  const auto first = pool.acquire(0);
  {
    const auto second = pool.acquire(0);
    EXPECT_FALSE(pool.acquire(0, {.until_ns = steady_clock().now_ns() + 1'000'000}).has_value());
  }
  EXPECT_TRUE(pool.acquire(0, {.until_ns = 0}).has_value()) << "one is free, so nobody has to wait";
  EXPECT_EQ(pool.use().networks, 2U);
}

TEST_F(PoolTest, WhoWaitsGetsWhatIsGivenBack) {
  ModelPool pool(zoo, engines, {.max_copies = 1});
  auto held = std::make_unique<ModelPool::Lease>(pool.acquire(0));
  std::thread other([&] { EXPECT_TRUE(pool.acquire(0, {}).has_value()); });
  held.reset();
  other.join();
  EXPECT_EQ(pool.use().loads, 1U);
}

TEST_F(PoolTest, AStopEndsTheWait) {
  ModelPool pool(zoo, engines, {.max_copies = 1});
  const auto held = pool.acquire(0);
  std::stop_source stop;
  std::thread other([&] { EXPECT_FALSE(pool.acquire(0, {.stop = stop.get_token()}).has_value()); });
  stop.request_stop();
  other.join();
}

TEST_F(PoolTest, WarmUpLoadsCopiesWithoutDroppingOthers) {
  ModelPool pool(zoo, engines, {.max_copies = 3, .memory_bytes = 4000}, steady_clock(), &diary);
  pool.warm_up(0, 2);
  EXPECT_EQ(diary.lines, (Lines{"load a", "load a"}));
  pool.warm_up(1, 5);
  EXPECT_EQ(pool.use().networks, 4U) << "the memory ends before the copies do";
  pool.warm_up(2, 1);
  EXPECT_EQ(pool.use().evictions, 0U);
  pool.warm_up(0, 2);
  EXPECT_EQ(pool.use().loads, 4U) << "they are there";
}

// Who asks for a network that is being loaded ahead waits for it, though another copy would be allowed.
TEST_F(PoolTest, WhatIsLoadedAheadIsWaitedFor) {
  struct Slow final : Observer {
    void on_load(const LoadEvent&) override { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }
  } slow;
  ModelPool pool(zoo, engines, {.max_copies = 3}, steady_clock(), &slow);
  std::jthread ahead([&] { pool.warm_up(0, 1); });
  while (pool.use().networks == 0) std::this_thread::yield();
  EXPECT_TRUE(pool.acquire(0, {}).has_value());
  EXPECT_EQ(pool.use().loads, 1U);
}

TEST_F(PoolTest, AFailureToLoadAheadKeepsNobodyWaiting) {
  std::filesystem::rename(dir.path() / "a.heavy", dir.path() / "away");
  ModelPool pool(zoo, engines, {.max_copies = 2});
  EXPECT_TRIAGE_ERROR(pool.warm_up(0, 1), ErrorCode::kIo, "a.heavy: is missing");
  std::filesystem::rename(dir.path() / "away", dir.path() / "a.heavy");
  EXPECT_TRUE(pool.acquire(0, {}).has_value());
}

TEST_F(PoolTest, AnObserverThatThrowsLeavesNothingBehind) {
  struct Thrower final : Observer {
    void on_evict(const LoadEvent&) override { throw Error(ErrorCode::kIo, "the log is full"); }
  } thrower;
  ModelPool pool(zoo, engines, {.max_copies = 1, .memory_bytes = 1000}, steady_clock(), &thrower);
  (void)pool.acquire(0);
  EXPECT_TRIAGE_ERROR(pool.acquire(1), ErrorCode::kIo, "the log is full");
  EXPECT_EQ(pool.use().networks, 0U);
  EXPECT_EQ(pool.use().bytes, 0U);
}

TEST_F(PoolTest, AFailedLoadLeavesNothingBehind) {
  std::filesystem::remove(dir.path() / "a.heavy");
  ModelPool pool(zoo, engines, {.max_copies = 1, .memory_bytes = 2000});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRIAGE_ERROR(pool.acquire(0), ErrorCode::kIo, "a.heavy: is missing");
  }
  EXPECT_EQ(pool.use().networks, 0U);
  EXPECT_EQ(pool.use().bytes, 0U);
}

}  // namespace
}  // namespace triage
