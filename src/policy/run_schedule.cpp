#include "policy/run_schedule.h"

#include "policy/forests.h"

namespace triage {

ModelIndex second_choice(const RunSchedule& schedule, std::span<const float> score, ModelIndex first) {
  ModelIndex best = kNoModel;
  for (std::size_t j = 0; j < score.size(); ++j) {
    const auto model = static_cast<ModelIndex>(j);
    if (model == first || (model == schedule.presolver && schedule.last <= schedule.slice)) continue;
    if (best == kNoModel || score[j] < score[static_cast<std::size_t>(best)]) best = model;
  }
  return best;
}

ScheduleOutcome replay_schedule(const RunSchedule& schedule, std::span<const float> score,
                                std::span<const float> times, std::span<const std::uint8_t> solved) {
  const ModelIndex first = choose_model(score, {}, {}, 0);
  const ModelIndex second = schedule.last > 0 ? second_choice(schedule, score, first) : kNoModel;
  const double begin_of_last = second == kNoModel ? 1.0 : 1.0 - static_cast<double>(schedule.last);
  // Whether `model` solves it between two times, with the time when it does.
  const auto run = [&](ModelIndex model, double begin, double end) -> ScheduleOutcome {
    const auto j = static_cast<std::size_t>(model);
    const double done = begin + static_cast<double>(times[j]);
    return solved[j] != 0 && done <= end ? ScheduleOutcome{done, true} : ScheduleOutcome{};
  };
  double begin = 0;
  if (schedule.presolver != kNoModel && schedule.presolver != first) {
    begin = static_cast<double>(schedule.slice);
    if (const ScheduleOutcome early = run(schedule.presolver, 0, begin); early.solved) return early;
  }
  if (const ScheduleOutcome chosen = run(first, begin, begin_of_last); chosen.solved) return chosen;
  return second == kNoModel ? ScheduleOutcome{} : run(second, begin_of_last, 1);
}

}  // namespace triage
