// Replay: a recorded table in the place of models and images, under the same driver loop.
#include "triage/tools/replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policy/text_reduction.h"
#include "replay/replay_backend.h"
#include "triage/error.h"
#include "triage/request.h"

namespace triage {
namespace {

// Selectors are numbered after the models, from n_models() on.
ModelIndex table_model_of(const Table& table, const std::string& name) {
  const ModelIndex selector = table.find_selector(name);
  return selector == kNoModel ? table.find(name) : static_cast<ModelIndex>(table.n_models()) + selector;
}

const std::string& fingerprint_of(const Table& table, ModelIndex model) {
  const auto m = static_cast<std::size_t>(model);
  return m < table.n_models() ? table.models[m].fingerprint
                              : table.selectors[m - table.n_models()].fingerprint;
}

// `likely`: where it is if the policy uses all of the table's features.
const FeatureRef* table_feature_of(const Table& table, const std::string& name, std::size_t likely) {
  const auto& features = table.schema.features;
  if (likely < features.size() && features[likely].name == name) return &features[likely];
  const auto at =
      std::find_if(features.begin(), features.end(), [&](const FeatureRef& f) { return f.name == name; });
  return at == features.end() ? nullptr : &*at;
}

std::optional<std::string> model_difference(const Table& table, const PolicyInfo& policy) {
  std::vector<std::string> missing, known;
  for (const PolicyModel& model : policy.models) {
    if (table_model_of(table, model.name) == kNoModel) missing.push_back(model.name);
  }
  if (!missing.empty()) {
    for (const TableModel& model : table.models) known.push_back(model.name);
    return fmt::format(
        "runs {}, expected models of the profile, which has {}; profile the zoo that the policy was trained "
        "on, or train again on this profile",
        fmt::join(missing, ", "), fmt::join(known, ", "));
  }
  for (const PolicyModel& model : policy.models) {
    const std::string& found = fingerprint_of(table, table_model_of(table, model.name));
    if (found == model.fingerprint) continue;
    return fmt::format(
        "model '{}' has fingerprint '{}', expected the profile's '{}'; train again on this profile",
        model.name, model.fingerprint, found);
  }
  return std::nullopt;
}

// Those that stand in the table; what a policy sees of texts is made of them.
std::size_t n_table_features(const PolicyInfo& policy) {
  return policy.schema.size() - (policy.text == nullptr ? 0 : policy.text->size());
}

std::optional<std::string> text_difference(const Table& table, const PolicyInfo& policy) {
  if (policy.text == nullptr || policy.text->set == TextSet::kNothing) return std::nullopt;
  if (!table.texts.empty() && table.text_name == policy.text->column) return std::nullopt;
  return fmt::format(
      "needs the text '{}', expected it in the profile, which has {}; import it with that column",
      policy.text->column, table.texts.empty() ? "none" : fmt::format("'{}'", table.text_name));
}

std::optional<std::string> feature_difference(const Table& table, const PolicyInfo& info) {
  const FeatureSchema& policy = info.schema;
  for (std::size_t i = 0; i < n_table_features(info); ++i) {
    const FeatureRef& feature = policy.features[i];
    const FeatureRef* found = table_feature_of(table, feature.name, i);
    if (found == nullptr) {
      return fmt::format("needs feature '{}', expected one of the profile; profile again with it",
                         feature.name);
    }
    if (found->version == feature.version && table.schema.working_px == policy.working_px) continue;
    return fmt::format(
        "feature '{}' is version {} at {} px, expected the profile's version {} at {} px; train again on "
        "this profile",
        feature.name, feature.version, policy.working_px, found->version, table.schema.working_px);
  }
  return std::nullopt;
}

std::int32_t selector_classes(const Table& table, ModelIndex selector) {
  return static_cast<std::int32_t>(table.selectors[static_cast<std::size_t>(selector)].chooses.size());
}

// All that ran, and features, count; what is over the cutoff is not solved.
void score_run_time(const Table& table, std::size_t input, const Result& result, Replay& replay) {
  const bool is_solved = !result.refused && !result.looks.back().unanswered;
  replay.top1[input] = replay.top5[input] = table.terms.score_of_time(result.total.ms, is_solved);
  if (!is_solved) replay.predicted[input] = kNoLabel;
}

// Whose answer a combined one is; kNoModel where none of the looks said it.
ModelIndex model_that_said(const Result& result) {
  const auto look = std::find_if(result.looks.begin(), result.looks.end(), [&](const Look& each) {
    return each.output.best() == result.answer.best();
  });
  return look == result.looks.end() ? kNoModel : look->model;
}

// What the looks of selectors took.
Cost cost_of_selectors(const ReplayBackend& backend, const Result& result) {
  Cost cost{.ms = 0, .j = 0};
  for (const Look& look : result.looks) {
    if (backend.table_model(look.model) == kNoModel) cost += look.cost;
  }
  return cost;
}

}  // namespace

std::optional<std::string> policy_difference(const Table& table, const PolicyInfo& policy) {
  if (auto difference = model_difference(table, policy)) return difference;
  if (policy.n_classes != 0 && policy.n_classes != table.n_classes) {
    return fmt::format("has {} classes, expected the profile's {}; train again on this profile",
                       policy.n_classes, table.n_classes);
  }
  if (auto difference = text_difference(table, policy)) return difference;
  return feature_difference(table, policy);
}

std::optional<std::string> policy_difference(const Table& table, const Policy& policy) {
  if (auto difference = policy_difference(table, policy.info())) return difference;
  for (std::size_t i = 0; i < policy.info().models.size(); ++i) {
    const std::string& name = policy.info().models[i].name;
    const ModelIndex selector = table.find_selector(name);
    const std::int32_t wanted = policy.choices_of(static_cast<ModelIndex>(i));
    const std::int32_t found = selector == kNoModel ? table.n_classes : selector_classes(table, selector);
    if (wanted == 0 || found == wanted) continue;
    return fmt::format(
        "knows {} choices of model '{}', expected the profile's {}; train again on this profile", wanted,
        name, found);
  }
  return std::nullopt;
}

ReplayBackend::ReplayBackend(const Table& table, const PolicyInfo& policy)
    : table_(&table), recipes_done_(table.n_recipes(), false), ran_(policy.models.size(), 0.0) {
  if (const auto difference = policy_difference(table, policy)) {
    throw Error(ErrorCode::kPolicy, "policy: " + *difference);
  }
  for (const PolicyModel& model : policy.models) models_.push_back(table_model_of(table, model.name));
  if (policy.text != nullptr) {
    text_ = policy.text.get();
    text_mask_ = FeatureMask{1} << policy.schema.features.back().group;
  }
  for (std::size_t i = 0; i < n_table_features(policy); ++i) {
    const FeatureRef& wanted = policy.schema.features[i];
    const FeatureRef* found = table_feature_of(table, wanted.name, i);
    columns_.push_back(static_cast<std::size_t>(found - table.schema.features.data()));
    const bool are_ours = policy.schema.groups.empty();
    masks_.push_back(FeatureMask{1} << (are_ours ? i : wanted.group));
    nodes_.push_back(are_ours ? nodes_of(policy.schema, masks_.back()) : std::uint64_t{1} << found->group);
  }
}

void ReplayBackend::begin(std::size_t input) {
  input_ = input;
  nodes_done_ = 0;
  std::fill(recipes_done_.begin(), recipes_done_.end(), false);
  std::fill(ran_.begin(), ran_.end(), 0.0);
}

Cost ReplayBackend::extract(FeatureMask mask, std::span<float> values) {
  const std::size_t n_text = text_ == nullptr ? 0 : text_->size();
  TRIAGE_CHECK(values.size() == columns_.size() + n_text);
  if ((mask & text_mask_) != 0) {
    const bool has_texts = !table_->texts.empty();
    reduce_text(*text_, has_texts ? std::string_view(table_->texts[input_]) : std::string_view(),
                values.last(n_text));
  }
  std::uint64_t wanted = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if ((mask & masks_[i]) == 0) continue;
    values[i] = table_->features[input_ * table_->schema.size() + columns_[i]];
    wanted |= nodes_[i];
  }
  const std::size_t n_nodes = table_->node_ms.size() / table_->n_inputs();
  Cost cost{.ms = 0, .j = 0};
  for (std::size_t node = 0; node < n_nodes; ++node) {
    const bool is_new = ((wanted & ~nodes_done_) >> node & 1U) != 0;
    if (!is_new) continue;
    cost.ms += static_cast<double>(table_->node_ms[input_ * n_nodes + node]);
    cost.j += table_->energy.node_j.empty() ? kNotMeasured : table_->energy.node_j[node];
  }
  nodes_done_ |= wanted;
  return cost;
}

