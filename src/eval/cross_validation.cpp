// K-fold cross-validation: trains everything inside each fold, replays it on the fold's other part.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "base/hash.h"
#include "eval/hull.h"
#include "eval/metrics.h"
#include "eval/stages.h"
#include "eval/study.h"
#include "triage/error.h"

namespace triage {
namespace {

// Prices of the sweep, score per millisecond: a grid that does not depend on the data, wide enough for models
// of a microsecond and of a minute.
std::vector<double> sweep_prices() {
  std::vector<double> prices;
  for (int step = 0; step <= 80; ++step) prices.push_back(std::pow(10.0, 3.0 - step / 10.0));
  return prices;
}

struct TrainedFold {
  std::unique_ptr<Policy> premodel;
  std::unique_ptr<Policy> shuffled;
  std::unique_ptr<Policy> cascade;
  std::vector<std::unique_ptr<Policy>> sweep;
  std::vector<ModelIndex> selected;
  ModelIndex majority = kNoModel;
  ModelIndex fallback = kNoModel;
  std::vector<std::string> warnings;
};

bool has_outputs(const Table& table) {
  return std::any_of(table.outputs.begin(), table.outputs.end(), [](const TopK& o) { return !o.empty(); });
}

PremodelOptions premodel_options(const EvaluateOptions& options) {
  PremodelOptions premodel;
  premodel.criterion = options.criterion;
  premodel.theta = options.theta;
  premodel.k = options.neighbours;
  premodel.fallback = options.fallback;
  return premodel;
}

TrainedFold train_fold(const Table& table, const Fold& fold, const EvaluateOptions& options) {
  TrainedFold trained;
  if (table.schema.size() > 0) {
    PremodelOptions premodel = premodel_options(options);
    TrainedPremodel made = train_premodel(table, fold.train, premodel);
    trained.premodel = std::move(made.policy);
    trained.selected = made.selection.models;
    trained.warnings = std::move(made.warnings);
    premodel.shuffle_features = mix64(options.seed);
    trained.shuffled = train_premodel(table, fold.train, premodel).policy;
  } else {
    trained.selected = select_models(table, fold.train, options.criterion, options.theta).models;
  }
  trained.majority = majority_model(table, fold, trained.selected, options.fallback, options.criterion);
  trained.fallback = fallback_model(table, fold, trained.selected, options.fallback);
  if (has_outputs(table)) {
    CascadeOptions cascade;
    cascade.criterion = options.criterion;
    trained.cascade = train_cascade(table, fold.train, cascade);
    trained.sweep = train_cascades(table, fold.train, cascade, sweep_prices());
  }
  return trained;
}

class Steps {
 public:
  Steps(const EvaluateOptions& options, std::size_t total) : options_(&options), total_(total) {}
  void advance() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (options_->on_progress) options_->on_progress(done_, total_);
  }

