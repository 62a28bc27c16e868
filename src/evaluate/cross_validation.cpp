// K-fold cross-validation: trains everything inside each fold, replays it on the fold's other part.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include "base/parallel.h"
#include "base/stop.h"
#include "evaluate/diagnose.h"
#include "evaluate/frontiers.h"
#include "evaluate/method_estimates.h"
#include "evaluate/metrics.h"
#include "evaluate/stage_accuracy.h"
#include "evaluate/table_facts.h"
#include "evaluate/trained_fold.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/train_selector.h"
#include "learn/training_info.h"
#include "policy/premodel_policy.h"
#include "triage/error.h"

namespace triage {
namespace {

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

// The copies stand behind the table's inputs, so that rows mean the same in both.
TrainedFold train_with_copies(const Table& table, const Fold& fold, const EvaluateOptions& options) {
  if (options.augmented == nullptr) return train_fold(table, fold, options);
  Fold more = fold;
  const auto copies = copies_of(*options.augmented, fold.train);
  more.train.insert(more.train.end(), copies.begin(), copies.end());
  return train_fold(*options.augmented, more, options);
}

std::vector<TrainedFold> train_folds(const Table& table, std::span<const Fold> folds,
                                     const EvaluateOptions& options, Steps& steps) {
  std::vector<TrainedFold> trained(folds.size());
  for_each_parallel(folds.size(), [&](std::size_t f) {
    throw_if_stopped(options.stop, "evaluate");
    trained[f] = train_with_copies(table, folds[f], options);
    steps.advance();
  });
  return trained;
}

// A replay made fold by fold; `choose(f, input)` gives the model that runs on it.
template <class Choose>
Entry choice_entry(const Table& table, std::span<const Fold> folds, MethodKind kind, Choose choose) {
  Entry entry = make_entry({kind}, table.n_inputs());
  for (std::size_t f = 0; f < folds.size(); ++f) {
    for (const std::uint32_t i : folds[f].test) replay_model(table, i, choose(f, i), entry.replay);
  }
  return entry;
}

// A replay of policies, of which `policy(trained fold)` gives one.
template <class PolicyOf>
Entry policy_entry(const Table& table, std::span<const Fold> folds, MethodId id,
                   std::span<const TrainedFold> trained, PolicyOf policy, const EvaluateOptions& options) {
  Entry entry = make_entry(id, table.n_inputs());
  const Clock& clock = clock_or_steady(options.clock);
  for (std::size_t f = 0; f < folds.size(); ++f) {
    throw_if_stopped(options.stop, "evaluate");
    replay_policy(table, folds[f].test, *policy(trained[f]), clock, entry.replay);
  }
  return entry;
}

// The premodel, its variants and itself on shuffled features.
void add_learned_premodels(const Table& table, std::span<const Fold> folds,
                           std::span<const TrainedFold> trained, const EvaluateOptions& options,
                           std::vector<Entry>& entries) {
  const auto add = [&](MethodId id, auto policy) {
    entries.push_back(policy_entry(table, folds, id, trained, policy, options));
  };
  add({MethodKind::kPremodel}, [](const TrainedFold& fold) { return fold.premodel.policy.get(); });
  for (std::size_t v = 0; v < options.variants.size(); ++v) {
    add({MethodKind::kPremodel, static_cast<int>(v) + 1},
        [v](const TrainedFold& fold) { return fold.variants[v].get(); });
  }
  if (options.premodel.kind == kNetworkPremodel) return;  // it uses no features
  add({MethodKind::kShuffled}, [](const TrainedFold& fold) { return fold.shuffled.get(); });
}

void add_premodels(const Table& table, std::span<const Fold> folds, std::span<const TrainedFold> trained,
                   const EvaluateOptions& options, std::vector<Entry>& entries) {
  const auto add = [&](MethodKind kind, auto choose) {
    entries.push_back(choice_entry(table, folds, kind, choose));
  };
  if (can_ask_features(table)) {
    add_learned_premodels(table, folds, trained, options, entries);
    add(MethodKind::kMajority, [&](std::size_t f, std::uint32_t) { return trained[f].majority; });
    add(MethodKind::kFirstModel, [&](std::size_t f, std::uint32_t) { return trained[f].selected.front(); });
  }
  add(MethodKind::kBound, [&](std::size_t f, std::uint32_t i) {
    const ModelIndex best = truth_of(table, trained[f], options).choice(i);
    return best == kNoModel ? trained[f].fallback : best;
  });
}

// A kind with a setting for each price that not every fold can train; `policy` is null where one did not.
struct PricedKind {
  MethodId id;
  std::function<const Policy*(const TrainedFold&)> policy;
};

const Policy* adaptive_of(const TrainedFold& fold) { return fold.adaptive.get(); }

template <class PolicyOf>
bool every_fold_has(std::span<const TrainedFold> trained, const PolicyOf& policy) {
  return std::all_of(trained.begin(), trained.end(),
                     [&](const TrainedFold& fold) { return policy(fold) != nullptr; });
}

// Those that can be judged.
std::vector<PricedKind> priced_kinds(std::span<const TrainedFold> trained, const EvaluateOptions& options) {
  std::vector<PricedKind> kinds;
  kinds.push_back({{MethodKind::kForests}, [](const TrainedFold& fold) { return fold.forests.get(); }});
  for (std::size_t l = 0; l < options.learners.size(); ++l) {
    kinds.push_back({{MethodKind::kLearner, static_cast<int>(options.learners[l])},
                     [l](const TrainedFold& fold) { return fold.learners[l].get(); }});
  }
  kinds.push_back({{MethodKind::kLadder}, [](const TrainedFold& fold) { return fold.ladder.get(); }});
  kinds.push_back(
      {{MethodKind::kCascadeRouting}, [](const TrainedFold& fold) { return fold.cascade_routing.get(); }});
  kinds.push_back({{MethodKind::kAdaptive}, adaptive_of});
  std::erase_if(kinds, [&](const PricedKind& kind) { return !every_fold_has(trained, kind.policy); });
  return kinds;
}

// Cascades, what training chooses, and the kinds with settings for prices.
void add_looking_policies(const Table& table, std::span<const Fold> folds,
                          std::span<const TrainedFold> trained, const EvaluateOptions& options,
                          std::vector<Entry>& entries) {
  const auto add = [&](MethodId id, auto policy) {
    entries.push_back(policy_entry(table, folds, id, trained, policy, options));
  };
  if (has_confidences(table)) {
    add({MethodKind::kCascade}, [](const TrainedFold& fold) { return fold.cascade.get(); });
    const auto shortest = std::min_element(trained.begin(), trained.end(), [](const auto& a, const auto& b) {
      return a.cascades_of.size() < b.cascades_of.size();
    });
    for (std::size_t c = 0; c < shortest->cascades_of.size(); ++c) {
      add({MethodKind::kExactCascade, static_cast<int>(c) + 2},
          [c](const TrainedFold& fold) { return fold.cascades_of[c].get(); });
    }
  }
  add({MethodKind::kAuto}, [](const TrainedFold& fold) { return &fold.auto_policy(); });
  for (const PricedKind& kind : priced_kinds(trained, options)) add(kind.id, kind.policy);
}

// A policy of a fold, and how it is asked, at one price of a sweep.
struct AtPrice {
  const Policy* policy = nullptr;
  Request request;
  double price = 0;
};

// Stage by stage, and by distance; `entries` has the premodel's replay.
void judge_premodel(const Table& table, std::span<const Fold> folds, std::span<const TrainedFold> trained,
                    const EvaluateOptions& options, std::span<const Entry> entries, Evaluation& evaluation) {
  const auto premodel = std::find_if(entries.begin(), entries.end(),
                                     [](const Entry& e) { return e.id == MethodId{MethodKind::kPremodel}; });
  if (premodel == entries.end()) return;
  std::vector<StageCounts> counts;
  std::vector<SoundnessInput> inputs;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const Premodel* judged = trained[f].premodel.premodel;
    if (judged == nullptr) continue;
    count_stages(table, folds[f], *judged, truth_of(table, trained[f], options), counts);
    add_soundness_inputs(table, folds[f].test, *judged, premodel->replay, inputs);
  }
  evaluation.stages = stage_accuracies(counts);
  evaluation.soundness = measure_soundness(std::move(inputs), options.resamples, options.seed);
}

// Every price's policies on the test inputs; `at(trained, p)` gives the policy of a fold and the request to
// it.
template <class At>
Sweep sweep(const Table& table, std::span<const Fold> folds, MethodId id, std::size_t n_prices,
            std::span<const TrainedFold> trained, const At& at, const EvaluateOptions& options) {
  const Clock& clock = clock_or_steady(options.clock);
  Sweep out{id, {}};
  Replay scratch = make_replay("sweep", table.n_inputs());
  for (std::size_t p = 0; p < n_prices; ++p) {
    throw_if_stopped(options.stop, "evaluate");
    double price = 0;
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const AtPrice here = at(trained[f], p);
      replay_policy(table, folds[f].test, *here.policy, clock, scratch, here.request);
      price += here.price / static_cast<double>(folds.size());
    }
    out.points.push_back({price, scratch.score(options.criterion), scratch.ms});
  }
  return out;
}

