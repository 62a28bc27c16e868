// Training of the premodel: Algorithm 1, labels, scaling, the choosers (paper, sections 3.1 to 3.4 and 5.2).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/hash.h"
#include "base/stop.h"
#include "learn/premodel/distance_limit.h"
#include "learn/premodel/fallback.h"
#include "learn/premodel/neighbours.h"
#include "learn/premodel/train_chooser.h"
#include "learn/premodel/train_selector.h"
#include "learn/training_info.h"
#include "policy/premodel_policy.h"
#include "stats/quantile.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

[[noreturn]] void fail_usage(const std::string& message) { throw Error(ErrorCode::kUsage, message); }

void check_label(const PremodelOptions& options, const PremodelKind& kind) {
  if (options.label == PremodelLabel::kCorrect && kind.form == PremodelForm::kMulticlass) {
    fail_usage(
        fmt::format("label: correct, expected optimum for the premodel '{}', which chooses one of several "
                    "models that may all be right; name a chain, such as {}.{}",
                    options.kind, options.kind, options.kind));
  }
}

void check_weights(const PremodelOptions& options, const PremodelKind& kind) {
  const auto& stages = kind.stages;
  if (options.weights == VoteWeights::kUniform) return;
  if (std::find(stages.begin(), stages.end(), ChooserKind::kKnn) != stages.end()) return;
  fail_usage(
      fmt::format("weights: {}, expected uniform for the premodel '{}', in which no neighbours vote; leave "
                  "`weights` out, or name a kind with knn",
                  to_string(options.weights), options.kind));
}

void check_distance(const Table& table, const PremodelOptions& options, Rows rows) {
  if (!options.max_distance_quantile) return;
  const double q = *options.max_distance_quantile;
  if (!(q >= 0 && q <= 1)) {
    fail_usage(fmt::format("max_distance_quantile: {:.4g}, expected a share from 0 to 1; 0.99 is usual", q));
  }
  const std::size_t n = count_groups(table, rows);
  if (static_cast<std::size_t>(options.k) >= n) {
    fail_usage(
        fmt::format("max_distance_quantile: {} {}, expected more than k, {}; profile more "
                    "inputs or use fewer neighbours",
                    n, training_unit(table), options.k));
  }
}

void check_options(const PremodelOptions& options, Rows rows) {
  check_neighbours(options.k);
  if (static_cast<std::size_t>(options.k) > rows.size()) {
    fail_usage(
        fmt::format("k: {}, expected at most the number of training inputs, {}; profile more inputs or use "
                    "fewer neighbours",
                    options.k, rows.size()));
  }
}

// The paper's seven; of features that are not ours, all.
std::vector<std::string> default_features(const Table& table) {
  if (table.schema.groups.empty()) return {paper_features().begin(), paper_features().end()};
  std::vector<std::string> names;
  for (const FeatureRef& feature : table.schema.features) names.push_back(feature.name);
  return names;
}

// Columns of the table that hold the wanted features.
std::vector<std::size_t> find_columns(const Table& table, const PremodelOptions& options) {
  const auto names = options.features.empty() ? default_features(table) : options.features;
  std::vector<std::size_t> columns;
  for (const auto& name : names) {
    const auto& known = table.schema.features;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const FeatureRef& f) { return f.name == name; });
    if (found == known.end()) {
      fail_usage(
          fmt::format("feature '{}': not in the profile, expected one of its {} features; profile again with "
                      "it, or choose others",
                      name, known.size()));
    }
    const auto column = static_cast<std::size_t>(found - known.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      fail_usage(fmt::format("feature '{}': given twice, expected each once; remove one", name));
    }
    columns.push_back(column);
  }
  return columns;
}

FeatureSchema select_schema(const FeatureSchema& schema, std::span<const std::size_t> columns) {
  FeatureSchema selected;
  selected.working_px = schema.working_px;
  selected.groups = schema.groups;
  for (const std::size_t column : columns) selected.features.push_back(schema.features[column]);
  return selected;
}

// Raw training features, shape (n, d); shuffled among the inputs for the control.
std::vector<float> gather_features(const Table& table, Rows rows, std::span<const std::size_t> columns,
                                   std::optional<std::uint64_t> shuffle_seed) {
  std::vector<std::uint32_t> order(rows.begin(), rows.end());
  if (shuffle_seed) {
    Random random(*shuffle_seed);
    shuffle(std::span(order), random);
  }
  std::vector<float> values;
  values.reserve(order.size() * columns.size());
  for (const std::uint32_t row : order) {
    const auto features = table.feature_row(row);
    for (const std::size_t column : columns) values.push_back(features[column]);
  }
  return values;
}

