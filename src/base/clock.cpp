#include "triage/clock.h"

#include <time.h>

#include <chrono>

namespace triage {
namespace {

// Spinning is all that passes time here.
void spin(const Clock& clock, std::int64_t ns) {
  const std::int64_t end = clock.now_ns() + ns;
  while (clock.now_ns() < end) {
  }
}

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  // Spins: what passes time here are the fake engine's models, a few microseconds long, which sleeping would
  // overshoot.
  void pass_ns(std::int64_t ns) override { spin(*this, ns); }
};

class ProcessCpuClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override {
    struct timespec now {};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
  void pass_ns(std::int64_t ns) override { spin(*this, ns); }
};

}  // namespace

Clock& steady_clock() {
  static SteadyClock clock;
  return clock;
}

Clock& process_cpu_clock() {
  static ProcessCpuClock clock;
  return clock;
}

}  // namespace triage
