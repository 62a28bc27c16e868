#include "evaluate/frontier_reader.h"

#include <algorithm>
#include <cmath>

#include "evaluate/metrics.h"
#include "stats/bootstrap.h"
#include "stats/hull.h"
#include "stats/quantile.h"

namespace triage {
namespace {

constexpr int kRouterPoints = 48;       // samples of the zero router's line
constexpr int kReadingResamples = 200;  // of the bootstrap: a hull is read off in each
constexpr double kMostOfTheWay = 0.95;  // from the cheapest model's score to the SBS's

// Columns of FrontierReader's marks.
enum ReferenceColumn : std::size_t {
  kCheapScore,
  kCheapMs,
  kDearMs,
  kSbsScore,
  kSbsMs,
  kVbsScore,
  kReferenceColumns
};

struct Reading {
  double aiq, closed_gap, speed_up, score_gain, time_share;
};

// `means`: of the marks, then time and score of every point.
Reading read_hull(std::span<const double> means) {
  // The cheapest model alone is always possible; a policy that runs nothing else also takes a decision's
  // time.
  std::vector<CostValue> points{{means[kCheapMs], means[kCheapScore]}}, hull;
  for (std::size_t at = kReferenceColumns; at < means.size(); at += 2)
    points.push_back({means[at], means[at + 1]});
  for (const std::size_t i : upper_hull(points)) hull.push_back(points[i]);
  const double sbs = means[kSbsScore], sbs_ms = means[kSbsMs], gap = means[kVbsScore] - sbs;
  const double most = means[kCheapScore] + kMostOfTheWay * (sbs - means[kCheapScore]);
  Reading reading{};
  reading.aiq = hull_area(hull, means[kCheapMs], means[kDearMs]);
  reading.score_gain = hull_value(hull, sbs_ms) - sbs;
  reading.closed_gap = gap > 0 ? reading.score_gain / gap : kNotMeasured;
  reading.speed_up = sbs_ms / hull_cost(hull, sbs);
  reading.time_share = hull_cost(hull, most) / sbs_ms;
  return reading;
}

// The 95 % interval of a figure; `missing` stands for a hull that does not reach it.
Interval interval_of(std::span<const Reading> readings, double Reading::*figure, double missing) {
  std::vector<double> values;
  for (const Reading& reading : readings) {
    const double value = reading.*figure;
    values.push_back(std::isnan(value) ? missing : value);
  }
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) return {};
  return {interpolated_quantile(values, 0.025), interpolated_quantile(values, 0.975)};
}

}  // namespace

Sweep router_sweep(const Table& table, std::span<const Fold> folds, Criterion criterion) {
  Sweep sweep;
  double low = folds.front().router.points.front().cost, high = low;
  for (const Fold& fold : folds) {
    low = std::min(low, fold.router.points.front().cost);
    high = std::max(high, fold.router.points.back().cost);
  }
  for (int k = 0; k < kRouterPoints && low > 0; ++k) {
    const double budget = low * std::pow(high / low, k / double{kRouterPoints - 1});
    SweepPoint point{kNotMeasured, std::vector<double>(table.n_inputs()),
                     std::vector<double>(table.n_inputs())};
    for (const Fold& fold : folds) {
      const Mix mix = fold.router.at(budget);
      for (const std::uint32_t i : fold.test) {
        point.score[i] = (1 - mix.share_dear) * table.score(i, mix.cheap, criterion) +
                         mix.share_dear * table.score(i, mix.dear, criterion);
        point.ms[i] = (1 - mix.share_dear) * table.cost_ms(i, mix.cheap) +
                      mix.share_dear * table.cost_ms(i, mix.dear) + fold.asking_ms;
      }
    }
    sweep.points.push_back(std::move(point));
  }
  return sweep;
}

FrontierReader::FrontierReader(const Table& table, std::span<const Fold> folds,
                               const EvaluateOptions& options)
    : marks_(kReferenceColumns, std::vector<double>(table.n_inputs())),
      resamples_(std::min(options.resamples, kReadingResamples)),
      seed_(options.seed) {
  const auto costs = mean_costs(table, all_rows(table));
  const auto [cheapest, dearest] = std::minmax_element(costs.begin(), costs.end());
  const auto cheap = static_cast<ModelIndex>(cheapest - costs.begin());
  const auto dear = static_cast<ModelIndex>(dearest - costs.begin());
  for (const Fold& fold : folds) {
    for (const std::uint32_t i : fold.test) {
      marks_[kCheapScore][i] = table.score(i, cheap, options.criterion);
      marks_[kCheapMs][i] = table.cost_ms(i, cheap);
      marks_[kDearMs][i] = table.cost_ms(i, dear);
      marks_[kSbsScore][i] = table.score(i, fold.sbs, options.criterion);
      marks_[kSbsMs][i] = table.cost_ms(i, fold.sbs);
      for (const ModelIndex model : all_models(table)) {
        marks_[kVbsScore][i] = std::max(marks_[kVbsScore][i], table.score(i, model, options.criterion));
      }
    }
  }
}

void FrontierReader::read(const Sweep& sweep, Frontier& frontier) const {
  std::vector<std::vector<double>> columns = marks_;
  for (const SweepPoint& point : sweep.points) {
    columns.push_back(point.ms);
    columns.push_back(point.score);
  }
  const Reading all = read_hull(column_means(columns));
  frontier.aiq = all.aiq;
  frontier.closed_gap = all.closed_gap;
  frontier.speed_up_at_equal_score = all.speed_up;
  frontier.score_gain_at_equal_time = all.score_gain;
  frontier.time_share_for_95 = all.time_share;

  const auto means = bootstrap_means(columns, resamples_, seed_);
  std::vector<Reading> readings;
  for (std::size_t at = 0; at + columns.size() <= means.size(); at += columns.size()) {
    readings.push_back(read_hull(std::span(means).subspan(at, columns.size())));
  }
  constexpr double kNever = std::numeric_limits<double>::infinity();
  frontier.intervals = {interval_of(readings, &Reading::aiq, kNotMeasured),
                        interval_of(readings, &Reading::closed_gap, kNotMeasured),
                        interval_of(readings, &Reading::speed_up, 0),
                        interval_of(readings, &Reading::score_gain, kNotMeasured),
                        interval_of(readings, &Reading::time_share, kNever)};
}

}  // namespace triage