ModelIndex ReplayBackend::table_model(ModelIndex model) const {
  const ModelIndex index = models_[static_cast<std::size_t>(model)];
  return static_cast<std::size_t>(index) < table_->n_models() ? index : kNoModel;
}

Look ReplayBackend::run_selector(ModelIndex model) {
  const auto s = static_cast<std::size_t>(models_[static_cast<std::size_t>(model)]) - table_->n_models();
  const std::size_t at = input_ * table_->selectors.size() + s;
  const auto recipe = static_cast<std::size_t>(table_->selector_recipe_of[s]);
  Look look;
  look.model = model;
  look.output = table_->selector_outputs[at];
  look.confidence = look.output.confidence();
  look.cost.ms = static_cast<double>(table_->selector_ms[at]);
  look.cost.j = table_->selector_cost_j(static_cast<ModelIndex>(s));
  if (!recipes_done_[recipe]) {
    look.cost.ms = table_->selector_cost_ms(input_, static_cast<ModelIndex>(s));
  } else if (!std::isnan(look.cost.j)) {
    look.cost.j -= table_->energy.preprocess_j[recipe];
  }
  recipes_done_[recipe] = true;
  return look;
}

Look ReplayBackend::run(ModelIndex model) {
  TRIAGE_CHECK(model >= 0 && static_cast<std::size_t>(model) < models_.size());
  const ModelIndex index = table_model(model);
  if (index == kNoModel) return run_selector(model);
  const std::size_t at = table_->at(input_, index);
  const auto recipe = static_cast<std::size_t>(table_->recipe_of[static_cast<std::size_t>(index)]);
  if (std::isnan(table_->score(input_, index, Criterion::kTop1))) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("policy: runs model '{}' on input '{}', on which it was not run, expected the "
                            "inputs on which every model was",
                            table_->models[static_cast<std::size_t>(index)].name, table_->ids[input_]));
  }
  Look look;
  look.model = model;
  look.output = table_->output(input_, index);
  look.confidence = table_->confidence(input_, index);
  look.cost.ms = static_cast<double>(table_->infer_ms[at]);
  look.cost.j = table_->cost_j(index);
  if (!recipes_done_[recipe]) {
    look.cost.ms += table_->preprocess(input_, index);
  } else if (!std::isnan(look.cost.j)) {
    look.cost.j -= table_->energy.preprocess_j[recipe];
  }
  recipes_done_[recipe] = true;
  return look;
}