std::vector<Sweep> sweep_policies(const Table& table, std::span<const Fold> folds,
                                  std::span<const TrainedFold> trained, const EvaluateOptions& options) {
  std::vector<Sweep> sweeps;
  const auto add = [&](MethodId id, std::size_t n_prices, auto at) {
    sweeps.push_back(sweep(table, folds, id, n_prices, trained, at, options));
  };
  const auto prices = sweep_prices(table, options.cost);
  if (has_confidences(table)) {
    add({MethodKind::kCascade}, prices.size(), [&](const TrainedFold& fold, std::size_t p) {
      return AtPrice{fold.sweep[p].get(), {}, prices[p]};
    });
  }
  for (const PricedKind& kind : priced_kinds(trained, options)) {
    const auto settings = [&](const TrainedFold& fold) { return kind.policy(fold)->price_settings(); };
    add(kind.id, settings(trained.front()).size(), [&](const TrainedFold& fold, std::size_t p) {
      const double price = settings(fold)[p].price;
      return AtPrice{kind.policy(fold), {.price = price}, price};
    });
  }
  return sweeps;
}

void note_training(std::span<const TrainedFold> trained, Evaluation& evaluation) {
  for (const TrainedFold& fold : trained) {
    auto& kinds = evaluation.auto_kinds;
    const auto known = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const auto& each) { return each.first == fold.auto_kind; });
    known == kinds.end() ? kinds.emplace_back(fold.auto_kind, 1).second : ++known->second;
  }
  evaluation.selected_share.assign(evaluation.models.size(), 0.0);
  for (const TrainedFold& fold : trained) {
    for (const ModelIndex model : fold.selected) {
      evaluation.selected_share[static_cast<std::size_t>(model)] += 1.0 / static_cast<double>(trained.size());
    }
    for (const std::string& text : fold.warnings) {
      const Warning warning{.kind = WarningKind::kTraining, .text = text};
      const auto& known = evaluation.warnings;
      if (std::find(known.begin(), known.end(), warning) == known.end())
        evaluation.warnings.push_back(warning);
    }
  }
  if (!evaluation.imported && !every_fold_has(trained, adaptive_of)) {
    evaluation.warnings.push_back({.kind = WarningKind::kNotCombined, .inputs = kLeastTrainingInputs});
  }
}

