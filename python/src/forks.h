// What a process that was forked has to know: threads do not come along, and the locks that they held are
// never given back.
#pragma once

#include <memory>

namespace triage::python {

// Stands while networks are loaded or run. A process that is forked meanwhile cannot run any: there this
// throws kEngine, where it would have waited for ever.
class NetworkCall {
 public:
  NetworkCall();
  ~NetworkCall();
  NetworkCall(const NetworkCall&) = delete;
  NetworkCall& operator=(const NetworkCall&) = delete;
};

// Has to be called once, before the first NetworkCall.
void watch_forks();

// How many forks lie between the first process and this one.
[[nodiscard]] int fork_generation();

// Owns something with threads or locks. A forked process leaves it alone instead of destroying it, since that
// would wait for threads that it does not have.
template <class T>
class OwnedByProcess {
 public:
  OwnedByProcess() = default;
  explicit OwnedByProcess(std::unique_ptr<T> value) : value_(std::move(value)) {}
  ~OwnedByProcess() {
    if (fork_generation() != made_in_) (void)value_.release();
  }
  OwnedByProcess(OwnedByProcess&&) = delete;
  T* operator->() const { return value_.get(); }
  T& operator*() const { return *value_; }
  void reset(std::unique_ptr<T> value) { value_ = std::move(value); }

 private:
  std::unique_ptr<T> value_;
  int made_in_ = fork_generation();
};

}  // namespace triage::python
