#include "learn/forest/choose_schedule.h"

#include <array>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "stats/mean.h"

namespace triage {
namespace {

constexpr std::array<float, 6> kSlices{0.005F, 0.01F, 0.02F, 0.05F, 0.1F, 0.2F};
constexpr std::array<float, 2> kLastShares{0.05F, 0.1F};
constexpr double kUnsolved = 10;

class ScheduleChooser {
 public:
  explicit ScheduleChooser(const ScheduleData& data) : data_(data) {
    for (std::size_t row = 0; row < data.score.size() / data.m; ++row) {
      if (is_complete(row)) rows_.push_back(row);
    }
  }

  RunSchedule run() {
    RunSchedule schedule;
    if (rows_.size() < 2) return schedule;
    std::vector<RunSchedule> candidates;
    for (std::size_t j = 0; j < data_.m; ++j) {
      for (const float slice : kSlices) candidates.push_back({static_cast<ModelIndex>(j), slice, 0});
    }
    schedule = better_or_same(schedule, candidates);
    candidates.clear();
    for (const float last : kLastShares) candidates.push_back({schedule.presolver, schedule.slice, last});
    return better_or_same(schedule, candidates);
  }

 private:
  [[nodiscard]] bool is_complete(std::size_t row) const {
    for (std::size_t i = row * data_.m; i < (row + 1) * data_.m; ++i) {
      if (std::isnan(data_.score[i]) || std::isnan(data_.times[i])) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<double> par10(const RunSchedule& schedule) const {
    std::vector<double> costs;
    const std::size_t m = data_.m;
    for (const std::size_t row : rows_) {
      const ScheduleOutcome outcome =
          replay_schedule(schedule, data_.score.subspan(row * m, m), data_.times.subspan(row * m, m),
                          data_.solved.subspan(row * m, m));
      costs.push_back(outcome.solved ? outcome.time : kUnsolved);
    }
    return costs;
  }

  [[nodiscard]] RunSchedule better_or_same(const RunSchedule& present,
                                           std::span<const RunSchedule> candidates) const {
    const std::vector<double> now = par10(present);
    RunSchedule best = present;
    double best_gain = 0;
    bool sure = false;
    for (const RunSchedule& candidate : candidates) {
      std::vector<double> gains = par10(candidate);
      for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = now[i] - gains[i];
      const double gain = mean(gains);
      if (gain <= best_gain) continue;
      best = candidate;
      best_gain = gain;
      sure = gain >= standard_deviation(gains) / std::sqrt(static_cast<double>(gains.size()));
    }
    return sure ? best : present;
  }

  ScheduleData data_;
  std::vector<std::size_t> rows_;
};

}  // namespace

RunSchedule choose_schedule(const ScheduleData& data) {
  const std::size_t size = data.score.size();
  TRIAGE_CHECK(data.m > 0 && size % data.m == 0 && data.times.size() == size && data.solved.size() == size);
  return ScheduleChooser(data).run();
}

}  // namespace triage
