#include "evaluate/trained_fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/train_selector.h"
#include "learn/routing/train_cascade_routing.h"
#include "learn/training_info.h"
#include "stats/mean.h"
#include "table/row_order.h"
#include "triage/tools/ladder.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

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

// The longest cascades that are judged on their own: not all models of a table need say how sure they are.
int most_stages(const Table& table, Rows rows) {
  const auto models = all_models(table);
  const auto n = std::count_if(models.begin(), models.end(), [&](ModelIndex model) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](std::uint32_t row) { return std::isfinite(table.confidence(row, model)); });
  });
  return static_cast<int>(std::min<std::ptrdiff_t>(n, 3));
}

// The kinds that need more than a few inputs, and not every table has.
void train_priced_kinds(const Table& table, const Fold& fold, const EvaluateOptions& options,
                        TrainedFold& trained) {
  const bool is_imported = !table.scores.empty();
  trained.learners.resize(options.learners.size());
  if (count_groups(table, fold.train) < kLeastTrainingInputs) {
    if (!is_imported) return;  // evaluation warns of what it leaves out of images
    trained.warnings.push_back(fmt::format("forests and ladders are left out: they need {} {} in every fold",
                                           kLeastTrainingInputs, training_unit(table)));
    return;
  }
  if (has_all_outputs(table, fold.train)) {
    trained.cascade_routing = train_cascade_routing(table, fold.train, options);
    if (!is_imported) trained.adaptive = train_adaptive(table, fold.train, options, options.adaptive);
  }
  if (is_imported && can_climb(table, fold.train)) {
    trained.ladder = train_ladder(table, fold.train, options);
  }
  if (!table.has_own_features()) return;
  trained.forests = train_forests_policy(table, fold.train, options);
  for (std::size_t l = 0; l < options.learners.size(); ++l) {
    trained.learners[l] = train_forests_policy(table, fold.train, options, {.learner = options.learners[l]});
  }
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

const Policy* TrainedFold::find(PolicyKind kind) const {
  switch (kind) {
    case PolicyKind::kCascadeOfTwo:
      return cascades_of.empty() ? nullptr : cascades_of[0].get();
    case PolicyKind::kCascadeOfThree:
      return cascades_of.size() < 2 ? nullptr : cascades_of[1].get();
    case PolicyKind::kForests:
      return forests.get();
    case PolicyKind::kLadder:
      return ladder.get();
    case PolicyKind::kAdaptive:
      return adaptive.get();
    default:
      return nullptr;
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
    for (int stages = 2; stages <= most_stages(table, fold.train); ++stages) {
      trained.cascades_of.push_back(
          train_cascade(table, fold.train, options, {.min_stages = stages, .max_stages = stages}));
    }
    trained.sweep = train_cascades(table, fold.train, options, {}, sweep_prices(table, options.cost));
  }
  train_priced_kinds(table, fold, options, trained);
  trained.auto_kind = choose_kind(table, fold.train, options, options.adaptive).kind;
  if (trained.find(trained.auto_kind) == nullptr) {
    trained.auto_own = train_kind(table, fold.train, trained.auto_kind, options, options.adaptive);
  }
  return trained;
}

}  // namespace triage