// Sets minimum and maximum of each feature and scales the rows in place.
void fit_scaling(PremodelParameters& model, std::size_t d) {
  model.minimum.assign(model.rows.begin(), model.rows.begin() + static_cast<std::ptrdiff_t>(d));
  model.maximum = model.minimum;
  for (std::size_t first = 0; first < model.rows.size(); first += d) {
    for (std::size_t f = 0; f < d; ++f) {
      model.minimum[f] = std::min(model.minimum[f], model.rows[first + f]);
      model.maximum[f] = std::max(model.maximum[f], model.rows[first + f]);
    }
  }
  for (std::size_t first = 0; first < model.rows.size(); first += d) {
    for (std::size_t f = 0; f < d; ++f) {
      model.rows[first + f] = scale_feature(model.rows[first + f], model.minimum[f], model.maximum[f]);
    }
  }
}

// The stage whose model is the optimum among the selected, on each row.
std::vector<ModelIndex> make_labels(const Table& table, Rows rows, std::span<const ModelIndex> selected,
                                    std::span<const double> costs, Criterion criterion) {
  std::vector<ModelIndex> stage_of(table.n_models(), kNoModel);
  for (std::size_t i = 0; i < selected.size(); ++i) {
    stage_of[static_cast<std::size_t>(selected[i])] = static_cast<ModelIndex>(i);
  }
  std::vector<ModelIndex> labels;
  labels.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    const ModelIndex best = optimum(table, row, selected, costs, criterion);
    labels.push_back(best == kNoModel ? kNoModel : stage_of[static_cast<std::size_t>(best)]);
  }
  return labels;
}

// Classes of the rows for chooser `i`: see chooser.h.
std::vector<std::uint8_t> chooser_labels(const Table& table, Rows rows, std::span<const ModelIndex> selected,
                                         const PremodelParameters& model, std::span<const ModelIndex> optimum,
                                         Criterion criterion, const PremodelOptions& options, std::size_t i) {
  std::vector<std::uint8_t> labels;
  labels.reserve(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (model.form == PremodelForm::kMulticlass) {
      labels.push_back(static_cast<std::uint8_t>(
          optimum[r] == kNoModel ? model.n_stages : static_cast<std::size_t>(optimum[r])));
    } else if (options.label == PremodelLabel::kCorrect) {
      labels.push_back(table.score(rows[r], selected[i], criterion) > 0 ? 1 : 0);
    } else {
      labels.push_back(optimum[r] == static_cast<ModelIndex>(i) ? 1 : 0);
    }
  }
  return labels;
}

void check_classes(const PremodelKind& kind, std::size_t n_models) {
  if (kind.form == PremodelForm::kChain) return;
  const std::size_t most = kind.stages.front() == ChooserKind::kSvm ? kMaxSvmClasses - 1 : 255;
  if (n_models <= most) return;
  fail_usage(
      fmt::format("premodel: {} models were selected, expected at most {} to choose among at once; use "
                  "max_models or a chain",
                  n_models, most));
}

// Trains the choosers; `facts` gets what there is to say about each.
void add_choosers(const Table& table, Rows rows, std::span<const ModelIndex> selected,
                  const PremodelKind& kind, const LearnOptions& learn, const PremodelOptions& options,
                  PremodelParameters& model, std::vector<ChooserFacts>& facts) {
  const std::size_t n_choosers = kind.form == PremodelForm::kChain ? model.n_stages : 1;
  const std::size_t d = model.minimum.size();
  const auto groups = table.groups.empty() ? std::vector<std::uint32_t>{} : group_numbers(table, rows);
  for (std::size_t i = 0; i < n_choosers; ++i) {
    throw_if_stopped(learn.stop, "premodel");
    const auto labels =
        chooser_labels(table, rows, selected, model, model.optimum, learn.criterion, options, i);
    auto trained = train_chooser(kind.stage(i), {model.rows, d, labels, model.n_classes(), groups},
                                 {learn.seed, options.full, options.weights, learn.stop});
    model.choosers.push_back(std::move(trained.chooser));
    facts.push_back(trained.facts);
  }
}

// Of the scaled features, shape (n, d), the first of each group.
std::vector<float> one_of_each_group(const Table& table, Rows rows, std::span<const float> values) {
  const std::size_t d = values.size() / rows.size();
  const auto groups = group_numbers(table, rows);
  std::vector<float> firsts;
  std::uint32_t next = 0;  // groups are numbered as they are met
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (groups[i] != next) continue;
    ++next;
    const auto row = values.subspan(i * d, d);
    firsts.insert(firsts.end(), row.begin(), row.end());
  }
  return firsts;
}

// An input to come has no copy of itself among the training inputs, so distances are between groups.
void add_distance_limit(const Table& table, Rows rows, const PremodelOptions& options,
                        PremodelParameters& model) {
  if (!options.max_distance_quantile) return;
  auto distances = leave_one_out_distances(one_of_each_group(table, rows, model.rows), model.minimum.size(),
                                           static_cast<std::size_t>(options.k));
  model.max_distance = covering_quantile(distances, *options.max_distance_quantile);
  model.refuse_beyond = options.beyond == Beyond::kRefuse;
}

