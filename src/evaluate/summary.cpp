#include "evaluate/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/stop.h"
#include "evaluate/frontier_reader.h"
#include "evaluate/metrics.h"
#include "learn/premodel/train_selector.h"
#include "stats/bootstrap.h"
#include "stats/quantile.h"

namespace triage {
namespace {

constexpr int kSweepResamples = 1000;  // of the bootstrap, for the many points of frontiers

// Time of one reading of the clock.
double reading_ms(const Clock& clock) {
  constexpr int kReadings = 1000;
  const std::int64_t start = clock.now_ns();
  std::int64_t now = start;
  for (int i = 0; i < kReadings; ++i) now = clock.now_ns();
  return static_cast<double>(now - start) * 1e-6 / kReadings;
}

double asking_ms(const Table& table, const Fold& fold, const EvaluateOptions& options) {
  constexpr std::size_t kEnough = 2000;
  const Clock& clock = clock_or_steady(options.clock);
  const Rows rows = Rows(fold.train).first(std::min(fold.train.size(), kEnough));
  Replay replay = make_replay("single", table.n_inputs());
  replay_policy(table, rows, *train_single(table, rows, options.criterion, fold.cheapest), clock, replay);
  return mean_of(replay.selection_ms, rows);
}

Fold learn_baselines(const Table& table, Fold fold, const EvaluateOptions& options) {
  const Criterion criterion = options.criterion;
  fold.costs = mean_costs(table, fold.train);
  fold.scores = mean_scores(table, fold.train, criterion);
  fold.sbs = single_best(fold.scores, fold.costs);
  fold.cheapest =
      static_cast<ModelIndex>(std::min_element(fold.costs.begin(), fold.costs.end()) - fold.costs.begin());
  fold.router = zero_router(fold.costs, fold.scores);
  fold.asking_ms = asking_ms(table, fold, options);
  fold.reading_ms = reading_ms(clock_or_steady(options.clock));
  return fold;
}

// Uniform over the models, the same for an input whatever stands around it.
ModelIndex random_model(const Table& table, std::size_t input, std::uint64_t seed) {
  return static_cast<ModelIndex>(Random(hash64(seed, table.ids[input])).below(table.n_models()));
}

// What the zero router would score on each input, had it the mean of `ms` (n) in that fold. It mixes the
// models that it learned from the training part, but its budget is matched by what they take on the test
// part: where the hull is steep, the difference between the two parts' mean times would count as score.
std::vector<double> router_scores(const Table& table, std::span<const Fold> folds, std::span<const double> ms,
                                  Criterion criterion) {
  std::vector<double> scores(table.n_inputs());
  for (const Fold& fold : folds) {
    const auto costs = mean_costs(table, fold.test);
    ZeroRouter router = fold.router;
    for (std::size_t p = 0; p < router.points.size(); ++p) {
      router.points[p].cost = costs[static_cast<std::size_t>(router.models[p])] + fold.asking_ms;
    }
    const Mix mix = router.at(mean_of(ms, fold.test));
    for (const std::uint32_t i : fold.test) {
      scores[i] = (1 - mix.share_dear) * table.score(i, mix.cheap, criterion) +
                  mix.share_dear * table.score(i, mix.dear, criterion);
    }
  }
  return scores;
}

bool needs_router(MethodKind kind) { return kind != MethodKind::kSingle && kind != MethodKind::kVbs; }

// BootstrapColumns of the bootstrap: score and time of every method, and the zero router's score beside some.
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
    if (needs_router(entry.kind)) {
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

// The simultaneous band of all points' differences to the router: the largest of their studentised deviations
// is what is resampled, so that with 95 % none leaves the band. `means` has score and router of every point.
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
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.kind == kind; }) -
      entries.begin());
}