// By MethodId::index; none without features.
std::vector<PremodelVariant> judged_premodels(const Table& table, const EvaluateOptions& options) {
  if (!can_ask_features(table)) return {};
  std::vector<PremodelVariant> premodels{{"", options.premodel}};
  premodels.insert(premodels.end(), options.variants.begin(), options.variants.end());
  return premodels;
}

// The policies that look at models in an order, for their decisions.
std::vector<MethodPolicies> ordered_policies(std::span<const TrainedFold> trained) {
  std::vector<MethodPolicies> out{{{MethodKind::kCascade}, {}, {}}, {{MethodKind::kAdaptive}, {}, {}}};
  for (const TrainedFold& fold : trained) {
    out[0].by_fold.push_back(fold.cascade.get());
    out[1].by_fold.push_back(fold.adaptive.get());
  }
  return out;
}

void check_learners(const Table& table, const std::vector<ForestsLearner>& learners) {
  for (std::size_t i = 0; i < learners.size(); ++i) {
    const std::string_view name = to_string(learners[i]);
    if (!table.has_own_features()) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("evaluate: learner {} for a table without features of its own, "
                              "expected some; import it with feature columns",
                              name));
    }
    if (learners[i] == ForestsLearner::kSeven) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("evaluate: learner {}, expected others, since it is judged as forests anyway; "
                              "leave it out",
                              name));
    }
    if (std::find(learners.begin(), learners.begin() + static_cast<std::ptrdiff_t>(i), learners[i]) !=
        learners.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("evaluate: learner {} twice, expected once; name each once", name));
    }
  }
}