// A run time that is stopped, or that ended without an answer.
std::optional<Look> ReplayBackend::run_within(ModelIndex model, const Patience& patience) {
  Look look = run(model);
  const ModelIndex index = table_model(model);
  if (table_->terms.cutoff <= 0 || index == kNoModel) return look;
  double& ran = ran_[static_cast<std::size_t>(model)];
  const double rest = look.cost.ms - ran;
  look.unanswered = rest > patience.most_ms || table_->score(input_, index, Criterion::kTop1) <= 0;
  look.cost.ms = std::min(rest, patience.most_ms);
  ran += look.cost.ms;
  return look;
}

Replay make_replay(std::string name, std::size_t n) {
  Replay replay;
  replay.name = std::move(name);
  replay.predicted.assign(n, kNoLabel);
  for (auto* values :
       {&replay.top1, &replay.top5, &replay.ms, &replay.selection_ms, &replay.j, &replay.selection_j}) {
    values->assign(n, 0.0);
  }
  replay.confidence.assign(n, kNotMeasured);
  for (auto* flags : {&replay.limited, &replay.breached, &replay.unsure, &replay.looks}) flags->assign(n, 0);
  replay.model.assign(n, kNoModel);
  return replay;
}

void replay_model(const Table& table, std::size_t input, ModelIndex model, Replay& replay) {
  const bool ran = model != kNoModel;
  replay.predicted[input] = ran ? table.output(input, model).best() : kNoLabel;
  replay.top1[input] = ran ? table.score(input, model, Criterion::kTop1) : 0.0;
  replay.top5[input] = ran ? table.score(input, model, Criterion::kTop5) : 0.0;
  replay.ms[input] = ran ? table.cost_ms(input, model) : 0.0;
  replay.selection_ms[input] = 0.0;
  // Where nothing runs the energy is 0, even if it was not measured.
  replay.j[input] = ran ? table.cost_j(model) : 0.0;
  replay.selection_j[input] = 0.0;
  replay.model[input] = model;
  replay.looks[input] = ran ? 1 : 0;
  replay.confidence[input] = ran ? table.confidence(input, model) : kNotMeasured;
}