Method measure_method(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
                      const Entry& entry, const Replay& sbs, const Replay& vbs, Criterion criterion) {
  Method method;
  method.name = entry.replay.name;
  method.about = entry.about;
  method.kind = entry.kind;
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

bool is_rival_of_premodel(MethodKind kind) {
  return kind == MethodKind::kCascade || kind == MethodKind::kAdaptive;
}

// Pairs of which a difference says whether a selector learned anything.
std::vector<Contrast> make_contrasts(std::span<const Entry> entries, const BootstrapColumns& columns,
                                     const Estimator& estimator) {
  std::vector<Contrast> contrasts;
  const auto add = [&](std::size_t a, std::size_t b) {
    contrasts.push_back({entries[a].replay.name, entries[b].replay.name,
                         estimator.difference(columns.score[a], columns.score[b]),
                         estimator.ratio(columns.ms[a], columns.ms[b])});
  };
  const std::size_t adaptive = index_of(entries, MethodKind::kAdaptive);
  for (std::size_t e = 0; adaptive < entries.size() && e < entries.size(); ++e) {
    if (entries[e].kind == MethodKind::kCascade || entries[e].kind == MethodKind::kRival) add(adaptive, e);
  }
  const std::size_t premodel = index_of(entries, MethodKind::kPremodel);
  if (premodel == entries.size()) return contrasts;
  for (std::size_t e = 0; e < entries.size(); ++e) {
    const bool variant = entries[e].kind == MethodKind::kPremodel && e != premodel;
    if (variant || entries[e].kind == MethodKind::kControl) add(premodel, e);
    if (is_rival_of_premodel(entries[e].kind)) add(e, premodel);
  }
  return contrasts;
}

}  // namespace

void take_selector_of_fold(const Table& table, const Fold& fold, PremodelOptions& premodel) {
  if (premodel.kind != kNetworkPremodel) return;
  const ModelIndex own = find_selector(table, premodel.selector, fold.train);
  premodel.selector = table.selectors[static_cast<std::size_t>(own)].name;
}

std::vector<Fold> make_fold_list(const Table& table, std::span<const std::int32_t> fold_of,
                                 const EvaluateOptions& options) {
  if (fold_of.empty()) {
    Fold fold;
    fold.train = fold.test = all_rows(table);
    return {learn_baselines(table, std::move(fold), options)};
  }
  std::vector<Fold> folds(static_cast<std::size_t>(options.folds));
  for (std::uint32_t i = 0; i < fold_of.size(); ++i) {
    for (std::size_t f = 0; f < folds.size(); ++f) {
      (static_cast<std::size_t>(fold_of[i]) == f ? folds[f].test : folds[f].train).push_back(i);
    }
  }
  for (Fold& fold : folds) fold = learn_baselines(table, std::move(fold), options);
  return folds;
}

std::vector<ModelIndex> optimum_by_fold(const Table& table, std::span<const Fold> folds,
                                        Criterion criterion) {
  std::vector<ModelIndex> optima(table.n_inputs(), kNoModel);
  const auto models = all_models(table);
  for (const Fold& fold : folds) {
    for (const std::uint32_t i : fold.test) optima[i] = optimum(table, i, models, fold.costs, criterion);
  }
  return optima;
}

std::vector<Entry> baselines(const Table& table, std::span<const Fold> folds,
                             std::span<const ModelIndex> optimum, const EvaluateOptions& options) {
  const std::size_t n = table.n_inputs();
  std::vector<Entry> entries;
  for (const TableModel& model : table.models) {
    entries.push_back({make_replay(model.name, n), MethodKind::kSingle, "this model on every input"});
  }
  entries.push_back({make_replay("SBS", n), MethodKind::kSbs,
                     "single best model, the one with the best mean score on the training inputs"});
  entries.push_back({make_replay("VBS (oracle)", n), MethodKind::kVbs,
                     "always the optimum model, the cheapest one where none is right; not attainable"});
  entries.push_back({make_replay("random", n), MethodKind::kRandom, "any model with equal chances"});
  const std::size_t m = table.n_models();
  for (const Fold& fold : folds) {
    for (const std::uint32_t i : fold.test) {
      for (std::size_t j = 0; j < m; ++j) {
        replay_model(table, i, static_cast<ModelIndex>(j), entries[j].replay);
      }
      replay_model(table, i, fold.sbs, entries[m].replay);
      replay_model(table, i, optimum[i] == kNoModel ? fold.cheapest : optimum[i], entries[m + 1].replay);
      replay_model(table, i, random_model(table, i, options.seed), entries[m + 2].replay);
    }
  }
  return entries;
}

