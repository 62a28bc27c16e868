#include "triage/clock.h"

#include <chrono>

namespace triage {
namespace {

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  // Spins, since only the fake engine's models pass time: a few microseconds, which a sleep would overshoot.
  void pass_ns(std::int64_t ns) override {
    const std::int64_t end = now_ns() + ns;
    while (now_ns() < end) {
    }
  }
};

}  // namespace

Clock& steady_clock() {
  static SteadyClock clock;
  return clock;
}

}  // namespace triage
