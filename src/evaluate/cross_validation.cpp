// K-fold cross-validation: trains everything inside each fold, replays it on the fold's other part.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/hash.h"
#include "base/parallel.h"
#include "evaluate/diagnostics.h"
#include "evaluate/metrics.h"
#include "evaluate/stage_accuracy.h"
#include "evaluate/summary.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/train_selector.h"
#include "learn/routing/train_cascade_routing.h"
#include "policy/premodel_policy.h"
#include "triage/error.h"

namespace triage {
namespace {

// Prices of the cascades' sweep, score per millisecond: a grid that does not depend on the data, wide enough
// for models of a microsecond and of a minute.
std::vector<double> sweep_prices() {
  std::vector<double> prices;
  for (int step = 0; step <= 48; ++step) prices.push_back(std::pow(10.0, 3.0 - step / 6.0));
  return prices;
}

struct TrainedFold {
  TrainedPremodel premodel;
  std::unique_ptr<Policy> shuffled;
  std::unique_ptr<Policy> cascade;
  std::vector<std::unique_ptr<Policy>> cascades_of;  // of exactly 2 models, of exactly 3
  std::unique_ptr<Policy> cascade_routing;
  std::unique_ptr<Policy> adaptive;
  std::vector<std::unique_ptr<Policy>> sweep;
  std::vector<std::unique_ptr<Policy>> variants;
  std::vector<ModelIndex> selected;
  std::vector<double> costs;  // (m) of the kind that the premodel saves
  ModelIndex majority = kNoModel;
  ModelIndex fallback = kNoModel;
  std::vector<std::string> warnings;
};

bool has_outputs(const Table& table) {
  return std::any_of(table.outputs.begin(), table.outputs.end(), [](const TopK& o) { return !o.empty(); });
}

// Whether adaptive policies and cascade routing can learn from a fold.
constexpr std::size_t kLeastRows = 20;
bool can_combine(const Table& table, const Fold& fold) {
  return fold.train.size() >= kLeastRows && has_all_outputs(table, fold.train);
}

StageTruth truth_of(const Table& table, const TrainedFold& trained, const EvaluateOptions& options) {
  return {table, trained.selected, trained.costs, options.criterion, options.premodel.label};
}

void train_premodels(const Table& table, const Fold& fold, const EvaluateOptions& options,
                     TrainedFold& trained) {
  PremodelOptions premodel = options.premodel;
  take_selector_of_fold(table, fold, premodel);
  trained.premodel = train_premodel(table, fold.train, options, premodel);
  trained.selected = trained.premodel.selection.models;
  trained.warnings = trained.premodel.warnings;
  if (premodel.kind != kNetworkPremodel) {
    premodel.shuffle_features = mix64(options.seed);
    trained.shuffled = train_premodel(table, fold.train, options, premodel).policy;
  }
  for (const PremodelVariant& variant : options.variants) {
    PremodelOptions own = variant.options;
    take_selector_of_fold(table, fold, own);
    trained.variants.push_back(train_premodel(table, fold.train, options, own).policy);
  }
}

// The longest cascades that are judged on their own: not all models of a table need have outputs.
int most_stages(const Table& table) {
  int n = 0;
  for (const ModelIndex model : all_models(table)) n += table.outputs[table.at(0, model)].empty() ? 0 : 1;
  return std::min(n, 3);
}

TrainedFold train_fold(const Table& table, const Fold& fold, const EvaluateOptions& options) {
  TrainedFold trained;
  trained.costs = model_costs(table, fold.train, options.cost);
  if (table.schema.size() > 0) {
    train_premodels(table, fold, options, trained);
  } else {
    trained.selected =
        select_models(table, fold.train, options.criterion, options.premodel.theta, SIZE_MAX, options.cost)
            .models;
  }
  trained.fallback =
      find_fallback(table, trained.selected, fold.scores, trained.costs, options.premodel.fallback);
  trained.majority =
      majority_model(truth_of(table, trained, options), fold.train, options.premodel.kind, trained.fallback);
  if (has_outputs(table)) {
    trained.cascade = train_cascade(table, fold.train, options);
    for (int stages = 2; stages <= most_stages(table); ++stages) {
      trained.cascades_of.push_back(
          train_cascade(table, fold.train, options, {.min_stages = stages, .max_stages = stages}));
    }
    trained.sweep = train_cascades(table, fold.train, options, {}, sweep_prices());
  }
  if (can_combine(table, fold)) {
    trained.cascade_routing = train_cascade_routing(table, fold.train, options);
    trained.adaptive = train_adaptive(table, fold.train, options, options.adaptive);
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
      [](const TrainedFold& fold) { return fold.premodel.policy.get(); }, options));
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
  for (const auto& [name, policy] : {std::pair("cascade routing", &TrainedFold::cascade_routing),
                                     std::pair("adaptive", &TrainedFold::adaptive)}) {
    const auto settings = [policy](const TrainedFold& fold) { return (fold.*policy)->price_settings(); };
    sweeps.push_back(sweep(
        table, folds, name, settings(trained.front()).size(), trained,
        [&](const TrainedFold& fold, std::size_t p) {
          const double price = settings(fold)[p].price;
          return AtPrice{(fold.*policy).get(), {.price = price}, price};
        },
        options));
    steps.advance();
  }
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
  check_fallback(table, options.premodel.fallback);
}

// Of the largest fold, whose training part is the smallest.
void check_training_parts(const Table& table, const EvaluateOptions& options) {
  if (table.schema.size() == 0 || options.premodel.kind == kNetworkPremodel) return;
  const auto n = table.n_inputs(), k = static_cast<std::size_t>(options.folds);
  const auto neighbours = static_cast<std::size_t>(options.premodel.k);
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
  examine(table, folds, entries, ordered_policies(trained), options, evaluation);
  steps.advance();
  return evaluation;
}

}  // namespace triage
