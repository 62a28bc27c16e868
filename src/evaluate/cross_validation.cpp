// K-fold cross-validation: trains everything inside each fold, replays it on the fold's other part.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "evaluate/diagnose.h"
#include "evaluate/frontiers.h"
#include "evaluate/method_estimates.h"
#include "evaluate/metrics.h"
#include "evaluate/recommendation.h"
#include "evaluate/stage_accuracy.h"
#include "evaluate/table_facts.h"
#include "evaluate/trained_fold.h"
#include "learn/premodel/train_selector.h"
#include "learn/routing/cascade_routing_policy.h"
#include "policy/adaptive_policy.h"
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

std::vector<TrainedFold> train_folds(const Table& table, std::span<const Fold> folds,
                                     const EvaluateOptions& options, Steps& steps) {
  std::vector<TrainedFold> trained(folds.size());
  for_each_parallel(folds.size(), [&](std::size_t f) {
    throw_if_stopped(options);
    trained[f] = train_fold(table, folds[f], options);
    steps.advance();
  });
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

// A replay of policies, of which `policy(trained fold)` gives one.
template <class PolicyOf>
Entry policy_entry(const Table& table, std::span<const Fold> folds, std::string name, MethodKind kind,
                   std::string about, std::span<const TrainedFold> trained, PolicyOf policy,
                   const EvaluateOptions& options) {
  Entry entry{make_replay(std::move(name), table.n_inputs()), kind, std::move(about)};
  const Clock& clock = clock_or_steady(options.clock);
  for (std::size_t f = 0; f < folds.size(); ++f) {
    throw_if_stopped(options);
    replay_policy(table, folds[f].test, *policy(trained[f]), clock, entry.replay);
  }
  return entry;
}

std::string about_premodel(const PremodelOptions& options) {
  const bool chain = options.kind.find('.') != std::string::npos;
  std::string labels = options.label == PremodelLabel::kCorrect ? ", taught which models are correct" : "";
  if (options.weights == VoteWeights::kDistance) labels += ", neighbours voting by 1 / distance";
  if (options.kind == kPaperPremodel) return "the paper's chain of KNN stages over image features" + labels;
  if (options.kind == kNetworkPremodel) return "a network that looks at the image, one trained for each fold";
  return fmt::format("{} {} over image features{}", chain ? "the chain" : "one chooser", options.kind,
                     labels);
}

// The premodel, its variants and its controls.
void add_learned_premodels(const Table& table, std::span<const Fold> folds,
                           std::span<const TrainedFold> trained, const EvaluateOptions& options,
                           std::vector<Entry>& entries) {
  entries.push_back(policy_entry(
      table, folds, "premodel", MethodKind::kPremodel, about_premodel(options.premodel), trained,
      [](const TrainedFold& fold) { return fold.premodel.get(); }, options));
  for (std::size_t v = 0; v < options.variants.size(); ++v) {
    const PremodelVariant& variant = options.variants[v];
    entries.push_back(policy_entry(
        table, folds, variant.name, MethodKind::kPremodel, about_premodel(variant.options), trained,
        [&](const TrainedFold& fold) { return fold.variants[v].get(); }, options));
  }
  if (options.premodel.kind == kNetworkPremodel) return;  // it looks at no features
  entries.push_back(policy_entry(
      table, folds, "shuffled features", MethodKind::kControl,
      "the same premodel, its features shuffled among the training inputs", trained,
      [](const TrainedFold& fold) { return fold.shuffled.get(); }, options));
}

void add_premodel(const Table& table, std::span<const Fold> folds, std::span<const TrainedFold> trained,
                  const EvaluateOptions& options, std::vector<Entry>& entries) {
  if (table.schema.size() > 0) {
    add_learned_premodels(table, folds, trained, options, entries);
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
                                   const ModelIndex best = truth_of(table, trained[f], options).choice(i);
                                   return best == kNoModel ? trained[f].fallback : best;
                                 }));
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
                                     [](const Entry& e) { return e.kind == MethodKind::kPremodel; });
  if (premodel == entries.end()) return;
  std::vector<StageCounts> counts;
  std::vector<SoundnessInput> inputs;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    count_stages(table, folds[f], *trained[f].premodel, truth_of(table, trained[f], options), counts);
    add_soundness_inputs(table, folds[f].test, *trained[f].premodel, premodel->replay, inputs);
  }
  evaluation.stages = stage_accuracies(counts);
  evaluation.soundness = measure_soundness(std::move(inputs), options.resamples, options.seed);
}