void check_options(const Table& table, const EvaluateOptions& options) {
  if (table.n_models() < 2) {
    throw Error(ErrorCode::kUsage, fmt::format("evaluate: the profile has {} model, expected at least 2; "
                                               "profile a zoo with more",
                                               table.n_models()));
  }
  check_fallback(table, options.premodel.fallback);
  check_learners(table, options.learners);
}

// How many perturbed copies there are.
std::size_t check_augmented(const Table& table, const EvaluateOptions& options) {
  if (options.augmented == nullptr) return 0;
  const Table& all = *options.augmented;
  check_table(all);
  const bool begins_alike = all.n_inputs() >= table.n_inputs() && all.n_models() == table.n_models() &&
                            std::equal(table.ids.begin(), table.ids.end(), all.ids.begin());
  const std::size_t n_copies = begins_alike ? copies_of(all, all_rows(table)).size() : 0;
  if (n_copies == 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("evaluate: `augmented` {}, expected the table's inputs and behind them perturbed "
                            "copies of them; load both profiles together",
                            begins_alike ? "has no copy of an input" : "begins with other inputs"));
  }
  return n_copies;
}

// Of the largest fold, whose training part is the smallest.
void check_training_parts(const Table& table, const EvaluateOptions& options,
                          std::span<const std::int32_t> fold_of) {
  if (!can_ask_features(table) || options.premodel.kind == kNetworkPremodel) return;
  std::vector<std::size_t> sizes(static_cast<std::size_t>(options.folds));
  for (const std::int32_t fold : fold_of) ++sizes[static_cast<std::size_t>(fold)];
  const auto neighbours = static_cast<std::size_t>(options.premodel.k);
  const std::size_t least = table.n_inputs() - *std::max_element(sizes.begin(), sizes.end());
  if (least >= neighbours) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("evaluate: {} inputs in {} folds leave {} to train on, expected at least {}, the "
                          "premodel's neighbours; profile more inputs",
                          table.n_inputs(), options.folds, least, neighbours));
}

void set_folds(const Table& table, EvaluateOptions& options, Evaluation& evaluation) {
  if (options.by_source) {
    evaluation.fold_of = folds_by_source(table);
    evaluation.sources = table.sources;
    options.folds = static_cast<int>(table.sources.size());
  } else if (options.official_folds) {
    evaluation.fold_of = official_folds(table);
    evaluation.official_folds = true;
    options.folds = 1 + *std::max_element(evaluation.fold_of.begin(), evaluation.fold_of.end());
  } else {
    evaluation.fold_of = make_folds(table, options.folds, options.seed);
  }
  evaluation.folds = options.folds;
}

}  // namespace

Evaluation cross_validate(const Table& table, const EvaluateOptions& asked) {
  check_table(table);
  EvaluateOptions options = asked;
  check_options(table, options);
  Evaluation evaluation;
  evaluation.n_copies = check_augmented(table, options);
  set_folds(table, options, evaluation);
  check_training_parts(table, options, evaluation.fold_of);
  const auto folds = make_fold_list(table, evaluation.fold_of, options);
  set_table_facts(table, options, evaluation);
  evaluation.premodels = judged_premodels(table, options);
  const auto optima = optimum_by_fold(table, folds, options.criterion);

  Steps steps(options, folds.size() + 3);  // replays, sweeps, estimates
  const auto trained = train_folds(table, folds, options, steps);
  note_training(trained, evaluation);
  std::vector<Entry> entries = baselines(table, folds, optima, options);
  add_premodels(table, folds, trained, options, entries);
  add_looking_policies(table, folds, trained, options, entries);
  steps.advance();
  const auto sweeps = sweep_policies(table, folds, trained, options);
  steps.advance();
  judge_premodel(table, folds, trained, options, entries, evaluation);
  estimate_methods(table, folds, optima, entries, options, evaluation);
  finish_frontiers(table, folds, sweeps, options, evaluation);
  evaluation.recommendation = recommend(evaluation.methods);
  diagnose(table, folds, entries, ordered_policies(trained), options, evaluation);
  steps.advance();
  return evaluation;
}

}  // namespace triage
