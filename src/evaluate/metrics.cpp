#include "evaluate/metrics.h"

#include <algorithm>
#include <array>

#include "stats/quantile.h"

namespace triage {
namespace {

constexpr std::array<MetricField, 21> kFields{{{"score", &Metrics::score},
                                               {"top1", &Metrics::top1},
                                               {"top5", &Metrics::top5},
                                               {"mean_ms", &Metrics::mean_ms},
                                               {"p50_ms", &Metrics::p50_ms},
                                               {"p90_ms", &Metrics::p90_ms},
                                               {"p99_ms", &Metrics::p99_ms},
                                               {"mean_j", &Metrics::mean_j},
                                               {"overhead_j", &Metrics::overhead_j},
                                               {"precision", &Metrics::precision},
                                               {"recall", &Metrics::recall},
                                               {"f1", &Metrics::f1},
                                               {"optimum", &Metrics::optimum},
                                               {"closed_gap", &Metrics::closed_gap},
                                               {"overhead", &Metrics::overhead},
                                               {"coverage", &Metrics::coverage},
                                               {"looks", &Metrics::looks},
                                               {"limited", &Metrics::limited},
                                               {"breached", &Metrics::breached},
                                               {"unsure", &Metrics::unsure},
                                               {"unsupported", &Metrics::unsupported}}};

double ratio(double a, double b) { return b != 0.0 ? a / b : kNotMeasured; }

void set_times(const Replay& replay, Rows rows, Metrics& metrics) {
  std::vector<double> times;
  times.reserve(rows.size());
  for (const std::uint32_t i : rows) times.push_back(replay.ms[i]);
  metrics.mean_ms = mean_of(replay.ms, rows);
  metrics.p50_ms = interpolated_quantile(times, 0.50);
  metrics.p90_ms = interpolated_quantile(times, 0.90);
  metrics.p99_ms = interpolated_quantile(times, 0.99);
  metrics.mean_j = mean_of(replay.j, rows);
  metrics.overhead_j = ratio(mean_of(replay.selection_j, rows), metrics.mean_j);
  metrics.overhead = ratio(mean_of(replay.selection_ms, rows), metrics.mean_ms);
}

void set_choices(const Replay& replay, Rows rows, std::span<const ModelIndex> optimum, Metrics& metrics) {
  double answered = 0, looks = 0, with_optimum = 0, hits = 0, limited = 0, breached = 0, unsure = 0;
  for (const std::uint32_t i : rows) {
    limited += replay.limited[i];
    breached += replay.breached[i];
    unsure += replay.unsure[i];
    answered += replay.model[i] != kNoModel ? 1 : 0;
    looks += replay.looks[i];
    if (optimum[i] == kNoModel) continue;
    with_optimum += 1;
    hits += replay.model[i] == optimum[i] ? 1 : 0;
  }
  const auto n = static_cast<double>(rows.size());
  metrics.coverage = ratio(answered, n);
  metrics.looks = ratio(looks, n);
  metrics.optimum = ratio(hits, with_optimum);
  metrics.limited = ratio(limited, n);
  metrics.breached = ratio(breached, n);
  metrics.unsure = ratio(unsure, n);
}

template <class Combine>
Metrics over_folds(std::span<const Metrics> folds, Combine combine) {
  Metrics out;
  std::vector<double> values(folds.size());
  for (const MetricField& field : metric_fields()) {
    for (std::size_t f = 0; f < folds.size(); ++f) values[f] = folds[f].*field.member;
    out.*field.member = combine(std::span<const double>(values));
  }
  return out;
}

}  // namespace

std::span<const MetricField> metric_fields() { return kFields; }

const char* to_string(MethodKind kind) {
  switch (kind) {
    case MethodKind::kSingle:
      return "single";
    case MethodKind::kSbs:
      return "sbs";
    case MethodKind::kCheapestEqual:
      return "cheapest_equal";
    case MethodKind::kVbs:
      return "vbs";
    case MethodKind::kRandom:
      return "random";
    case MethodKind::kBound:
      return "bound";
    case MethodKind::kPremodel:
      return "premodel";
    case MethodKind::kShuffled:
    case MethodKind::kMajority:
    case MethodKind::kFirstModel:
      return "control";
    case MethodKind::kCascade:
      return "cascade";
    case MethodKind::kExactCascade:
    case MethodKind::kCascadeRouting:
    case MethodKind::kLearner:
      return "rival";
    case MethodKind::kForests:
      return "forests";
    case MethodKind::kLadder:
      return "ladder";
    case MethodKind::kAdaptive:
      return "adaptive";
    case MethodKind::kAuto:
      return "auto";
    case MethodKind::kPolicy:
      return "policy";
  }
  return "policy";
}

bool is_control(MethodKind kind) {
  return kind == MethodKind::kShuffled || kind == MethodKind::kMajority || kind == MethodKind::kFirstModel;
}

bool is_rival(MethodKind kind) {
  return kind == MethodKind::kExactCascade || kind == MethodKind::kCascadeRouting ||
         kind == MethodKind::kLearner;
}

ClassMetrics class_metrics(std::span<const Label> labels, std::span<const std::int32_t> predicted, Rows rows,
                           std::int32_t n_classes) {
  const auto n = static_cast<std::size_t>(std::max(n_classes, 0));
  std::vector<double> support(n), answered(n), right(n);
  double n_answered = 0;
  for (const std::uint32_t i : rows) {
    const auto label = static_cast<std::size_t>(labels[i]);
    const auto answer = static_cast<std::size_t>(predicted[i]);
    if (labels[i] >= 0 && label < n) support[label] += 1;
    if (predicted[i] < 0 || answer >= n) continue;
    n_answered += 1;
    answered[answer] += 1;
    if (answer == label) right[answer] += 1;
  }
  ClassMetrics out;
  double precision = 0, recall = 0, f1 = 0, n_support = 0;
  for (std::size_t c = 0; c < n; ++c) {
    if (support[c] == 0) {
      ++out.unsupported;
      continue;
    }
    n_support += 1;
    precision += answered[c] > 0 ? right[c] / answered[c] : 0;
    recall += right[c] / support[c];
    f1 += 2 * right[c] / (support[c] + answered[c]);
  }
  if (n_answered == 0) return out;
  out.precision = ratio(precision, n_support);
  out.recall = ratio(recall, n_support);
  out.f1 = ratio(f1, n_support);
  return out;
}

Metrics measure(const Table& table, Rows rows, const Replay& replay, Criterion criterion,
                std::span<const ModelIndex> optimum, double sbs_score, double vbs_score) {
  Metrics metrics;
  metrics.top1 = mean_of(replay.top1, rows);
  metrics.top5 = mean_of(replay.top5, rows);
  metrics.score = criterion == Criterion::kTop1 ? metrics.top1 : metrics.top5;
  metrics.closed_gap = ratio(metrics.score - sbs_score, vbs_score - sbs_score);
  set_times(replay, rows, metrics);
  set_choices(replay, rows, optimum, metrics);
  const ClassMetrics classes = class_metrics(table.labels, replay.predicted, rows, table.n_classes);
  metrics.precision = classes.precision;
  metrics.recall = classes.recall;
  metrics.f1 = classes.f1;
  metrics.unsupported = classes.unsupported;
  return metrics;
}

Metrics arithmetic_mean(std::span<const Metrics> folds) {
  return over_folds(folds, [](std::span<const double> values) { return mean(values); });
}

Metrics geometric_mean(std::span<const Metrics> folds) {
  return over_folds(folds, [](std::span<const double> values) { return geometric_mean(values); });
}

Metrics standard_deviation(std::span<const Metrics> folds) {
  return over_folds(folds, [](std::span<const double> values) { return standard_deviation(values); });
}

}  // namespace triage
