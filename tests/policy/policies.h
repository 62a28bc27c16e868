// Small policies with known behaviour, for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "policy/premodel_policy.h"
#include "policy/selector_policy.h"
#include "triage/policy.h"
#include "triage/tools/report.h"

namespace triage::testing {

inline PolicyInfo info_of(std::vector<std::string> models, std::vector<std::string> features = {}) {
  PolicyInfo info;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const double ms = 0.25 * static_cast<double>(i + 1);
    info.models.push_back({{models[i], std::string(15, '0') + std::to_string(i)}, ms, 3 * ms});
  }
  for (auto& feature : features) info.schema.features.push_back({std::move(feature), 1});
  info.n_classes = 10;
  info.machine = "a test machine, 2 cores";
  info.training.inputs = 6;
  info.training.notes = {{"theta", "0.005"}};
  return info;
}

inline Look look_of(ModelIndex model, std::int32_t cls, float probability, std::int32_t n_classes = 10) {
  Look look;
  look.model = model;
  std::vector<float> probabilities(static_cast<std::size_t>(n_classes),
                                   (1 - probability) / static_cast<float>(n_classes - 1));
  probabilities[static_cast<std::size_t>(cls)] = probability;
  look.output = TopK::from_probabilities(probabilities);
  look.confidence = look.output.confidence();
  return look;
}

// One feature from 0 to 10 (scaled 0 to 1), six inputs at 0, 1, 2, 8, 9, 10, k = 3: model "small" is the
// optimum of the lower ones, "big" of 8 and 9, none of 10.
inline PremodelParameters line_premodel(ModelIndex fallback) {
  PremodelParameters model;
  model.k = 3;
  model.n_stages = 2;
  model.fallback = fallback;
  model.minimum = {0};
  model.maximum = {10};
  model.rows = {0.0F, 0.1F, 0.2F, 0.8F, 0.9F, 1.0F};
  model.optimum = {0, 0, 0, 1, 1, kNoModel};
  for (const char* id : {"a.png", "b.png", "c.png", "d.png", "e.png", "f.png"}) model.ids.push_back(id);
  model.choosers = paper_choosers(model);
  return model;
}

// Three leaves over one feature: at most 0.25 gives class 1, at most 0.75 class 0, more gives class `high`.
inline TreeChooser line_tree(std::uint8_t high) {
  return {{0, -1, 0, -1, -1},
          {0.25F, 0, 0.75F, 0, 0},
          {1, -1, 3, -1, -1},
          {2, -1, 4, -1, -1},
          {0, 1, 0, 0, high}};
}

// One feature, classes 0 and 1 with a support vector each, at 0 and at 1: the nearer one wins.
inline SvmChooser line_svm() {
  SvmChooser svm;
  svm.gamma = 1;
  svm.classes = {0, 1};
  svm.counts = {1, 1};
  svm.vectors = {0.0F, 1.0F};
  svm.coefficients = {1.0F, -1.0F};
  svm.rho = {0};
  return svm;
}

// Without training inputs, as trees and support vector machines need none.
inline PremodelParameters bare_premodel(PremodelForm form, std::size_t n_stages,
                                        std::vector<Chooser> choosers) {
  PremodelParameters model;
  model.form = form;
  model.n_stages = n_stages;
  model.choosers = std::move(choosers);
  model.minimum = {0};
  model.maximum = {10};
  return model;
}

// line_premodel() as one chooser among "small", "big" and none, of any kind.
inline PremodelParameters line_multiclass(ModelIndex fallback) {
  PremodelParameters model = line_premodel(fallback);
  model.form = PremodelForm::kMulticlass;
  model.choosers = {KnnChooser{{0, 0, 0, 1, 1, 2}}};
  return model;
}

// line_premodel() whose neighbours vote by 1 / distance.
inline PremodelParameters weighted_premodel(ModelIndex fallback) {
  PremodelParameters model = line_premodel(fallback);
  for (Chooser& chooser : model.choosers) std::get<KnnChooser>(chooser).weights = VoteWeights::kDistance;
  return model;
}

