// A clock on which time passes whenever it is read, so that everything that is timed costs something.
#pragma once

#include <cstdint>

#include "triage/clock.h"

namespace triage::testing {

class TickingClock final : public Clock {
 public:
  explicit TickingClock(std::int64_t step_ns = 1'000'000) : step_ns_(step_ns) {}
  [[nodiscard]] std::int64_t now_ns() const override { return now_ += step_ns_; }
  void pass_ns(std::int64_t ns) override { now_ += ns; }

 private:
  std::int64_t step_ns_;
  mutable std::int64_t now_ = 0;
};

}  // namespace triage::testing
