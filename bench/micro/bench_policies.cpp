#include "bench_policies.h"

#include <cmath>
#include <string>

#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"

namespace triage::bench {

std::vector<float> random_rows(std::size_t n, std::size_t d, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> rows(n * d);
  for (float& value : rows) {
    const double uniform = random.uniform();
    value = static_cast<float>(
        random.below(2) == 0 ? uniform : 0.2 * static_cast<double>(random.below(5)) + 0.05 * uniform);
  }
  return rows;
}

PolicyInfo info_of(std::size_t n_models, std::size_t d) {
  PolicyInfo info;
  for (std::size_t i = 0; i < n_models; ++i) info.models.push_back({{"model" + std::to_string(i), ""}, 1, 2});
  for (std::size_t i = 0; i < d; ++i) info.schema.features.push_back({"feature" + std::to_string(i), 1});
  return info;
}

PremodelParameters bare_premodel(std::size_t d) {
  PremodelParameters model;
  model.n_stages = 3;
  model.fallback = 2;
  model.minimum.assign(d, 0);
  model.maximum.assign(d, 1);
  return model;
}

PremodelParameters knn_premodel(std::size_t d) {
  PremodelParameters model = bare_premodel(d);
  model.rows = random_rows(kRows, d, 1);
  for (std::size_t i = 0; i < kRows; ++i) {
    model.optimum.push_back(static_cast<ModelIndex>(i % 4) - 1);
    model.ids.push_back("input");
  }
  model.choosers = paper_choosers(model);
  return model;
}

std::unique_ptr<Policy> two_stage_cascade() { return make_cascade(info_of(2, 0), {{0.9}}); }

std::unique_ptr<Policy> four_look_adaptive(std::size_t n_classes) {
  AdaptiveParameters model;
  AdaptiveSetting setting{0.1, {0, 1, 2, 3}, {}, 0.9, 1};
  // Of ten classes, each has weights and evidence of its own.
  const std::size_t own = n_classes == 10 ? n_classes : 0;
  for (std::size_t j = 1; j <= 4; ++j) {
    AdaptiveStage& stage = setting.stages.emplace_back();
    stage.weights.assign(own > 0 && j > 1 ? (j + 1) * own : j, 1.0 / static_cast<double>(j));
    if (j == 4) continue;
    stage.gain.resize(1 + kEvidenceNumbers + own);
    stage.gain[0] = 0.1;
    stage.gain[1] = -0.1;
  }
  model.settings.push_back(setting);
  PolicyInfo info = info_of(4, 0);
  info.n_classes = static_cast<std::int32_t>(n_classes);
  return make_adaptive(std::move(info), model);
}

std::vector<std::vector<Look>> random_looks(std::size_t n, std::size_t n_looks, std::size_t n_classes) {
  Random random(1);
  std::vector<std::vector<Look>> inputs(n);
  for (auto& looks : inputs) {
    for (std::size_t m = 0; m < n_looks; ++m) {
      std::vector<float> p(n_classes);
      for (float& x : p) x = static_cast<float>(std::pow(random.uniform(), 12));
      Look& look = looks.emplace_back();
      look.model = static_cast<ModelIndex>(m);
      look.output = TopK::from_probabilities(p);
    }
  }
  return inputs;
}

}  // namespace triage::bench