void summarize(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
               std::span<const Entry> entries, const EvaluateOptions& options, Evaluation& evaluation) {
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
    if (needs_router(method.kind)) {
      method.above_router = estimator.difference(columns.score[e], columns.router[e]);
    }
    evaluation.methods.push_back(std::move(method));
  }
  evaluation.contrasts = make_contrasts(entries, columns, estimator);
}

// Name, and mean time and score of each point, as swept.
Frontier points_of(const Table& table, const Sweep& sweep) {
  const auto rows = all_rows(table);
  Frontier frontier;
  frontier.name = sweep.name;
  for (const SweepPoint& swept : sweep.points) {
    frontier.points.push_back({mean_of(swept.ms, rows), mean_of(swept.score, rows), swept.price});
  }
  return frontier;
}

Frontier sweep_frontier(const Table& table, std::span<const Fold> folds, const Sweep& sweep,
                        const EvaluateOptions& options) {
  // Score and the zero router's beside it, a pair a point.
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

void finish_frontiers(const Table& table, std::span<const Fold> folds, std::span<const Sweep> sweeps,
                      const EvaluateOptions& options, Evaluation& evaluation) {
  const FrontierReader reader(table, folds, options);
  const Sweep router = router_sweep(table, folds, options.criterion);
  evaluation.zero_router = points_of(table, router);
  reader.read(router, evaluation.zero_router);
  for (const Sweep& sweep : sweeps) {
    throw_if_stopped(options);
    evaluation.frontiers.push_back(sweep_frontier(table, folds, sweep, options));
    reader.read(sweep, evaluation.frontiers.back());
  }
}

void describe_table(const Table& table, const EvaluateOptions& options, Evaluation& evaluation) {
  const auto rows = all_rows(table);
  const auto costs = mean_costs(table, rows);
  const auto models = all_models(table);
  evaluation.criterion = options.criterion;
  evaluation.seed = options.seed;
  evaluation.resamples = options.resamples;
  evaluation.theta = options.premodel.theta;
  evaluation.n_inputs = table.n_inputs();
  evaluation.n_failed = table.n_failed;
  evaluation.n_classes = table.n_classes;
  evaluation.labels_from = table.labels_from;
  evaluation.machine = table.machine;
  evaluation.timing = describe(table.timing) + (table.times_note.empty() ? "" : "; " + table.times_note);
  if (table.timing.mode == TimingMode::kCheap) {
    evaluation.timing_difference =
        "not measured; 'triage evaluate' can compare with the same models timed exhaustively on some of the "
        "inputs";
  }
  evaluation.energy = table.energy.note;
  for (const TableModel& model : table.models) evaluation.models.push_back(model.name);
  evaluation.optimum_share.assign(table.n_models() + 1, 0.0);
  for (const std::uint32_t i : rows) {
    const ModelIndex best = optimum(table, i, models, costs, options.criterion);
    evaluation.optimum_share[best == kNoModel ? table.n_models() : static_cast<std::size_t>(best)] +=
        1.0 / static_cast<double>(rows.size());
  }
  evaluation.selection = select_models(table, rows, options.criterion, options.premodel.theta);
  if (!table.labels_from.empty()) {
    evaluation.warnings.push_back(fmt::format(
        "labels are the answers of {0}, not the truth: where {0} is wrong, a method that is right "
        "counts as wrong",
        table.labels_from));
  }
  if (table.n_failed > 0) {
    evaluation.warnings.push_back(
        fmt::format("{} inputs on which some model failed are left out of every figure", table.n_failed));
  }
}

void throw_if_stopped(const EvaluateOptions& options) { throw_if_stopped(options.stop, "evaluate"); }

const Frontier* Evaluation::find_frontier(std::string_view name) const {
  const auto at =
      std::find_if(frontiers.begin(), frontiers.end(), [&](const Frontier& f) { return f.name == name; });
  return at == frontiers.end() ? nullptr : &*at;
}

const Method* Evaluation::find(std::string_view name) const {
  const auto at =
      std::find_if(methods.begin(), methods.end(), [&](const Method& m) { return m.name == name; });
  return at == methods.end() ? nullptr : &*at;
}

}  // namespace triage
