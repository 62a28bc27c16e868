// What training of a ladder needs of some rows of a table, for models in an order.
#pragma once

#include <span>
#include <vector>

#include "policy/ladder_policy.h"
#include "triage/tools/rows.h"

namespace triage {

// n rows, d features, k models; row-major.
struct LadderRows {
  LadderShape shape;
  std::size_t k = 0;
  std::vector<float> features;                       // (n, d) missing ones are the usual
  std::vector<LadderLooks> looks;                    // (n) all k
  std::vector<double> scores;                        // (n, k)
  std::vector<double> costs;                         // (n, k)
  std::vector<float> usual_features, usual_signals;  // (d), (k): means of what is not missing

  [[nodiscard]] std::size_t n() const { return looks.size(); }
  [[nodiscard]] std::span<const float> row(std::size_t i) const {
    return std::span(features).subspan(i * shape.n_features, shape.n_features);
  }
};

// Without features. Whether looks on these rows may be compared: every model has outputs. Whether they say
// how sure they are: some signal or output does, and not always the same.
[[nodiscard]] LadderShape ladder_shape(const Table& table, Rows rows);

// `features` has shape (n, shape.n_features).
[[nodiscard]] LadderRows gather_ladder(const Table& table, Rows rows, std::span<const ModelIndex> order,
                                       const LadderShape& shape, std::vector<float> features,
                                       Criterion criterion, const CostWeights& cost);
// Some of the rows; usual values stay those of all.
[[nodiscard]] LadderRows select_ladder(const LadderRows& all, std::span<const std::uint32_t> which);

}  // namespace triage
