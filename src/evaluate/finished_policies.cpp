// Finished policies on a table that they were not trained on.
#include <fmt/format.h>

#include <algorithm>

#include "calibrate/setting_losses.h"
#include "evaluate/diagnose.h"
#include "evaluate/frontiers.h"
#include "evaluate/method_estimates.h"
#include "evaluate/recommendation.h"
#include "evaluate/table_facts.h"
#include "triage/error.h"

namespace triage {
namespace {

std::string_view training_value(const PolicyInfo& info, std::string_view key) {
  const auto at = std::find_if(info.training.begin(), info.training.end(),
                               [&](const auto& pair) { return pair.first == key; });
  return at == info.training.end() ? std::string_view{} : std::string_view(at->second);
}

void warn_about(const Table& table, const NamedPolicy& named, const EvaluateOptions& options,
                std::vector<std::string>& warnings) {
  const PolicyInfo& info = named.policy->info();
  const auto* adaptive = dynamic_cast<const Adaptive*>(named.policy);
  const std::size_t unseen = adaptive != nullptr ? unseen_rows(table, *adaptive).size() : table.n_inputs();
  const std::string hash = inputs_hash(table, all_rows(table));
  const bool is_same_set = training_value(info, "inputs_hash") == hash;
  if (unseen < table.n_inputs() && !is_same_set) {
    warnings.push_back(fmt::format(
        "{} was trained on {} of these {} inputs, which favours it; judge it on others, or use --cv",
        named.name, table.n_inputs() - unseen, table.n_inputs()));
  }
  if (adaptive != nullptr && adaptive->parameters().certificate &&
      adaptive->parameters().certificate->inputs_hash == hash) {
    warnings.push_back(fmt::format("{} was calibrated on these very inputs", named.name));
  }
  if (is_same_set) {
    warnings.push_back(fmt::format(
        "{} was trained on these very inputs: its figures here say nothing about new ones; judge it on "
        "others, or use --cv",
        named.name));
  }
  if (info.criterion != options.criterion) {
    warnings.push_back(fmt::format("{} was trained for {}, and is judged by {}", named.name,
                                   to_string(info.criterion), to_string(options.criterion)));
  }
  const std::string_view labels = training_value(info, "labels");
  if (labels != describe_labels(table.labels_from)) {
    const auto words = [](std::string_view from) {
      return from.empty() ? std::string("that came with the inputs") : std::string(from);
    };
    warnings.push_back(fmt::format("{} was trained with labels {}, and is judged with labels {}", named.name,
                                   words(labels), words(describe_labels(table.labels_from))));
  }
  if (info.machine != table.machine) {
    warnings.push_back(fmt::format("{} was trained with times of '{}', and is judged with those of '{}'",
                                   named.name, info.machine, table.machine));
  }
}

// Names are what methods are found by.
void check_names(std::span<const Entry> entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (entries[i].replay.name != entries[j].replay.name) continue;
      throw Error(ErrorCode::kUsage,
                  fmt::format("policy '{}': occurs twice, expected names that differ from each "
                              "other and from the models'; rename a file",
                              entries[i].replay.name));
    }
  }
}

}  // namespace

Evaluation judge_policies(const Table& table, std::span<const NamedPolicy> policies,
                          const EvaluateOptions& options) {
  check_table(table);
  Evaluation evaluation;
  evaluation.request = options.request;
  evaluation.mean_latency_ms = options.mean_latency_ms;
  const auto folds = make_fold_list(table, {}, options);
  describe_table(table, options, evaluation);
  const auto optima = optimum_by_fold(table, folds, options.criterion);
  const Clock& clock = clock_or_steady(options.clock);
  std::vector<Entry> entries = baselines(table, folds, optima, options);
  std::vector<MethodPolicies> behind;
  for (std::size_t p = 0; p < policies.size(); ++p) {
    throw_if_stopped(options);
    // Of a stream each input is asked something else.
    if (!options.mean_latency_ms) {
      behind.push_back({policies[p].name, {policies[p].policy}, options.request});
    }
    warn_about(table, policies[p], options, evaluation.warnings);
    entries.push_back({make_replay(policies[p].name, table.n_inputs()), MethodKind::kPolicy,
                       fmt::format("finished {} policy", policies[p].policy->kind())});
    Replay& replay = entries.back().replay;
    const Rows rows = folds.front().test;
    if (options.mean_latency_ms) {
      replay_stream(table, rows, *policies[p].policy, clock, replay,
                    {.mean_latency_ms = *options.mean_latency_ms}, options.request);
    } else {
      replay_policy(table, rows, *policies[p].policy, clock, replay, options.request);
    }
    if (options.on_progress) options.on_progress(p + 1, policies.size() + 1);
  }
  check_names(entries);
  summarize(table, folds, optima, entries, options, evaluation);
  finish_frontiers(table, folds, {}, options, evaluation);
  write_verdict(evaluation);
  diagnose(table, folds, entries, behind, options, evaluation);
  return evaluation;
}

}  // namespace triage
