#include "policy/run_schedule.h"

#include <algorithm>

namespace triage {
namespace {

// One input's time, which models take from each other.
class ScheduleClock {
 public:
  ScheduleClock(std::span<const float> times, std::span<const std::uint8_t> solved)
      : times_(times), solved_(solved) {}

  // Whether `model`, which ran for `ran` before, solves it within `most` more. It may also give up earlier.
  bool run(ModelIndex model, double ran, double most) {
    const auto j = static_cast<std::size_t>(model);
    const double rest = std::max(0.0, static_cast<double>(times_[j]) - ran);
    now_ += std::min(rest, most);
    return solved_[j] != 0 && rest <= most;
  }
  [[nodiscard]] double now() const { return now_; }
  [[nodiscard]] double left() const { return std::max(0.0, 1 - now_); }

 private:
  std::span<const float> times_;
  std::span<const std::uint8_t> solved_;
  double now_ = 0;
};

double ran_before(const RunSchedule& schedule, ModelIndex model) {
  for (const ShortRun& run : schedule.before) {
    if (run.model == model) return static_cast<double>(run.share);
  }
  return 0;
}

}  // namespace

float RunSchedule::share_before() const {
  float sum = 0;
  for (const ShortRun& run : before) sum += run.share;
  return sum;
}

ModelIndex second_choice(std::span<const float> score, ModelIndex first) {
  ModelIndex best = kNoModel;
  for (std::size_t j = 0; j < score.size(); ++j) {
    const auto model = static_cast<ModelIndex>(j);
    if (model == first) continue;
    if (best == kNoModel || score[j] < score[static_cast<std::size_t>(best)]) best = model;
  }
  return best;
}

ScheduleOutcome replay_schedule(const RunSchedule& schedule, ModelIndex first, ModelIndex second,
                                std::span<const float> times, std::span<const std::uint8_t> solved) {
  ScheduleClock clock(times, solved);
  for (const ShortRun& run : schedule.before) {
    if (clock.run(run.model, 0, static_cast<double>(run.share))) return {clock.now(), true};
  }
  const bool has_second = schedule.last > 0 && second != kNoModel;
  const double kept = has_second ? static_cast<double>(schedule.last) : 0;
  if (clock.run(first, ran_before(schedule, first), std::max(0.0, clock.left() - kept))) {
    return {clock.now(), true};
  }
  if (has_second && clock.run(second, ran_before(schedule, second), clock.left())) return {clock.now(), true};
  return {};
}

}  // namespace triage