// A chain of all kinds over the inputs of line_premodel(), with a limit on the distance.
inline PremodelParameters mixed_premodel() {
  PremodelParameters model = line_premodel(2);
  model.n_stages = 3;
  model.choosers = {model.choosers[1], line_tree(0), line_svm()};
  model.max_distance = 0.5;
  model.refuse_beyond = true;
  return model;
}

// Models "small" and "big", with energy, a best model and known training inputs.
inline PolicyInfo adaptive_info() {
  PolicyInfo info = info_of({"small", "big"});
  info.models[0].mean_j = 0.5;
  info.models[1].mean_j = 2;
  info.best = info.models[1];
  // As from format 3: the upper halves alone.
  for (const std::uint64_t hash : {1U, 5U, 5U, 4000000000U}) info.training.input_hashes.push_back(hash << 32);
  return info;
}

// At prices 1 and 0.01: small alone; small, then big while t1 is below 0.8. The second is chosen and
// certified.
inline AdaptiveParameters two_stage_adaptive() {
  AdaptiveParameters model;
  model.settings.push_back({1, {0}, {{{1.0}, {}}}, 0.7, 0.25});
  model.settings.push_back(
      {0.01, {0, 1}, {{{1.0}, {0.8, -1.0, 0, 0, 0, 0, 0}}, {{0.25, 1.0}, {}}}, 0.9, 0.5});
  model.chosen = 1;
  model.certificate = Certificate{0.01, 0.05, "big", 1000, "0123456789abcdef", -0.001, 0.45, ""};
  return model;
}

// The same with weights for each of the ten classes: small is not heard on class 3, class 5 has a bias of 2,
// and doubt about class 7 makes it go on.
inline AdaptiveParameters own_adaptive() {
  AdaptiveParameters model = two_stage_adaptive();
  auto& stages = model.settings[1].stages;
  stages[0].gain = std::vector<double>(17, 0);
  stages[0].gain[0] = -0.1;
  stages[0].gain[7 + 7] = 1;
  std::vector<double> weights(30, 0);
  for (std::size_t c = 0; c < 10; ++c) {
    weights[c] = c == 3 ? 0 : 0.25;
    weights[10 + c] = 1;
  }
  weights[20 + 5] = 2;
  stages[1].weights = weights;
  return model;
}

// What a premodel may know of its training, every part of it.
inline TrainingFacts premodel_training() {
  TrainingFacts facts;
  facts.inputs = 6;
  facts.inputs_hash = "0123456789abcdef";
  facts.labels_from = "big";
  facts.seed = 0xFFFFFFFFFFFFFFFFU;
  PremodelFacts premodel;
  premodel.kind = "knn.dt.svm";
  premodel.label = PremodelLabel::kCorrect;
  premodel.cost = kEnergyCost;
  premodel.theta = 0.005;
  premodel.k = 3;
  premodel.weights = VoteWeights::kDistance;
  premodel.selection = {{"small", 0.5, 0.5, true}, {"huge", 0.75, 0.004, false}};
  premodel.optimum_of = {3, 2, 1};
  premodel.choosers = {KnnFacts{}, TreeFacts{4, 5, 9, 0.75}, SvmFacts{10, 0.5, 30, 40, 50, std::nullopt}};
  premodel.fallback = 1;
  premodel.distance_limit = {0.25, 0.99, false};
  premodel.shuffle_seed = 7;
  facts.details = premodel;
  facts.notes = {{"features", "two of three"}};
  return facts;
}

// What a trace says, by line.
inline std::vector<TraceLine> lines_of(const Trace& trace, const PolicyInfo& info) {
  std::vector<TraceLine> lines;
  for (const TraceEvent& event : trace) lines.push_back(describe(event, info));
  return lines;
}

// (n, d) numbers in [0, 1); with `steps` on a grid of that many values, so that there are many ties.
inline std::vector<float> random_rows(std::size_t n, std::size_t d, std::uint64_t seed, unsigned steps = 0) {
  Random random(seed);
  std::vector<float> rows(n * d);
  for (float& value : rows) {
    value = steps == 0 ? static_cast<float>(random.uniform())
                       : static_cast<float>(random.below(steps)) / static_cast<float>(steps);
  }
  return rows;
}

}  // namespace triage::testing
