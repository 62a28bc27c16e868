#include "runtime/frame_reuse.h"

#include <fmt/format.h>

#include "triage/error.h"

namespace triage {

void check_reuse(const ReuseRule& rule) {
  if (!(rule.limit >= 0 && rule.limit <= 255)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("reuse_limit: {:.4g}, expected 0 to 255, a difference of gray levels; 0 reuses "
                            "nothing",
                            rule.limit));
  }
  if (rule.max_age < 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("max_age: {}, expected 1 or more frames; to reuse nothing give "
                            "a reuse_limit of 0",
                            rule.max_age));
  }
}

Reuse FrameReuse::compare(const Thumbnail& frame) {
  if (!last_) return {};
  if (age_ <= rule_.max_age) ++age_;  // beyond, it stays too old
  const double difference = frame_difference(frame, *last_);
  return {difference < rule_.limit && age_ <= rule_.max_age, age_, difference};
}

void FrameReuse::answered(const Thumbnail& frame) {
  last_ = frame;
  age_ = 0;
}

}  // namespace triage
