#include "evaluate/fold_list.h"

#include <algorithm>

#include "evaluate/metrics.h"
#include "learn/premodel/train_selector.h"
#include "stats/mean.h"
#include "triage/tools/replay.h"

namespace triage {
namespace {

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
  fold.cheapest_equal = cheapest_equal_model(table, fold.train, options);
  fold.cheapest =
      static_cast<ModelIndex>(std::min_element(fold.costs.begin(), fold.costs.end()) - fold.costs.begin());
  fold.router = zero_router(fold.costs, fold.scores);
  fold.asking_ms = asking_ms(table, fold, options);
  if (table.terms.counts_ms()) fold.reading_ms = reading_ms(clock_or_steady(options.clock));
  return fold;
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

}  // namespace triage
