// Replay: a recorded table in the place of models and images, under the same driver loop.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "triage/error.h"
#include "triage/eval.h"
#include "triage/stream.h"

namespace triage {
namespace {

void check_fingerprint(const PolicyModel& model, const std::string& found) {
  if (found == model.fingerprint) return;
  throw Error(
      ErrorCode::kPolicy,
      fmt::format("policy: model '{}' has fingerprint '{}', expected the profile's '{}'; train again on "
                  "this profile",
                  model.name, model.fingerprint, found));
}

// Selectors stand behind the models: their first is number n_models().
ModelIndex table_model_of(const Table& table, const PolicyModel& model) {
  if (const ModelIndex selector = table.find_selector(model.name); selector != kNoModel) {
    check_fingerprint(model, table.selectors[static_cast<std::size_t>(selector)].fingerprint);
    return static_cast<ModelIndex>(table.n_models()) + selector;
  }
  const ModelIndex index = table.find(model.name);
  if (index == kNoModel) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("policy: runs model '{}', expected a model of the profile; profile the zoo that "
                            "it was trained on",
                            model.name));
  }
  check_fingerprint(model, table.models[static_cast<std::size_t>(index)].fingerprint);
  return index;
}

std::size_t table_column_of(const FeatureSchema& table, const FeatureSchema& policy,
                            const FeatureRef& feature) {
  const auto at = std::find_if(table.features.begin(), table.features.end(),
                               [&](const FeatureRef& f) { return f.name == feature.name; });
  if (at == table.features.end()) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("policy: needs feature '{}', expected one of the profile; profile again with it",
                            feature.name));
  }
  if (at->version != feature.version || table.working_px != policy.working_px) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("policy: feature '{}' is version {} at {} px, expected the profile's version {} "
                            "at {} px; train again on this profile",
                            feature.name, feature.version, policy.working_px, at->version, table.working_px));
  }
  return static_cast<std::size_t>(at - table.features.begin());
}

// What the looks of selectors took.
Cost cost_of_selectors(const ReplayBackend& backend, const Outcome& outcome) {
  Cost cost{.ms = 0, .j = 0};
  for (const Look& look : outcome.looks) {
    if (backend.table_model(look.model) == kNoModel) cost += look.cost;
  }
  return cost;
}

double score_of_answer(const TopK& answer, Label label, Criterion criterion) {
  return score_of_rank(answer.rank(label).value_or(0), criterion);
}

}  // namespace

ReplayBackend::ReplayBackend(const Table& table, const PolicyInfo& policy)
    : table_(&table), recipes_done_(table.n_recipes(), false) {
  for (const PolicyModel& model : policy.models) models_.push_back(table_model_of(table, model));
  for (std::size_t i = 0; i < policy.schema.size(); ++i) {
    columns_.push_back(table_column_of(table.schema, policy.schema, policy.schema.features[i]));
    nodes_.push_back(nodes_of(policy.schema, FeatureMask{1} << i));
  }
}

void ReplayBackend::begin(std::size_t input) {
  input_ = input;
  nodes_done_ = 0;
  std::fill(recipes_done_.begin(), recipes_done_.end(), false);
}

Cost ReplayBackend::extract(FeatureMask mask, std::span<float> values) {
  TRIAGE_CHECK(values.size() == columns_.size());
  NodeMask wanted = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if ((mask >> i & 1U) == 0) continue;
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
  Look look;
  look.model = model;
  look.output = table_->outputs[at];
  look.confidence = look.output.confidence();
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
  replay.predicted[input] = ran ? table.outputs[table.at(input, model)].best() : kNoLabel;
  replay.top1[input] = ran ? table.score(input, model, Criterion::kTop1) : 0.0;
  replay.top5[input] = ran ? table.score(input, model, Criterion::kTop5) : 0.0;
  replay.ms[input] = ran ? table.cost_ms(input, model) : 0.0;
  replay.selection_ms[input] = 0.0;
  // What runs nothing takes no energy, measured or not.
  replay.j[input] = ran ? table.cost_j(model) : 0.0;
  replay.selection_j[input] = 0.0;
  replay.model[input] = model;
  replay.looks[input] = ran ? 1 : 0;
  replay.confidence[input] = ran ? table.outputs[table.at(input, model)].confidence() : kNotMeasured;
}

namespace {

// Every row in turn: `next_request()` says what is asked, `took(ms)` hears what it took.
template <class NextRequest, class Took>
void replay_requests(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                     const NextRequest& next_request, const Took& took) {
  TRIAGE_CHECK(replay.ms.size() == table.n_inputs());
  ReplayBackend backend(table, policy.info());
  Outcome outcome;
  for (const std::uint32_t input : rows) {
    backend.begin(input);
    drive(policy, backend, clock, outcome, nullptr, next_request());
    took(outcome.total.ms);
    const ModelIndex last =
        outcome.looks.empty() ? kNoModel : backend.table_model(outcome.looks.back().model);
    // A single model's answer is scored by the label's exact rank, which score-only tables have too.
    if (!outcome.refused && outcome.model != kNoModel) {
      replay_model(table, input, backend.table_model(outcome.model), replay);
    } else {
      replay.predicted[input] = outcome.answer.best();
      replay.top1[input] = score_of_answer(outcome.answer, table.labels[input], Criterion::kTop1);
      replay.top5[input] = score_of_answer(outcome.answer, table.labels[input], Criterion::kTop5);
    }
    replay.model[input] = outcome.refused ? kNoModel : last;
    replay.ms[input] = outcome.total.ms;
    const Cost selectors = cost_of_selectors(backend, outcome);
    replay.selection_ms[input] = outcome.features_ms + outcome.decision_ms + selectors.ms;
    replay.j[input] = outcome.total.j;
    replay.selection_j[input] = outcome.features_j + selectors.j;
    replay.looks[input] = static_cast<std::uint8_t>(outcome.looks.size());
    replay.confidence[input] = outcome.answer.confidence();
    replay.limited[input] = outcome.limited ? 1 : 0;
    replay.breached[input] = outcome.breached ? 1 : 0;
    replay.unsure[input] = outcome.below_confidence ? 1 : 0;
  }
}

}  // namespace

void replay_policy(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const Request& request) {
  check_request(policy, request);
  replay_requests(
      table, rows, policy, clock, replay, [&] { return request; }, [](double) {});
}

void replay_stream(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const StreamOptions& options, const Request& caps) {
  Stream stream(policy, options);
  check_request(policy, caps);
  replay_requests(
      table, rows, policy, clock, replay,
      [&] {
        Request request = caps;
        request.price = stream.request().price;
        return request;
      },
      [&](double ms) { stream.record(ms); });
}

}  // namespace triage
