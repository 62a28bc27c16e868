// The monitor on many streams, with and without a shift: false alarms, and how soon it raises.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/stop.h"
#include "report/phrases.h"
#include "stats/quantile.h"
#include "study/guarantee_checks.h"
#include "triage/tools/monitor.h"

namespace triage {
namespace {

// The other half in two parts, and the loss of a mixture of them.
struct HardAndEasy {
  std::vector<std::uint32_t> hard, easy;  // positions
  std::vector<float> losses;
  double hard_share = 0;

  [[nodiscard]] double loss_at(double share) const {
    return share * mean_at(hard) + (1 - share) * mean_at(easy);
  }
  [[nodiscard]] double mean_at(const std::vector<std::uint32_t>& positions) const {
    double sum = 0;
    for (const std::uint32_t i : positions) sum += static_cast<double>(losses[i]);
    return positions.empty() ? 0 : sum / static_cast<double>(positions.size());
  }
  [[nodiscard]] double draw(Random& random, double share) const {
    const auto& from = random.uniform() < share ? hard : easy;
    return static_cast<double>(losses[from[random.below(from.size())]]);
  }
};
// Hard is what the cheapest model gets wrong, or scores less than half on.
HardAndEasy split_by_difficulty(const Table& table, const TrainedHalf& trained, std::size_t setting) {
  const auto costs = mean_costs(table, trained.rows);
  const auto cheapest = static_cast<ModelIndex>(std::min_element(costs.begin(), costs.end()) - costs.begin());
  HardAndEasy parts;
  parts.losses = trained.losses.loss[setting];
  for (std::uint32_t i = 0; i < trained.rows.size(); ++i) {
    const bool right = table.score(trained.rows[i], cheapest, trained.policy->info().criterion) >= 0.5;
    (right ? parts.easy : parts.hard).push_back(i);
  }
  parts.hard_share = static_cast<double>(parts.hard.size()) / static_cast<double>(trained.rows.size());
  return parts;
}

// Inputs until each run raises, infinite where it does not within `most`. Of `before` inputs without a shift,
// an alarm counts as one of input 0.
std::vector<double> raising_times(const HardAndEasy& parts, double limit, double share, std::size_t before,
                                  std::size_t most, const GuaranteeOptions& options) {
  std::vector<double> times(check_runs(options), std::numeric_limits<double>::infinity());
  for_each_parallel(times.size(), [&](std::size_t r) {
    Random random = check_random(options, r, most + before);
    Monitor monitor({.limit = limit, .delta = options.delta});
    for (std::size_t i = 0; i < before + most && !monitor.is_broken(); ++i) {
      monitor.add(parts.draw(random, i < before ? parts.hard_share : share));
    }
    const auto at = monitor.state().broken_at;
    if (at) times[r] = at > before ? static_cast<double>(*at - before) : 0;
  });
  return times;
}

std::size_t count_finite(const std::vector<double>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double v) { return std::isfinite(v); }));
}

double finite_quantile(std::vector<double> values, double p) {
  const double value = interpolated_quantile(values, p);
  return std::isfinite(value) ? value : kNotMeasured;
}

// The setting that is watched: the fastest within the bound, as calibration would promise it with the truth
// known; the first where none is.
std::size_t watched_setting(const TrainedHalf& trained, double limit) {
  std::size_t watched = trained.sequence.front();
  for (const std::size_t setting : trained.sequence) {
    if (trained.true_loss[setting] > limit) break;
    watched = setting;
  }
  return watched;
}

Exhibit empty_exhibit(double bound, std::size_t most) {
  Exhibit exhibit;
  exhibit.id = "guarantee-monitor";
  exhibit.title = "The monitor, with and without a shift";
  exhibit.about = fmt::format(
      "The monitor watches the fastest setting within {} points. Hard inputs, which the cheapest model gets "
      "wrong, come more often than they did in calibration: from the start, or after inputs without a shift. "
      "Each run ends {} inputs later. Without a shift every alarm is false; in the first row the limit is "
      "what "
      "the setting loses, the hardest case.",
      percent(bound, 2), most);
  exhibit.data.columns = {{"hard inputs, times as often", 2},
                          {"inputs before", 0},
                          {"loss, points", 2},
                          {"limit, points", 2},
                          {"runs", 0},
                          {"raised %", 1},
                          {"95 % interval", 0},
                          {"median inputs until then", 0},
                          {"90 % quantile", 0}};
  return exhibit;
}

std::vector<Cell> monitor_row(double factor, std::size_t before, double loss, double limit,
                              const std::vector<double>& times) {
  const std::size_t raised = count_finite(times);
  return {factor,
          static_cast<double>(before),
          100 * loss,
          100 * limit,
          static_cast<double>(times.size()),
          percent_of(raised, times.size()),
          share_range(raised, times.size()),
          finite_quantile(times, 0.5),
          finite_quantile(times, 0.9)};
}

}  // namespace

Exhibit check_monitor(const Table& table, const TrainedHalf& trained, const GuaranteeOptions& options,
                      bool& holds) {
  const double bound = *std::max_element(options.max_losses.begin(), options.max_losses.end());
  const HardAndEasy parts = split_by_difficulty(table, trained, watched_setting(trained, bound));
  const std::size_t most = 2 * *std::max_element(options.inputs.begin(), options.inputs.end());
  Exhibit exhibit = empty_exhibit(bound, most);
  if (parts.hard.empty() || parts.easy.empty()) {
    exhibit.ours = "no input is hard, or every one is";
    exhibit.verdict = "There is no shift to show.";
    return exhibit;
  }
  const auto add_row = [&](double factor, std::size_t before, double limit) {
    throw_if_stopped(options.stop, "study");
    const double share = factor * parts.hard_share;
    const auto times = raising_times(parts, limit, share, before, most, options);
    exhibit.data.rows.push_back(monitor_row(factor, before, parts.loss_at(share), limit, times));
    return count_finite(times);
  };
  std::size_t false_alarms = add_row(1, 0, std::max(parts.loss_at(parts.hard_share), 1e-4));
  false_alarms = std::max(false_alarms, add_row(1, 0, bound));
  for (const std::size_t before : {std::size_t{0}, most / 4}) {
    for (const double factor : {1.5, 2.0, 3.0, 5.0}) {
      if (factor * parts.hard_share <= 1) add_row(factor, before, bound);
    }
  }
  const bool within = is_within_noise(false_alarms, check_runs(options), options.delta, 2);
  holds = holds && within;
  exhibit.ours =
      fmt::format("at most {} of {} runs without a shift raise", false_alarms, check_runs(options));
  exhibit.verdict = noise_verdict(within, options.delta);
  return exhibit;
}

}  // namespace triage
