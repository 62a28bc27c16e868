// for_each_parallel: each part once, a state a thread, exceptions.
#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
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

}  // namespace
}  // namespace triage
