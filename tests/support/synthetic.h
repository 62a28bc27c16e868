// A made-up table that looks like a zoo of real networks on easy and hard inputs: models that differ in skill
// and cost, agree on what is hard, and know roughly when they are right.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"
#include "triage/tools/features.h"
#include "triage/tools/table.h"

namespace triage::testing {

struct SyntheticModel {
  std::string name;
  double ms = 0;
  double skill = 0;  // log-odds of being right on an input of middling difficulty
};

inline std::vector<SyntheticModel> synthetic_zoo() {
  return {{"linear", 0.005, 1.5},   {"mlp", 0.012, 2.1},      {"cnn-tiny", 0.014, 2.4},
          {"cnn-small", 0.03, 2.9}, {"separable", 0.05, 3.0}, {"cnn-wide", 0.11, 3.6},
          {"resnet-8", 0.2, 3.9},   {"resnet-14", 0.45, 4.3}, {"resnet-20", 0.9, 4.5}};
}

inline std::vector<SyntheticModel> three_models() {
  const auto zoo = synthetic_zoo();
  return {zoo[0], zoo[3], zoo[7]};
}

namespace detail {

inline double normal(Random& random) {
  const double u = std::max(random.uniform(), 1e-12);
  return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * random.uniform());
}

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

inline TopK output_for(std::int32_t cls, double confidence, std::int32_t n_classes) {
  std::vector<float> p(static_cast<std::size_t>(n_classes),
                       static_cast<float>((1 - confidence) / (n_classes - 1)));
  p[static_cast<std::size_t>(cls)] = static_cast<float>(confidence);
  return TopK::from_probabilities(p);
}

}  // namespace detail

// n inputs in 10 classes; two recipes, the features of the paper, of which the first hints at difficulty by
// `hint` standard deviations.
inline Table synthetic_table(std::size_t n, const std::vector<SyntheticModel>& zoo, std::uint64_t seed,
                             double hint = 0.3) {
  using namespace detail;
  constexpr std::int32_t kClasses = 10;
  Random random(seed);
  Table table;
  table.n_classes = kClasses;
  table.machine = "synthetic, 2 cores";
  table.schema = make_schema(paper_features());
  for (std::size_t m = 0; m < zoo.size(); ++m) {
    table.models.push_back({{zoo[m].name, "fp-" + zoo[m].name}, m < 2 ? "flat" : "square"});
    table.recipe_of.push_back(m < 2 ? 0 : 1);
  }
  for (std::size_t i = 0; i < n; ++i) {
    table.ids.push_back("synthetic/" + std::to_string(i));
    table.labels.push_back(static_cast<Label>(random.below(kClasses)));
    const Label label = table.labels.back(), wrong = (label + 1) % kClasses;
    const double difficulty = 2.2 * normal(random);
    for (const SyntheticModel& model : zoo) {
      const double odds = model.skill - difficulty;
      const bool right = random.uniform() < logistic(2 * odds);
      const double sure = logistic((right ? 1 : 0.15) * std::abs(odds) + 0.5 * normal(random));
      table.ranks.push_back(right ? 1 : static_cast<std::int32_t>(2 + random.below(5)));
      table.outputs.push_back(output_for(right ? label : wrong, std::clamp(sure, 0.12, 0.999), kClasses));
      table.infer_ms.push_back(static_cast<float>(model.ms * (0.95 + 0.1 * random.uniform())));
    }
    for (int r = 0; r < 2; ++r)
      table.preprocess_ms.push_back(0.001F * static_cast<float>(1 + random.uniform()));
    for (std::size_t f = 0; f < table.schema.size(); ++f) {
      table.features.push_back(static_cast<float>(normal(random) + (f == 0 ? hint * difficulty : 0)));
    }
    for (std::size_t g = 0; g < feature_nodes().size(); ++g) table.node_ms.push_back(0.002F);
    table.decode_ms.push_back(0);
  }
  return table;
}

}  // namespace triage::testing