// Every price's policies on the test inputs; `at(trained, p)` gives the policy of a fold and the request to
// it.
template <class At>
Sweep sweep(const Table& table, std::span<const Fold> folds, std::string name, std::size_t n_prices,
            std::span<const TrainedFold> trained, const At& at, const EvaluateOptions& options) {
  const Clock& clock = clock_or_steady(options.clock);
  Sweep out{std::move(name), {}};
  Replay scratch = make_replay("sweep", table.n_inputs());
  for (std::size_t p = 0; p < n_prices; ++p) {
    throw_if_stopped(options);
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
                                  std::span<const TrainedFold> trained, const EvaluateOptions& options,
                                  Steps& steps) {
  const auto prices = sweep_prices();
  std::vector<Sweep> sweeps;
  sweeps.push_back(sweep(
      table, folds, "cascades", prices.size(), trained,
      [&](const TrainedFold& fold, std::size_t p) {
        return AtPrice{fold.sweep[p].get(), {}, prices[p]};
      },
      options));
  steps.advance();
  if (trained.front().adaptive == nullptr) return sweeps;
  const auto routing = [](const TrainedFold& fold) -> const std::vector<RoutingSetting>& {
    return dynamic_cast<const CascadeRouting&>(*fold.cascade_routing).parameters().settings;
  };
  sweeps.push_back(sweep(
      table, folds, "cascade routing", routing(trained.front()).size(), trained,
      [&](const TrainedFold& fold, std::size_t p) {
        const double price = routing(fold)[p].price;
        return AtPrice{fold.cascade_routing.get(), {.price = price}, price};
      },
      options));
  steps.advance();
  const auto settings = [](const TrainedFold& fold) -> const std::vector<AdaptiveSetting>& {
    return dynamic_cast<const Adaptive&>(*fold.adaptive).parameters().settings;
  };
  sweeps.push_back(sweep(
      table, folds, "adaptive", settings(trained.front()).size(), trained,
      [&](const TrainedFold& fold, std::size_t p) {
        const double price = settings(fold)[p].price;
        return AtPrice{fold.adaptive.get(), {.price = price}, price};
      },
      options));
  steps.advance();
  return sweeps;
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

// The policies that look at models in an order, for their decisions.
std::vector<MethodPolicies> ordered_policies(std::span<const TrainedFold> trained) {
  std::vector<MethodPolicies> out{{"cascade", {}, {}}, {"adaptive", {}, {}}};
  for (const TrainedFold& fold : trained) {
    out[0].by_fold.push_back(fold.cascade.get());
    out[1].by_fold.push_back(fold.adaptive.get());
  }
  return out;
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

// Of the largest fold, whose training part is the smallest.
void check_training_parts(const Table& table, const EvaluateOptions& options) {
  if (table.schema.size() == 0 || options.premodel.kind == kNetworkPremodel) return;
  const auto n = table.n_inputs(), k = static_cast<std::size_t>(options.folds);
  const auto neighbours = static_cast<std::size_t>(options.neighbours);
  const std::size_t least = n - (n + k - 1) / k;
  if (least >= neighbours) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("evaluate: {} inputs in {} folds leave {} to train on, expected at least {}, the "
                          "premodel's neighbours; profile more inputs",
                          n, k, least, neighbours));
}

}  // namespace

Evaluation cross_validate(const Table& table, const EvaluateOptions& options) {
  check_table(table);
  check_options(table, options);
  Evaluation evaluation;
  evaluation.folds = options.folds;
  evaluation.fold_of = make_folds(table, options.folds, options.seed);
  check_training_parts(table, options);
  const auto folds = make_fold_list(table, evaluation.fold_of, options);
  describe_table(table, options, evaluation);
  const auto optima = optimum_by_fold(table, folds, options.criterion);

  Steps steps(options, folds.size() + 5);
  const auto trained = train_folds(table, folds, options, steps);
  note_training(trained, evaluation);
  std::vector<Entry> entries = baselines(table, folds, optima, options);
  add_premodel(table, folds, trained, options, entries);
  std::vector<Sweep> sweeps;
  if (has_outputs(table)) {
    entries.push_back(policy_entry(
        table, folds, "cascade", MethodKind::kCascade,
        "up to three models in order, each accepted when confident enough", trained,
        [](const TrainedFold& fold) { return fold.cascade.get(); }, options));
    for (std::size_t c = 0; c < trained.front().cascades_of.size(); ++c) {
      entries.push_back(policy_entry(
          table, folds, fmt::format("cascade of {}", c + 2), MethodKind::kRival,
          fmt::format("the strongest cascade of exactly {} models, chosen as the cascade is", c + 2), trained,
          [c](const TrainedFold& fold) { return fold.cascades_of[c].get(); }, options));
    }
  }
  const bool combines =
      std::all_of(trained.begin(), trained.end(), [](const TrainedFold& f) { return f.adaptive != nullptr; });
  if (combines) {
    entries.push_back(policy_entry(
        table, folds, "cascade routing", MethodKind::kRival,
        "after each look: run what adds the most expected quality for its price, of any further models",
        trained, [](const TrainedFold& fold) { return fold.cascade_routing.get(); }, options));
    entries.push_back(policy_entry(
        table, folds, "adaptive", MethodKind::kAdaptive,
        "after each look: stop, or go on when the expected gain is worth its price; looks are combined",
        trained, [](const TrainedFold& fold) { return fold.adaptive.get(); }, options));
  } else {
    evaluation.warnings.push_back(
        fmt::format("adaptive and cascade routing are left out: they need what every model said and {} "
                    "training inputs a fold",
                    kLeastRows));
  }
  if (has_outputs(table)) {
    steps.advance();
    sweeps = sweep_policies(table, folds, trained, options, steps);
  }
  judge_premodel(table, folds, trained, options, entries, evaluation);
  summarize(table, folds, optima, entries, options, evaluation);
  finish_frontiers(table, folds, sweeps, options, evaluation);
  write_verdict(evaluation);
  diagnose(table, folds, entries, ordered_policies(trained), options, evaluation);
  steps.advance();
  return evaluation;
}

}  // namespace triage
