#include "study/study_run.h"

#include "base/parallel.h"
#include "base/stop.h"
#include "evaluate/method_estimates.h"
#include "triage/clock.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

struct TrainedVariant {
  TrainedPremodel premodel;
  double train_ms = 0;
};

const Table& table_of(const StudyRun& run, const StudyVariant& variant) {
  return variant.table != nullptr ? *variant.table : run.table;
}

// One fold's variants, in their order.
std::vector<TrainedVariant> train_fold(const StudyRun& run, std::size_t f,
                                       std::span<const StudyVariant> variants) {
  std::vector<TrainedVariant> trained;
  for (const StudyVariant& variant : variants) {
    throw_if_stopped(run.evaluate.stop, "evaluate");
    PremodelOptions options = variant.options;
    if (!variant.features.empty()) options.features = variant.features[f];
    take_selector_of_fold(run.table, run.folds[f], options);
    const std::int64_t start = steady_clock().now_ns();
    TrainedPremodel premodel =
        train_premodel(table_of(run, variant), run.folds[f].train, run.options, options);
    trained.push_back({std::move(premodel), static_cast<double>(steady_clock().now_ns() - start) * 1e-6});
  }
  return trained;
}

}  // namespace

StudyRun start_run(const Table& table, const StudyOptions& options) {
  EvaluateOptions evaluate;
  static_cast<LearnOptions&>(evaluate) = options;
  evaluate.folds = options.folds;
  evaluate.premodel = paper_premodel(options);
  evaluate.resamples = options.resamples;
  evaluate.clock = options.clock;
  StudyRun run{table, options, sized_tables(table, options), evaluate, {}, {}, {}};
  if (options.exhaustive != nullptr) check_timing(table, *options.exhaustive);
  run.evaluation = cross_validate(table, evaluate);
  run.folds = make_fold_list(table, run.evaluation.fold_of, evaluate);
  run.optima = optimum_by_fold(table, run.folds, options.criterion);
  return run;
}

PremodelOptions paper_premodel(const StudyOptions& options) {
  PremodelOptions premodel;
  premodel.theta = options.theta;
  premodel.k = options.neighbours;
  return premodel;
}

std::vector<JudgedVariant> judge_variants(const StudyRun& run, std::span<const StudyVariant> variants) {
  std::vector<std::vector<TrainedVariant>> trained(run.folds.size());
  for_each_parallel(run.folds.size(), [&](std::size_t f) { trained[f] = train_fold(run, f, variants); });

  const Clock& clock = clock_or_steady(run.options.clock);
  // What the figures refer to; the other baselines have been judged already.
  std::vector<Entry> entries = baselines(run.table, run.folds, run.optima, run.evaluate);
  std::erase_if(
      entries, [](const Entry& e) { return e.id.kind != MethodKind::kSbs && e.id.kind != MethodKind::kVbs; });
  const std::size_t n_baselines = entries.size();
  std::vector<JudgedVariant> judged;
  for (std::size_t v = 0; v < variants.size(); ++v) {
    Entry entry = make_entry({MethodKind::kPolicy, static_cast<int>(v)}, run.table.n_inputs());
    JudgedVariant result{variants[v], {}, 0, {}};
    for (std::size_t f = 0; f < run.folds.size(); ++f) {
      throw_if_stopped(run.evaluate.stop, "evaluate");
      replay_policy(table_of(run, variants[v]), run.folds[f].test, *trained[f][v].premodel.policy, clock,
                    entry.replay);
      result.train_ms += trained[f][v].train_ms / static_cast<double>(run.folds.size());
    }
    for (const ModelIndex model : trained.front()[v].premodel.selection.models) {
      result.selected.push_back(run.table.models[static_cast<std::size_t>(model)].name);
    }
    entries.push_back(std::move(entry));
    judged.push_back(std::move(result));
  }
  Evaluation evaluation;
  estimate_methods(run.table, run.folds, run.optima, entries, run.evaluate, evaluation);
  for (std::size_t v = 0; v < judged.size(); ++v)
    judged[v].method = std::move(evaluation.methods[n_baselines + v]);
  return judged;
}

}  // namespace triage
