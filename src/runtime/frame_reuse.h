// Which frames take the answer of an earlier one, frame by frame: for streams, and for learning the limit on
// recorded sequences, so that what is judged is what runs.
#pragma once

#include <cstddef>
#include <optional>

#include "runtime/frame_difference.h"
#include "triage/policy_info.h"

namespace triage {

// Throws kUsage for a rule out of range.
void check_reuse(const ReuseRule& rule);

// A frame against the last one that was answered.
struct Reuse {
  bool reuses = false;
  int age = 0;                       // frames since that one; 0: there is none
  double difference = kNotMeasured;  // NaN: there is none
};

// Compares with the last answered frame, not with the last one: however slowly a picture changes, it is
// answered anew once it has changed enough.
class FrameReuse {
 public:
  explicit FrameReuse(const ReuseRule& rule) : rule_(rule) {}
  // The next frame.
  [[nodiscard]] Reuse compare(const Thumbnail& frame);
  // The frame that was compared last has an answer of its own.
  void answered(const Thumbnail& frame);

 private:
  ReuseRule rule_;
  int age_ = 0;
  std::optional<Thumbnail> last_;
};

}  // namespace triage
