#include "learn/forest/choose_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "policy/forests.h"
#include "stats/mean.h"

namespace triage {
namespace {

constexpr std::array<float, 8> kShares{0.001F, 0.002F, 0.005F, 0.01F, 0.02F, 0.05F, 0.1F, 0.2F};
constexpr std::array<float, 2> kLastShares{0.05F, 0.1F};
constexpr double kUnsolved = 10;
constexpr double kErrors = 1.5;

class ScheduleChooser {
 public:
  explicit ScheduleChooser(const ScheduleData& data) : data_(data) {
    for (std::size_t row = 0; row < data.score.size() / data.m; ++row) {
      if (!is_complete(row)) continue;
      const auto score = data.score.subspan(row * data.m, data.m);
      const ModelIndex first = choose_model(score, {}, {}, 0);
      rows_.push_back({row, first, second_choice(score, first)});
    }
  }

  RunSchedule run() const {
    RunSchedule schedule;
    if (rows_.size() < 2) return schedule;
    while (schedule.before.size() < kMostRunsLearned) {
      RunSchedule longer = better_or_same(schedule, with_one_more(schedule));
      if (longer == schedule) break;
      schedule = std::move(longer);
    }
    std::vector<RunSchedule> candidates;
    for (const float last : kLastShares) candidates.push_back({schedule.before, last});
    return better_or_same(schedule, candidates);
  }

 private:
  struct Row {
    std::size_t index;
    ModelIndex first, second;  // choices
  };

  [[nodiscard]] bool is_complete(std::size_t row) const {
    for (std::size_t i = row * data_.m; i < (row + 1) * data_.m; ++i) {
      if (std::isnan(data_.score[i]) || std::isnan(data_.times[i])) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<RunSchedule> with_one_more(const RunSchedule& schedule) const {
    std::vector<RunSchedule> candidates;
    for (std::size_t j = 0; j < data_.m; ++j) {
      const auto model = static_cast<ModelIndex>(j);
      const auto is_model = [&](const ShortRun& run) { return run.model == model; };
      if (std::any_of(schedule.before.begin(), schedule.before.end(), is_model)) continue;
      for (const float share : kShares) {
        candidates.push_back(schedule);
        candidates.back().before.push_back({model, share});
      }
    }
    return candidates;
  }

  [[nodiscard]] std::vector<double> par10(const RunSchedule& schedule) const {
    std::vector<double> costs;
    costs.reserve(rows_.size());
    const std::size_t m = data_.m;
    for (const Row& row : rows_) {
      const ScheduleOutcome outcome =
          replay_schedule(schedule, row.first, row.second, data_.times.subspan(row.index * m, m),
                          data_.solved.subspan(row.index * m, m));
      costs.push_back(outcome.solved ? outcome.time : kUnsolved);
    }
    return costs;
  }

  [[nodiscard]] RunSchedule better_or_same(const RunSchedule& present,
                                           std::span<const RunSchedule> candidates) const {
    const std::vector<double> now = par10(present);
    const RunSchedule* best = &present;
    double best_gain = 0;
    for (const RunSchedule& candidate : candidates) {
      std::vector<double> gains = par10(candidate);
      for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = now[i] - gains[i];
      const double error = standard_deviation(gains) / std::sqrt(static_cast<double>(gains.size()));
      const double gain = mean(gains) - kErrors * error;
      if (gain <= best_gain) continue;
      best = &candidate;
      best_gain = gain;
    }
    return *best;
  }

  ScheduleData data_;
  std::vector<Row> rows_;  // those that can be replayed
};

}  // namespace

RunSchedule choose_schedule(const ScheduleData& data) {
  const std::size_t size = data.score.size();
  TRIAGE_CHECK(data.m > 0 && size % data.m == 0 && data.times.size() == size && data.solved.size() == size);
  return ScheduleChooser(data).run();
}

}  // namespace triage
