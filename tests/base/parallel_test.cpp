// for_each_parallel: each part once, a state a thread, exceptions.
#include "base/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace triage {
namespace {

TEST(Parallel, DoesEachPartOnce) {
  std::vector<int> done(1000, 0);
  for_each_parallel(done.size(), [&](std::size_t i) { ++done[i]; });
  EXPECT_EQ(done, std::vector<int>(1000, 1));
  for_each_parallel(0, [](std::size_t) { FAIL() << "there is no part"; });
}

TEST(Parallel, MakesAStateOnEachOfAtMostSoManyThreads) {
  std::atomic<int> states{0};
  std::vector<int> done(1000, 0);
  for_each_parallel(done.size(), 4, [&] {
    ++states;
    return [&done, own = std::vector<std::size_t>()](std::size_t i) mutable {
      own.push_back(i);
      done[i] += own.back() == i ? 1 : 0;
    };
  });
  EXPECT_EQ(done, std::vector<int>(1000, 1));
  EXPECT_EQ(states, 4);
}

TEST(Parallel, ThrowsTheFirstExceptionAndBeginsNothingMore) {
  std::vector<int> done(1000, 0);
  try {
    for_each_parallel(done.size(), 1, [&] {
      return [&](std::size_t i) {
        if (i == 3) throw std::runtime_error("part 3");
        ++done[i];
      };
    });
    FAIL() << "expected part 3's exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "part 3");
  }
  EXPECT_EQ(std::vector<int>(done.begin(), done.begin() + 5), (std::vector<int>{1, 1, 1, 0, 0}));
}

TEST(InOrder, TakesResultsInOrderOnTheCallingThread) {
  const auto caller = std::this_thread::get_id();
  for (const unsigned threads : {1U, 2U, 5U}) {
    std::vector<std::size_t> taken;
    std::atomic<std::size_t> begun{0}, farthest{0};
    for_each_in_order(500, threads, [&](std::size_t i) {
      ++begun;
      if (i % 7 == 0) std::this_thread::yield();
      return [&, i] {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        farthest = std::max<std::size_t>(farthest, begun - taken.size());
        taken.push_back(i);
      };
    });
    std::vector<std::size_t> all(500);
    std::iota(all.begin(), all.end(), 0U);
    EXPECT_EQ(taken, all);
    EXPECT_LE(farthest, 4 * threads + 1) << "so many results wait at most";
  }
  for_each_in_order(0, 3, [](std::size_t) -> std::function<void()> { throw std::logic_error("no part"); });
}

TEST(InOrder, AnExceptionHasItsTurn) {
  for (const unsigned threads : {1U, 3U}) {
    std::vector<std::size_t> taken;
    const auto run = [&](bool in_begin) {
      taken.clear();
      for_each_in_order(100, threads, [&](std::size_t i) {
        if (in_begin && i == 20) throw std::runtime_error("part 20");
        return [&, i] {
          if (i == 20) throw std::runtime_error("part 20");
          taken.push_back(i);
        };
      });
    };
    for (const bool in_begin : {true, false}) {
      EXPECT_THROW(run(in_begin), std::runtime_error);
      EXPECT_EQ(taken.size(), 20U) << "all before it were taken, none after it";
    }
  }
}

}  // namespace
}  // namespace triage