 private:
  const EvaluateOptions* options_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  std::size_t total_;
};

// Every fold on its own, on as many threads as there are cores. The first error is thrown again.
std::vector<TrainedFold> train_folds(const Table& table, std::span<const Fold> folds,
                                     const EvaluateOptions& options, Steps& steps) {
  std::vector<TrainedFold> trained(folds.size());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      for (std::size_t f = next++; f < folds.size(); f = next++) {
        throw_if_stopped(options);
        trained[f] = train_fold(table, folds[f], options);
        steps.advance();
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = folds.size();
    }
  };
  {
    std::vector<std::jthread> threads;
    const std::size_t n_threads =
        std::min<std::size_t>(folds.size(), std::max(1U, std::thread::hardware_concurrency()));
    for (std::size_t t = 1; t < n_threads; ++t) threads.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
  return trained;
}

// A replay made fold by fold; `choose(f, input)` gives the model that runs on it.
template <class Choose>
Entry choice_entry(const Table& table, std::span<const Fold> folds, std::string name, MethodKind kind,
                   std::string about, Choose choose) {
  Entry entry{make_replay(std::move(name), table.n_inputs()), kind, std::move(about)};
  for (std::size_t f = 0; f < folds.size(); ++f) {
    for (const std::uint32_t i : folds[f].test) replay_model(table, i, choose(f, i), entry.replay);
  }
  return entry;
}

Entry policy_entry(const Table& table, std::span<const Fold> folds, std::string name, MethodKind kind,
                   std::string about, std::span<const TrainedFold> trained,
                   std::unique_ptr<Policy> TrainedFold::*policy, const EvaluateOptions& options) {
  Entry entry{make_replay(std::move(name), table.n_inputs()), kind, std::move(about)};
  const Clock& clock = options.clock != nullptr ? *options.clock : steady_clock();
  for (std::size_t f = 0; f < folds.size(); ++f) {
    throw_if_stopped(options);
    replay_policy(table, folds[f].test, *(trained[f].*policy), clock, entry.replay);
  }
  return entry;
}

void add_premodel(const Table& table, std::span<const Fold> folds, std::span<const TrainedFold> trained,
                  const EvaluateOptions& options, std::vector<Entry>& entries) {
  if (table.schema.size() > 0) {
    entries.push_back(policy_entry(table, folds, "premodel", MethodKind::kPremodel,
                                   "the paper's chain of KNN stages over image features", trained,
                                   &TrainedFold::premodel, options));
    entries.push_back(policy_entry(table, folds, "shuffled features", MethodKind::kControl,
                                   "the same premodel, its features shuffled among the training inputs",
                                   trained, &TrainedFold::shuffled, options));
    entries.push_back(choice_entry(table, folds, "majority class", MethodKind::kControl,
                                   "every stage gives its more frequent answer, without any features",
                                   [&](std::size_t f, std::uint32_t) { return trained[f].majority; }));
    entries.push_back(choice_entry(
        table, folds, "always Model-1", MethodKind::kControl, "the first model of Algorithm 1 on every input",
        [&](std::size_t f, std::uint32_t) { return trained[f].selected.front(); }));
  }
  entries.push_back(choice_entry(table, folds, "perfect chain", MethodKind::kBound,
                                 "the premodel's chain were it never wrong and free of cost; not attainable",
                                 [&](std::size_t f, std::uint32_t i) {
                                   const ModelIndex best = optimum(table, i, trained[f].selected,
                                                                   folds[f].costs, options.criterion);
                                   return best == kNoModel ? trained[f].fallback : best;
                                 }));
}

// Mean time and score of every price's cascades over all test inputs.
std::vector<FrontierPoint> sweep_points(const Table& table, std::span<const Fold> folds,
                                        std::span<const TrainedFold> trained, const EvaluateOptions& options,
                                        Steps& steps) {
  const Clock& clock = options.clock != nullptr ? *options.clock : steady_clock();
  const auto prices = sweep_prices();
  std::vector<FrontierPoint> points;
  for (const double price : prices) points.push_back({0, 0, price});
  Replay scratch = make_replay("sweep", table.n_inputs());
  for (std::size_t f = 0; f < folds.size(); ++f) {
    throw_if_stopped(options);
    const double weight = static_cast<double>(folds[f].test.size()) / static_cast<double>(table.n_inputs());
    for (std::size_t p = 0; p < prices.size(); ++p) {
      replay_policy(table, folds[f].test, *trained[f].sweep[p], clock, scratch);
      points[p].ms += weight * mean_of(scratch.ms, folds[f].test);
      points[p].score += weight * mean_of(scratch.score(options.criterion), folds[f].test);
    }
    steps.advance();
  }
  return points;
}

void note_training(std::span<const TrainedFold> trained, Evaluation& evaluation) {
  evaluation.selected_share.assign(evaluation.models.size(), 0.0);
  for (const TrainedFold& fold : trained) {
    for (const ModelIndex model : fold.selected) {
      evaluation.selected_share[static_cast<std::size_t>(model)] += 1.0 / static_cast<double>(trained.size());
    }
    for (const std::string& warning : fold.warnings) {
      const auto& known = evaluation.warnings;
      if (std::find(known.begin(), known.end(), warning) == known.end())
        evaluation.warnings.push_back(warning);
    }
  }
}

void check_options(const Table& table, const EvaluateOptions& options) {
  if (table.n_models() < 2) {
    throw Error(ErrorCode::kUsage, fmt::format("evaluate: the profile has {} model, expected at least 2; "
                                               "profile a zoo with more",
                                               table.n_models()));
  }
  if (options.fallback != "best" && options.fallback != "refuse" &&
      table.find(options.fallback) == kNoModel) {
    throw Error(ErrorCode::kUsage,
                fmt::format("--fallback: '{}', expected 'best', 'refuse' or a model of the "
                            "profile; see its names in 'triage zoo list'",
                            options.fallback));
  }
}

}  // namespace

Evaluation cross_validate(const Table& table, const EvaluateOptions& options) {
  check_table(table);
  check_options(table, options);
  Evaluation evaluation;
  evaluation.folds = options.folds;
  evaluation.fold_of = make_folds(table, options.folds, options.seed);
  const auto folds = make_fold_list(table, evaluation.fold_of, options.folds, options.criterion);
  describe_table(table, options, evaluation);
  const auto optima = optimum_by_fold(table, folds, options.criterion);

  Steps steps(options, 2 * folds.size() + 2);
  const auto trained = train_folds(table, folds, options, steps);
  note_training(trained, evaluation);
  std::vector<Entry> entries = baselines(table, folds, optima, options);
  add_premodel(table, folds, trained, options, entries);
  std::vector<FrontierPoint> points;
  if (has_outputs(table)) {
    entries.push_back(policy_entry(table, folds, "cascade", MethodKind::kCascade,
                                   "up to three models in order, each accepted when confident enough",
                                   trained, &TrainedFold::cascade, options));
    steps.advance();
    points = sweep_points(table, folds, trained, options, steps);
  }
  if (table.schema.size() > 0) {
    std::vector<StageCounts> counts;
    for (std::size_t f = 0; f < folds.size(); ++f) {
      count_stages(table, folds[f], *trained[f].premodel, trained[f].selected, counts);
    }
    evaluation.stages = stage_accuracies(counts);
  }
  summarize(table, folds, optima, std::move(entries), options, evaluation);
  finish_frontiers(std::move(points), evaluation);
  write_verdict(evaluation);
  steps.advance();
  return evaluation;
}

}  // namespace triage