namespace {

// Every row in turn: `next_request()` gives its request, `decided(input, request, result)` receives the
// result.
template <class NextRequest, class Decided>
void replay_requests(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                     const NextRequest& next_request, const Decided& decided) {
  TRIAGE_CHECK(replay.ms.size() == table.n_inputs());
  if (const auto difference = policy_difference(table, policy)) {
    throw Error(ErrorCode::kPolicy, "policy: " + *difference);
  }
  ReplayBackend backend(table, policy.info());
  // Elsewhere what deciding takes cannot be added to costs.
  const FakeClock no_time;
  const Clock& decision_clock = table.terms.counts_ms() ? clock : no_time;
  Result result;
  for (const std::uint32_t input : rows) {
    backend.begin(input);
    const Request request = next_request();
    drive(policy, backend, decision_clock, result, request);
    decided(input, request, result);
    const ModelIndex last = result.looks.empty() ? kNoModel : backend.table_model(result.looks.back().model);
    // A single model's answer is scored by the label's exact rank, which score-only tables have too.
    if (!result.refused && result.model != kNoModel) {
      replay_model(table, input, backend.table_model(result.model), replay);
    } else if (!result.refused && !table.scores.empty()) {
      replay_model(table, input, backend.table_model(model_that_said(result)), replay);
    } else {
      replay.predicted[input] = result.answer.best();
      replay.top1[input] = score_of_answer(result.answer, table.labels[input], Criterion::kTop1);
      replay.top5[input] = score_of_answer(result.answer, table.labels[input], Criterion::kTop5);
    }
    if (table.terms.cutoff > 0) score_run_time(table, input, result, replay);
    replay.model[input] = result.refused ? kNoModel : last;
    replay.ms[input] = result.total.ms;
    const Cost selectors = cost_of_selectors(backend, result);
    replay.selection_ms[input] = result.features_ms + result.decision_ms + selectors.ms;
    replay.j[input] = result.total.j;
    replay.selection_j[input] = result.features_j + selectors.j;
    replay.looks[input] = static_cast<std::uint8_t>(result.looks.size());
    replay.confidence[input] = result.answer.confidence();
    replay.limited[input] = result.limited() ? 1 : 0;
    replay.breached[input] = result.breached ? 1 : 0;
    replay.unsure[input] = result.below_confidence ? 1 : 0;
  }
}

}  // namespace

void replay_policy(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const Request& request, const OnDecision& on_decision) {
  check_request(policy, request);
  replay_requests(
      table, rows, policy, clock, replay, [&] { return request; },
      [&](std::uint32_t input, const Request&, const Result& result) {
        if (on_decision) on_decision(input, result);
      });
}

void replay_stream(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const StreamOptions& options, const Request& caps) {
  if (options.reuse) {
    throw Error(
        ErrorCode::kUsage,
        "reuse: given with recorded answers, expected none: a table has no pictures to compare; run on "
        "the frames themselves");
  }
  Stream stream(policy, options);
  check_request(policy, caps);
  replay_requests(
      table, rows, policy, clock, replay,
      [&] {
        Request request = caps;
        request.price = stream.request().price;
        return request;
      },
      [&](std::uint32_t, const Request& request, const Result& result) {
        stream.record(request, result.total.ms);
      });
}

}  // namespace triage