// Training inputs are kept only where neighbours are searched among them.
void drop_unused_rows(PremodelParameters& model) {
  const bool has_knn = std::any_of(model.choosers.begin(), model.choosers.end(), [](const Chooser& chooser) {
    return std::holds_alternative<KnnChooser>(chooser);
  });
  if (has_knn || std::isfinite(model.max_distance)) return;
  model.rows.clear();
  model.optimum.clear();
  model.ids = {};
}

// How often each stage's model is wanted, and in the last place how often none, shape (n_stages + 1).
std::vector<std::size_t> count_optimum(const PremodelParameters& model) {
  std::vector<std::size_t> counts(model.n_stages + 1, 0);
  for (const ModelIndex best : model.optimum) {
    ++counts[best == kNoModel ? model.n_stages : static_cast<std::size_t>(best)];
  }
  return counts;
}

std::vector<std::string> find_warnings(const PolicyInfo& info, const PremodelParameters& model,
                                       std::span<const std::size_t> counts, PremodelLabel label) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < info.schema.size(); ++i) {
    if (model.minimum[i] < model.maximum[i]) continue;
    warnings.push_back(
        fmt::format("feature '{}' is {:.4g} on every training input: it scales to 0 and decides nothing",
                    info.schema.features[i].name, model.minimum[i]));
  }
  if (label != PremodelLabel::kOptimum) return warnings;
  for (std::size_t stage = 0; stage < model.n_stages; ++stage) {
    if (counts[stage] > 0) continue;
    warnings.push_back(
        fmt::format("model '{}' is the optimum of no training input: {}", info.models[stage].name,
                    model.form == PremodelForm::kChain ? "its stage always says no" : "it is never chosen"));
  }
  return warnings;
}

PremodelFacts facts_of(const Table& table, const CostWeights& cost, const PremodelOptions& options,
                       const ModelSelection& selection, const PremodelParameters& model) {
  PremodelFacts facts;
  facts.kind = options.kind;
  facts.label = options.label;
  facts.cost = cost;
  facts.theta = options.theta;
  facts.k = options.k;
  facts.weights = options.weights;
  for (const SelectionStep& step : selection.trace) {
    facts.selection.push_back(
        {table.models[static_cast<std::size_t>(step.model)].name, step.coverage, step.gain, step.kept});
  }
  facts.fallback = model.fallback;
  if (options.max_distance_quantile) {
    facts.distance_limit = {model.max_distance, *options.max_distance_quantile, model.refuse_beyond};
  }
  facts.shuffle_seed = options.shuffle_features;
  return facts;
}

}  // namespace

Beyond parse_beyond(std::string_view text) {
  if (text == "refuse") return Beyond::kRefuse;
  if (text == "fallback") return Beyond::kFallback;
  fail_usage(fmt::format("beyond: '{}', expected refuse or fallback", text));
}

TrainedPremodel train_premodel(const Table& table, Rows rows, const LearnOptions& learn,
                               const PremodelOptions& options) {
  if (options.kind == kNetworkPremodel) return train_network_premodel(table, rows, learn, options);
  const PremodelKind kind = parse_premodel_kind(options.kind);
  check_options(options, rows);
  check_label(options, kind);
  check_weights(options, kind);
  check_distance(table, options, rows);
  const auto columns = find_columns(table, options);
  TrainedPremodel trained;
  trained.selection = select_models(table, rows, learn.criterion, options.theta, options.max_models,
                                    learn.cost, options.rule);
  const auto& selected = trained.selection.models;
  check_classes(kind, selected.size());
  const auto costs = model_costs(table, rows, learn.cost);

  PremodelParameters model;
  model.form = kind.form;
  model.k = options.k;
  model.n_stages = selected.size();
  model.rows = gather_features(table, rows, columns, options.shuffle_features);
  fit_scaling(model, columns.size());
  model.optimum = make_labels(table, rows, selected, costs, learn.criterion);
  for (const std::uint32_t row : rows) model.ids.push_back(table.ids[row]);
  std::vector<ChooserFacts> choosers;
  add_choosers(table, rows, selected, kind, learn, options, model, choosers);
  add_distance_limit(table, rows, options, model);
  const auto counts = count_optimum(model);
  drop_unused_rows(model);

  auto models = selected;
  model.fallback = add_fallback(
      models,
      find_fallback(table, selected, mean_scores(table, rows, learn.criterion), costs, options.fallback));
  PolicyInfo info = make_policy_info(table, rows, learn.criterion, models);
  info.schema = select_schema(table.schema, columns);
  PremodelFacts facts = facts_of(table, learn.cost, options, trained.selection, model);
  facts.optimum_of = counts;
  facts.choosers = std::move(choosers);
  info.training.input_hashes = all_input_hashes(table, rows);
  info.training.seed = learn.seed;
  info.training.details = std::move(facts);
  info.training.notes = options.notes;
  trained.warnings = find_warnings(info, model, counts, options.label);
  auto premodel = std::make_unique<Premodel>(std::move(info), std::move(model));
  trained.premodel = premodel.get();
  trained.policy = std::move(premodel);
  return trained;
}

}  // namespace triage
