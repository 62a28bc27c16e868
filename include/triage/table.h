// A profile in memory: n inputs x m models, what each model said and what it cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "triage/features.h"
#include "triage/types.h"

namespace triage {

struct TableModel {
  std::string name;
  std::string fingerprint;  // ModelSpec::fingerprint(); empty for foreign tables
  std::string recipe;       // recipe_key(): models with equal keys share one preprocessing an input
};

// Row-major arrays; `n` inputs, `m` models, `d` features, `r` recipes, `g` feature nodes. Only inputs on
// which every model succeeded are rows; `n_failed` counts the others.
struct Table {
  std::vector<TableModel> models;  // (m)
  std::vector<std::string> ids;    // (n)
  std::vector<Label> labels;       // (n)
  std::int32_t n_classes = 0;
  std::vector<std::string> label_names;  // (n_classes) or empty
  std::size_t n_failed = 0;

  std::vector<std::int32_t> ranks;      // (n, m) 1-based rank of the label; 0 where unknown
  std::vector<TopK> outputs;            // (n, m)
  std::vector<float> infer_ms;          // (n, m)
  std::vector<std::int32_t> recipe_of;  // (m) index into the recipe axis
  std::vector<float> preprocess_ms;     // (n, r)
  FeatureSchema schema;
  std::vector<float> features;   // (n, d)
  std::vector<float> node_ms;    // (n, g), g = feature_nodes().size()
  std::vector<float> decode_ms;  // (n)
  std::string machine;           // one line: CPU, cores, system

  [[nodiscard]] std::size_t n_inputs() const { return ids.size(); }
  [[nodiscard]] std::size_t n_models() const { return models.size(); }
  [[nodiscard]] std::size_t n_recipes() const { return ids.empty() ? 0 : preprocess_ms.size() / ids.size(); }
  [[nodiscard]] std::size_t at(std::size_t input, ModelIndex model) const {
    return input * models.size() + static_cast<std::size_t>(model);
  }
  [[nodiscard]] double score(std::size_t input, ModelIndex model, Criterion criterion) const {
    return score_of_rank(ranks[at(input, model)], criterion);
  }
  [[nodiscard]] double preprocess(std::size_t input, ModelIndex model) const {
    return preprocess_ms[input * n_recipes() +
                         static_cast<std::size_t>(recipe_of[static_cast<std::size_t>(model)])];
  }
  // Preprocessing and inference of one model alone on one input.
  [[nodiscard]] double cost_ms(std::size_t input, ModelIndex model) const {
    return preprocess(input, model) + static_cast<double>(infer_ms[at(input, model)]);
  }
  [[nodiscard]] std::span<const float> feature_row(std::size_t input) const {
    return {features.data() + input * schema.size(), schema.size()};
  }
  // Position by name, or kNoModel.
  [[nodiscard]] ModelIndex find(std::string_view name) const;
};

// Throws kProfile when the arrays' sizes or values do not fit together, naming the array. Every consumer may
// rely on it.
void check_table(const Table& table);

// Rows of a table: what training and evaluation are given.
using Rows = std::span<const std::uint32_t>;

// Mean cost_ms per model over the rows, shape (m). NaN for no rows.
[[nodiscard]] std::vector<double> mean_costs(const Table& table, Rows rows);
// Mean score per model over the rows, shape (m). NaN for no rows.
[[nodiscard]] std::vector<double> mean_scores(const Table& table, Rows rows, Criterion criterion);

// The optimum among `candidates` on one input: right, and cheapest by `costs`, shape (m) (ties: the lower
// index); kNoModel when none is right (paper, footnote 2).
[[nodiscard]] ModelIndex optimum(const Table& table, std::size_t input,
                                 std::span<const ModelIndex> candidates, std::span<const double> costs,
                                 Criterion criterion);
// The best mean score (ties: cheaper, then the lower index). SBS when over a training fold.
[[nodiscard]] ModelIndex single_best(std::span<const double> scores, std::span<const double> costs);
// Every model but the selectors, 0 .. m-1.
[[nodiscard]] std::vector<ModelIndex> all_models(const Table& table);

// Fold of each input for k-fold cross-validation, shape (n), values 0 .. k-1, sizes differing by at most one:
// inputs are ordered by a hash of (seed, id) and dealt out, so that the folds depend on neither row order nor
// platform. Throws kUsage for k < 2 or more folds than inputs.
[[nodiscard]] std::vector<std::int32_t> make_folds(const Table& table, int k, std::uint64_t seed);

// A fingerprint of a set of inputs by their ids, whatever their order: 16 hex digits. Policies record it of
// their training inputs (key `inputs_hash` of PolicyInfo::training), so that judging them on these warns.
[[nodiscard]] std::string inputs_hash(const Table& table, Rows rows);

}  // namespace triage
