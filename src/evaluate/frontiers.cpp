#include "evaluate/frontiers.h"

#include <algorithm>
#include <cmath>

#include "base/stop.h"
#include "evaluate/baselines.h"
#include "evaluate/frontier_reader.h"
#include "evaluate/metrics.h"
#include "stats/bootstrap.h"
#include "stats/mean.h"
#include "stats/quantile.h"

namespace triage {
namespace {

constexpr int kSweepResamples = 1000;  // of the bootstrap, for the many points of frontiers

// The simultaneous band of all points' differences to the router: the largest of their studentised deviations
// is resampled, so that with 95 % none leaves the band. `means` has score and router of every point.
void set_bands(std::span<const double> means, Frontier& frontier) {
  const std::size_t n_points = frontier.points.size(), width = 2 * n_points;
  if (means.empty() || n_points == 0) return;
  const std::size_t resamples = means.size() / width;
  const auto difference = [&](std::size_t b, std::size_t p) {
    return means[b * width + 2 * p] - means[b * width + 2 * p + 1];
  };
  std::vector<double> error(n_points);
  for (std::size_t p = 0; p < n_points; ++p) {
    double squares = 0;
    for (std::size_t b = 0; b < resamples; ++b) {
      const double d = difference(b, p) - frontier.points[p].above_router.value;
      squares += d * d;
    }
    error[p] = std::sqrt(squares / static_cast<double>(resamples));
  }
  std::vector<double> largest(resamples);
  for (std::size_t b = 0; b < resamples; ++b) {
    for (std::size_t p = 0; p < n_points; ++p) {
      if (error[p] <= 0) continue;
      const double d = std::abs(difference(b, p) - frontier.points[p].above_router.value);
      largest[b] = std::max(largest[b], d / error[p]);
    }
  }
  const double reach = interpolated_quantile(largest, 0.95);
  for (std::size_t p = 0; p < n_points; ++p) {
    Estimate& above = frontier.points[p].above_router;
    above.interval = {above.value - reach * error[p], above.value + reach * error[p]};
  }
}

// The frontier's method, and mean time and score of each point, in the order of the sweep.
Frontier points_of(const Table& table, const Sweep& sweep) {
  const auto rows = all_rows(table);
  Frontier frontier;
  frontier.method = sweep.method;
  for (const SweepPoint& swept : sweep.points) {
    frontier.points.push_back({mean_of(swept.ms, rows), mean_of(swept.score, rows), swept.price});
  }
  return frontier;
}

Frontier sweep_frontier(const Table& table, std::span<const Fold> folds, const Sweep& sweep,
                        const EvaluateOptions& options) {
  // Score and the zero router's, a pair per point.
  std::vector<std::vector<double>> columns;
  Frontier frontier = points_of(table, sweep);
  for (std::size_t p = 0; p < sweep.points.size(); ++p) {
    const SweepPoint& swept = sweep.points[p];
    columns.push_back(swept.score);
    columns.push_back(router_scores(table, folds, swept.ms, options.criterion));
    FrontierPoint& point = frontier.points[p];
    const double router = mean_of(columns.back(), all_rows(table));
    point.above_router.value = point.score - router;
    std::vector<double> later = swept.ms;
    for (const Fold& fold : folds) {
      for (const std::uint32_t i : fold.test) later[i] += fold.reading_ms;
    }
    point.resolution =
        mean_of(router_scores(table, folds, later, options.criterion), all_rows(table)) - router;
  }
  const auto means = bootstrap_means(columns, std::min(options.resamples, kSweepResamples), options.seed);
  for (std::size_t p = 0; p < frontier.points.size(); ++p) {
    frontier.points[p].score_interval =
        bootstrap_interval(means, columns.size(), [p](std::span<const double> m) { return m[2 * p]; });
  }
  set_bands(means, frontier);
  std::stable_sort(frontier.points.begin(), frontier.points.end(),
                   [](const FrontierPoint& a, const FrontierPoint& b) { return a.ms < b.ms; });
  return frontier;
}

}  // namespace

void finish_frontiers(const Table& table, std::span<const Fold> folds, std::span<const Sweep> sweeps,
                      const EvaluateOptions& options, Evaluation& evaluation) {
  const FrontierReader reader(table, folds, options);
  const Sweep router = router_sweep(table, folds, options.criterion);
  evaluation.zero_router = points_of(table, router);
  reader.read(router, evaluation.zero_router);
  for (const Sweep& sweep : sweeps) {
    throw_if_stopped(options.stop, "evaluate");
    evaluation.frontiers.push_back(sweep_frontier(table, folds, sweep, options));
    reader.read(sweep, evaluation.frontiers.back());
  }
}

}  // namespace triage
