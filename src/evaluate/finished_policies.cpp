// Finished policies on a table that they were not trained on.
#include <fmt/format.h>

#include <algorithm>

#include "base/stop.h"
#include "evaluate/diagnose.h"
#include "evaluate/frontiers.h"
#include "evaluate/method_estimates.h"
#include "evaluate/origin_warnings.h"
#include "evaluate/table_facts.h"
#include "evaluate/unseen_rows.h"
#include "triage/error.h"

namespace triage {
namespace {

void warn_about(const Table& table, const Policy& policy, MethodId method, const EvaluateOptions& options,
                std::vector<Warning>& warnings) {
  const TrainingFacts& training = policy.info().training;
  const std::size_t unseen = unseen_rows(table, training).size();
  const std::string hash = inputs_hash(table, all_rows(table));
  const bool is_same_set = training.inputs_hash == hash;
  if (unseen < table.n_inputs() && !is_same_set) {
    warnings.push_back({WarningKind::kTrainedOnSome, method, table.n_inputs() - unseen});
  }
  const Certificate* certificate = policy.certificate();
  if (certificate != nullptr && certificate->inputs_hash == hash) {
    warnings.push_back({WarningKind::kCalibratedHere, method});
  }
  if (is_same_set) warnings.push_back({WarningKind::kTrainedHere, method});
  add_origin_warnings(table, policy, method, options.criterion, warnings);
}

// People and JSON tell methods apart by their names.
void check_names(const Table& table, std::span<const NamedPolicy> policies) {
  std::vector<std::string_view> names;
  for (const TableModel& model : table.models) names.push_back(model.name);
  for (const NamedPolicy& named : policies) {
    if (std::find(names.begin(), names.end(), named.name) != names.end()) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("policy '{}': occurs twice, expected names that differ from each "
                              "other and from the models'; rename a file",
                              named.name));
    }
    names.push_back(named.name);
  }
}

}  // namespace

Evaluation judge_policies(const Table& table, std::span<const NamedPolicy> policies,
                          const EvaluateOptions& options) {
  check_table(table);
  check_names(table, policies);
  Evaluation evaluation;
  evaluation.request = options.request;
  evaluation.mean_latency_ms = options.mean_latency_ms;
  const auto folds = make_fold_list(table, {}, options);
  set_table_facts(table, options, evaluation);
  const auto optima = optimum_by_fold(table, folds, options.criterion);
  const Clock& clock = clock_or_steady(options.clock);
  std::vector<Entry> entries = baselines(table, folds, optima, options);
  std::vector<MethodPolicies> behind;
  const Rows rows = folds.front().test;
  for (std::size_t p = 0; p < policies.size(); ++p) {
    throw_if_stopped(options.stop, "evaluate");
    const Policy& policy = *policies[p].policy;
    const MethodId id{MethodKind::kPolicy, static_cast<int>(p)};
    evaluation.policies.push_back({policies[p].name, std::string(policy.kind())});
    warn_about(table, policy, id, options, evaluation.warnings);
    entries.push_back(make_entry(id, table.n_inputs()));
    Replay& replay = entries.back().replay;
    if (options.mean_latency_ms) {
      replay_stream(table, rows, policy, clock, replay, {.mean_latency_ms = *options.mean_latency_ms},
                    options.request);
    } else {
      // In a stream each input has another request, so decisions are not counted.
      behind.push_back({id, {&policy}, options.request});
      replay_policy(table, rows, policy, clock, replay, options.request);
    }
    if (options.on_progress) options.on_progress(p + 1, policies.size() + 1);
  }
  estimate_methods(table, folds, optima, entries, options, evaluation);
  finish_frontiers(table, folds, {}, options, evaluation);
  evaluation.recommendation = recommend(evaluation.methods);
  diagnose(table, folds, entries, behind, options, evaluation);
  return evaluation;
}

}  // namespace triage
