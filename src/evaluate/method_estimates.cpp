#include "evaluate/method_estimates.h"

#include <algorithm>

#include "evaluate/metrics.h"
#include "stats/bootstrap.h"
#include "stats/mean.h"

namespace triage {
namespace {

bool needs_router(MethodKind kind) { return kind != MethodKind::kSingle && kind != MethodKind::kVbs; }

// What the bootstrap resamples: score and time of every method, and the zero router's score beside some.
struct BootstrapColumns {
  std::vector<std::vector<double>> values;
  std::vector<std::size_t> score, ms, router;
};

BootstrapColumns make_columns(const Table& table, std::span<const Fold> folds, std::span<const Entry> entries,
                              Criterion criterion) {
  BootstrapColumns columns;
  for (const Entry& entry : entries) {
    columns.score.push_back(columns.values.size());
    columns.values.push_back(entry.replay.score(criterion));
    columns.ms.push_back(columns.values.size());
    columns.values.push_back(entry.replay.ms);
    columns.router.push_back(columns.values.size());
    if (needs_router(entry.id.kind)) {
      columns.values.push_back(router_scores(table, folds, entry.replay.ms, criterion));
    }
  }
  return columns;
}

// Values and intervals of any statistic of the columns' means.
class Estimator {
 public:
  Estimator(const BootstrapColumns& columns, const EvaluateOptions& options)
      : n_columns_(columns.values.size()),
        resampled_(bootstrap_means(columns.values, options.resamples, options.seed)),
        means_(column_means(columns.values)) {}
  [[nodiscard]] Interval mean(std::size_t a) const {
    return estimate([=](std::span<const double> means) { return means[a]; }).interval;
  }
  [[nodiscard]] Estimate difference(std::size_t a, std::size_t b) const {
    return estimate([=](std::span<const double> means) { return means[a] - means[b]; });
  }
  [[nodiscard]] Estimate ratio(std::size_t a, std::size_t b) const {
    return estimate([=](std::span<const double> means) { return means[a] / means[b]; });
  }

 private:
  [[nodiscard]] Estimate estimate(const std::function<double(std::span<const double>)>& statistic) const {
    return {statistic(means_), bootstrap_interval(resampled_, n_columns_, statistic)};
  }
  std::size_t n_columns_;
  std::vector<double> resampled_;
  std::vector<double> means_;
};

std::vector<double> chosen_shares(const Table& table, const Replay& replay) {
  std::vector<double> shares(table.n_models() + 1);
  for (const ModelIndex model : replay.model) {
    shares[model == kNoModel ? table.n_models() : static_cast<std::size_t>(model)] +=
        1.0 / static_cast<double>(table.n_inputs());
  }
  return shares;
}

std::size_t index_of(std::span<const Entry> entries, MethodKind kind) {
  return static_cast<std::size_t>(
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.id.kind == kind; }) -
      entries.begin());
}

Method measure_method(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
                      const Entry& entry, const Replay& sbs, const Replay& vbs, Criterion criterion) {
  Method method;
  method.id = entry.id;
  const auto measure_on = [&](Rows rows) {
    return measure(table, rows, entry.replay, criterion, optimum, mean_of(sbs.score(criterion), rows),
                   mean_of(vbs.score(criterion), rows));
  };
  method.pooled = measure_on(all_rows(table));
  for (const Fold& fold : folds) method.folds.push_back(measure_on(fold.test));
  method.geometric = geometric_mean(method.folds);
  method.arithmetic = arithmetic_mean(method.folds);
  method.deviation = standard_deviation(method.folds);
  method.chosen = chosen_shares(table, entry.replay);
  return method;
}

bool is_compared_with_premodel(MethodKind kind) {
  return kind == MethodKind::kCascade || kind == MethodKind::kAdaptive;
}

// Pairs whose difference says whether a selector learned anything.
std::vector<Contrast> make_contrasts(std::span<const Entry> entries, const BootstrapColumns& columns,
                                     const Estimator& estimator) {
  std::vector<Contrast> contrasts;
  const auto add = [&](std::size_t a, std::size_t b) {
    contrasts.push_back({entries[a].id, entries[b].id,
                         estimator.difference(columns.score[a], columns.score[b]),
                         estimator.ratio(columns.ms[a], columns.ms[b])});
  };
  const std::size_t adaptive = index_of(entries, MethodKind::kAdaptive);
  for (std::size_t e = 0; adaptive < entries.size() && e < entries.size(); ++e) {
    if (entries[e].id.kind == MethodKind::kCascade || is_rival(entries[e].id.kind)) add(adaptive, e);
  }
  const std::size_t equal = index_of(entries, MethodKind::kCheapestEqual);
  for (std::size_t e = 0; equal < entries.size() && e < entries.size(); ++e) {
    if (entries[e].id.kind == MethodKind::kAuto || entries[e].id.kind == MethodKind::kPolicy) add(e, equal);
  }
  const std::size_t premodel = index_of(entries, MethodKind::kPremodel);
  if (premodel == entries.size()) return contrasts;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    const bool variant = entries[e].id.kind == MethodKind::kPremodel && e != premodel;
    if (variant || is_control(entries[e].id.kind)) add(premodel, e);
    if (is_compared_with_premodel(entries[e].id.kind)) add(e, premodel);
  }
  return contrasts;
}

}  // namespace

void estimate_methods(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
                      std::span<const Entry> entries, const EvaluateOptions& options,
                      Evaluation& evaluation) {
  const std::size_t sbs = index_of(entries, MethodKind::kSbs);
  const std::size_t vbs = index_of(entries, MethodKind::kVbs);
  const BootstrapColumns columns = make_columns(table, folds, entries, options.criterion);
  const Estimator estimator(columns, options);
  for (std::size_t e = 0; e < entries.size(); ++e) {
    Method method = measure_method(table, folds, optimum, entries[e], entries[sbs].replay,
                                   entries[vbs].replay, options.criterion);
    method.score_interval = estimator.mean(columns.score[e]);
    method.score_gain = estimator.difference(columns.score[e], columns.score[sbs]);
    method.time_ratio = estimator.ratio(columns.ms[e], columns.ms[sbs]);
    if (needs_router(method.id.kind)) {
      method.above_router = estimator.difference(columns.score[e], columns.router[e]);
    }
    evaluation.methods.push_back(std::move(method));
  }
  evaluation.contrasts = make_contrasts(entries, columns, estimator);
}

}  // namespace triage
