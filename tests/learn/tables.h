// Tables for the tests of training: by hand and random.
#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "triage/tools/rows.h"
#include "triage/types.h"

namespace triage::testing {

// A table from each input's ranks, shape (n, m), and each model's milliseconds; every model has a recipe of
// its own that takes no time. Outputs are empty.
inline Table table_of(const std::vector<std::string>& models, const std::vector<float>& infer_ms,
                      const std::vector<std::vector<std::int32_t>>& ranks) {
  Table table;
  table.n_classes = 10;
  table.machine = "a test machine, 2 cores";
  const std::size_t n = ranks.size(), m = models.size();
  for (std::size_t i = 0; i < m; ++i) {
    table.models.push_back({{models[i], "fingerprint-" + models[i]}, "recipe-" + models[i]});
    table.recipe_of.push_back(static_cast<std::int32_t>(i));
  }
  for (std::size_t i = 0; i < n; ++i) {
    table.ids.push_back("input" + std::to_string(i));
    table.ranks.insert(table.ranks.end(), ranks[i].begin(), ranks[i].end());
    table.infer_ms.insert(table.infer_ms.end(), infer_ms.begin(), infer_ms.end());
  }
  table.labels.assign(n, 0);
  table.decode_ms.assign(n, 0);
  table.outputs.resize(n * m);
  table.preprocess_ms.assign(n * m, 0);
  return table;
}

// Adds a feature column; values of shape (n).
inline void add_feature(Table& table, const std::string& name, const std::vector<float>& values) {
  const std::size_t d = table.schema.size();
  std::vector<float> features;
  for (std::size_t i = 0; i < values.size(); ++i) {
    features.insert(features.end(), table.features.begin() + static_cast<std::ptrdiff_t>(i * d),
                    table.features.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
    features.push_back(values[i]);
  }
  table.features = std::move(features);
  table.schema.features.push_back({name, 1});
}

// What a model says that puts `confidence` on class `cls` of ten.
inline TopK output_of(std::int32_t cls, float confidence) {
  std::vector<float> probabilities(10, (1 - confidence) / 9);
  probabilities[static_cast<std::size_t>(cls)] = confidence;
  return TopK::from_probabilities(probabilities);
}

// Random ranks, outputs and times; dearer models are right more often, confident ones too. Models 0 and 2,
// 1 and 3, ... share a recipe. Confidences lie on a grid, so that there are ties.
inline Table random_table(std::size_t n, std::size_t m, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < m; ++i) names.push_back("model" + std::to_string(i));
  Table table = table_of(names, std::vector<float>(m, 0), std::vector(n, std::vector<std::int32_t>(m, 1)));
  for (std::size_t i = 0; i < m; ++i) table.recipe_of[i] = static_cast<std::int32_t>(i % 2);
  table.preprocess_ms.assign(n * 2, 0);
  for (float& ms : table.preprocess_ms) ms = static_cast<float>(0.1 + 0.1 * random.uniform());
  for (std::size_t i = 0; i < n; ++i) {
    table.labels[i] = static_cast<Label>(random.below(10));
    for (std::size_t j = 0; j < m; ++j) {
      const double confidence = 0.2 + 0.05 * static_cast<double>(random.below(16));
      const bool right =
          random.uniform() < 0.25 + 0.5 * confidence + 0.25 * static_cast<double>(j) / static_cast<double>(m);
      const auto cls = right ? table.labels[i] : (table.labels[i] + 1) % 10;
      table.ranks[i * m + j] = right ? 1 : static_cast<std::int32_t>(2 + random.below(8));
      table.outputs[i * m + j] = output_of(cls, static_cast<float>(confidence));
      table.infer_ms[i * m + j] =
          static_cast<float>((0.1 + static_cast<double>(j)) * (0.9 + 0.2 * random.uniform()));
    }
  }
  return table;
}

}  // namespace triage::testing
