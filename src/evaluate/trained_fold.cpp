#include "evaluate/trained_fold.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/train_selector.h"
#include "learn/routing/train_cascade_routing.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/tools/ladder.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

// Whether adaptive policies and cascade routing can learn from a fold.
bool can_combine(const Table& table, const Fold& fold) {
  return count_groups(table, fold.train) >= kLeastRows && has_all_outputs(table, fold.train);
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
  const auto models = all_models(table);
  const auto n = std::count_if(models.begin(), models.end(),
                               [&](ModelIndex model) { return !std::isnan(table.confidence(0, model)); });
  return static_cast<int>(std::min<std::ptrdiff_t>(n, 3));
}

}  // namespace

std::vector<double> sweep_prices(const Table& table, const CostWeights& cost) {
  const auto mean_of = [&](const CostWeights& weights) {
    return mean(model_costs(table, all_rows(table), weights));
  };
  // Of the same reach in other units; what the units are worth to each other on average suffices for that.
  const double ms = cost == kTimeCost ? 1 : mean_of(kTimeCost) / mean_of(cost);
  std::vector<double> prices;
  for (int step = 0; step <= 48; ++step) prices.push_back(ms * std::pow(10.0, 3.0 - step / 6.0));
  return prices;
}

bool has_confidences(const Table& table) {
  return std::any_of(table.outputs.begin(), table.outputs.end(), [](const TopK& o) { return !o.empty(); }) ||
         std::any_of(table.signals.begin(), table.signals.end(), [](float s) { return !std::isnan(s); });
}

bool can_ask_features(const Table& table) {
  return table.schema.size() > 0 && table.schema.size() <= 64 &&
         std::all_of(table.features.begin(), table.features.end(), [](float v) { return std::isfinite(v); });
}

StageTruth truth_of(const Table& table, const TrainedFold& trained, const EvaluateOptions& options) {
  return {table, trained.selected, trained.costs, options.criterion, options.premodel.label};
}

const Policy& TrainedFold::auto_policy() const {
  switch (auto_kind) {
    case PolicyKind::kCascadeOfTwo:
      return *cascades_of[0];
    case PolicyKind::kCascadeOfThree:
      return *cascades_of[1];
    case PolicyKind::kForests:
      return *forests;
    case PolicyKind::kLadder:
      return *ladder;
    case PolicyKind::kAdaptive:
      return *adaptive;
    default:
      return *auto_own;
  }
}

TrainedFold train_fold(const Table& table, const Fold& fold, const EvaluateOptions& options) {
  TrainedFold trained;
  trained.costs = model_costs(table, fold.train, options.cost);
  if (can_ask_features(table)) {
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
  if (has_confidences(table)) {
    trained.cascade = train_cascade(table, fold.train, options);
    for (int stages = 2; stages <= most_stages(table); ++stages) {
      trained.cascades_of.push_back(
          train_cascade(table, fold.train, options, {.min_stages = stages, .max_stages = stages}));
    }
    trained.sweep = train_cascades(table, fold.train, options, {}, sweep_prices(table, options.cost));
  }
  if (can_combine(table, fold)) {
    trained.cascade_routing = train_cascade_routing(table, fold.train, options);
    if (table.scores.empty()) trained.adaptive = train_adaptive(table, fold.train, options, options.adaptive);
  }
  if (!table.scores.empty() && count_groups(table, fold.train) >= kLeastRows &&
      can_climb(table, fold.train)) {
    trained.ladder = train_ladder(table, fold.train, options);
  }
  if (!table.schema.groups.empty()) trained.forests = train_forests_policy(table, fold.train, options);
  trained.auto_kind = choose_kind(table, fold.train, options, options.adaptive).kind;
  switch (trained.auto_kind) {
    case PolicyKind::kAdaptive:
    case PolicyKind::kForests:
    case PolicyKind::kLadder:
    case PolicyKind::kCascadeOfTwo:
    case PolicyKind::kCascadeOfThree:
      break;
    default:
      trained.auto_own = train_kind(table, fold.train, trained.auto_kind, options);
  }
  return trained;
}

}  // namespace triage
