#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace triage {

unsigned default_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

void for_each_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  for_each_parallel(count, default_threads(), [&] { return work; });
}

void for_each_parallel(std::size_t count, unsigned threads,
                       const std::function<std::function<void(std::size_t)>()>& make_work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto run = [&] {
    try {
      const auto work = make_work();
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < std::min<std::size_t>(count, threads); ++t) others.emplace_back(run);
    run();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace triage
