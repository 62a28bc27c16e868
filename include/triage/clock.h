// Time as a dependency, so that whatever measures or waits can be tested without a real clock.
#pragma once

#include <cstdint>
#include <memory>

namespace triage {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic nanoseconds from an arbitrary start.
  [[nodiscard]] virtual std::int64_t now_ns() const = 0;
  // Lets `ns` pass: a real clock waits, a fake one jumps.
  virtual void pass_ns(std::int64_t ns) = 0;
};

// std::chrono::steady_clock; safe to share between threads.
[[nodiscard]] Clock& steady_clock();
// The processor time of this process, all its threads together; safe to share between threads. Where it runs
// slower than steady_clock(), the process waited or was kept waiting.
[[nodiscard]] Clock& process_cpu_clock();
// For options whose clock may be left out.
[[nodiscard]] inline const Clock& clock_or_steady(const std::shared_ptr<const Clock>& clock) {
  return clock != nullptr ? *clock : steady_clock();
}
// A clock that its owner keeps: it has to outlive whatever is given this.
[[nodiscard]] inline std::shared_ptr<Clock> unowned(Clock& clock) {
  return {std::shared_ptr<void>(), &clock};
}
[[nodiscard]] inline std::shared_ptr<const Clock> unowned(const Clock& clock) {
  return {std::shared_ptr<void>(), &clock};
}

// Moves only when told to; for tests. Not safe to share between threads.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override { return now_; }
  void pass_ns(std::int64_t ns) override { now_ += ns; }

 private:
  std::int64_t now_ = 0;
};

// Milliseconds since it was made (or restarted).
class Stopwatch {
 public:
  explicit Stopwatch(const Clock& clock) : clock_(&clock), start_(clock.now_ns()) {}
  [[nodiscard]] double ms() const { return static_cast<double>(clock_->now_ns() - start_) * 1e-6; }
  // Milliseconds since the start or the last lap, and begins the next lap.
  double lap_ms() {
    const std::int64_t now = clock_->now_ns();
    const double ms = static_cast<double>(now - start_) * 1e-6;
    start_ = now;
    return ms;
  }

 private:
  const Clock* clock_;
  std::int64_t start_;
};

}  // namespace triage
