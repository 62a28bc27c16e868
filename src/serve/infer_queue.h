// What waits for a processor: a bounded queue of inputs, and the threads that classify them. A request that
// cannot be met in time is refused when it comes, not after it has waited.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "serve/served_model.h"
#include "serve/tensors.h"
#include "triage/clock.h"
#include "triage/result.h"

namespace triage {

// One request on its way. Whoever makes it keeps nothing of it: `done` gets it back.
struct InferJob {
  std::shared_ptr<const ServedModel> model;
  InferRequest request;
  Request wanted;
  std::int64_t first_byte_ns = 0;       // what a latency cap counts from
  std::vector<ServedImage> images;      // of `request`; none: rows
  std::function<void(InferJob&)> done;  // called once, on a thread of the queue

  // What came of it.
  std::vector<Result> results;  // (images)
  std::vector<Tensor> choices;  // of rows
  std::exception_ptr error;     // why there is nothing of these
  bool is_late = false;         // its time was over before anything ran
  bool shed = false;            // answered at a higher price, because of the load
  double queue_ms = 0;          // longest wait of an input
  std::size_t largest_batch = 0;
  std::int64_t feedback_id = 0;  // of its first input in the feedback store, the others follow; 0: not kept

  // The queue's own.
  std::mutex mutex;
  std::size_t left = 0;
  std::size_t bytes = 0;
};

// Why a request was not taken.
struct InferRefusal {
  enum class Reason { kFull, kTooLate, kEnding };
  Reason reason = Reason::kFull;
  double wait_ms = 0;  // that it would wait
};

struct InferQueueOptions {
  unsigned workers = 0;                                 // inputs at once; 0: one per core
  std::size_t capacity = 512;                           // inputs that may wait
  std::size_t capacity_bytes = std::size_t{512} << 20;  // of their requests
  std::size_t max_batch = 8;  // inputs without a cap that are run together when they wait; 1: each alone
  // Expected wait from which on prices rise, so that answers get cheaper, until at thrice that the cheapest
  // setting answers; infinity: never.
  double shed_wait_ms = std::numeric_limits<double>::infinity();
};

struct InferQueueUse {
  std::size_t waiting = 0;  // inputs
  double wait_ms = 0;       // that an input that comes now is expected to wait
};

// Safe concurrently.
class InferQueue {
 public:
  InferQueue(const InferQueueOptions& options, const Clock& clock);
  // What still waits is dropped: call drain() before.
  ~InferQueue();
  InferQueue(const InferQueue&) = delete;
  InferQueue& operator=(const InferQueue&) = delete;

  // Nothing: taken, and `done` will be called. Throws kUsage for a request that the policy cannot meet at all
  // (check_request).
  [[nodiscard]] std::optional<InferRefusal> submit(const std::shared_ptr<InferJob>& job);
  [[nodiscard]] InferQueueUse use() const;
  // Whether what nobody waits for may come as well: at most half of what may wait does.
  [[nodiscard]] bool has_spare_room() const { return use().waiting * 2 <= options_.capacity; }
  // Takes nothing more, and returns once nothing waits or runs, or `grace` is over: whether all was done.
  bool drain(std::chrono::milliseconds grace);

 private:
  struct Item {
    std::shared_ptr<InferJob> job;
    std::size_t position = 0;  // of the image; 0 for rows
    std::int64_t since_ns = 0;
    bool is_tight = false;  // the last of a request that may need more than half of its time
  };
  void work();
  [[nodiscard]] std::vector<Item> take();
  void run(std::vector<Item>& items);
  void run_images(std::vector<Item>& items);
  void run_together(std::vector<Item>& items);
  void finish(const Item& item, const std::exception_ptr& error);
  [[nodiscard]] double wait_ms_locked() const;
  [[nodiscard]] double needed_ms_locked(const InferJob& job, double wait_ms) const;
  void learn_locked(const std::vector<Item>& items, std::int64_t begin_ns, std::int64_t end_ns);
  [[nodiscard]] Request request_of(const Item& item, double wait_ms);

  InferQueueOptions options_;
  const Clock* clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, idle_;
  std::deque<Item> waiting_;
  std::size_t held_bytes_ = 0;  // of requests that wait or run
  std::size_t running_ = 0;     // inputs
  bool ending_ = false;         // takes nothing more
  bool stopped_ = false;        // threads end
  double item_ms_ = 0;          // that an input takes of late, its wait apart
  double margin_ = 2;  // times what a capped request is expected to take behind others, that it may take
  std::vector<std::jthread> threads_;
};

}  // namespace triage
