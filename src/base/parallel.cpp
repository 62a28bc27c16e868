#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
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

namespace {

// Parts that were begun and wait for their turn, part i in place i % places.
class OrderedParts {
 public:
  using Rest = std::function<void()>;
  OrderedParts(std::size_t count, std::size_t places) : count_(count), waiting_(places) {}

  // The next part to begin, when there is a place for it; none when all are begun, or none is wanted.
  std::optional<std::size_t> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || next_ == count_ || next_ < taken_ + waiting_.size(); });
    if (ended_ || next_ == count_) return std::nullopt;
    return next_++;
  }
  void put(std::size_t part, Rest rest) {
    {
      const std::lock_guard lock(mutex_);
      waiting_[part % waiting_.size()] = std::move(rest);
    }
    changed_.notify_all();
  }
  // In order, each once it is there.
  Rest take() {
    Rest rest;
    {
      std::unique_lock lock(mutex_);
      Rest& place = waiting_[taken_ % waiting_.size()];
      changed_.wait(lock, [&] { return place != nullptr; });
      rest.swap(place);
      ++taken_;
    }
    changed_.notify_all();
    return rest;
  }
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::size_t count_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Rest> waiting_;
  std::size_t next_ = 0, taken_ = 0;
  bool ended_ = false;
};

}  // namespace

void for_each_in_order(std::size_t count, unsigned threads,
                       const std::function<std::function<void()>(std::size_t)>& begin) {
  constexpr std::size_t kAhead = 4;
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) begin(i)();
    return;
  }
  OrderedParts parts(count, kAhead * threads);
  const auto work = [&] {
    while (const auto part = parts.next()) {
      OrderedParts::Rest rest;
      try {
        rest = begin(*part);
      } catch (...) {
        rest = [error = std::current_exception()] { std::rethrow_exception(error); };
      }
      parts.put(*part, std::move(rest));
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < std::min<std::size_t>(count, threads); ++t) workers.emplace_back(work);
  try {
    for (std::size_t i = 0; i < count; ++i) parts.take()();
  } catch (...) {
    parts.end();
    throw;
  }
}

}  // namespace triage
