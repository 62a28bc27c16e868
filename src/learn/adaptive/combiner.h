// Fitting the weights with which looks are combined (policy/combine.h), and what the combination says of each
// row.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/combine.h"
#include "triage/tools/rows.h"

namespace triage {

// The pooled classes of l models on n rows of a table, one row after the other.
struct PooledRows {
  std::size_t n_looks = 0;             // l
  std::vector<std::uint32_t> begin;    // (n + 1) where each row's classes start
  std::vector<std::int32_t> classes;   // (begin[n])
  std::vector<float> log_p;            // (begin[n], l)
  std::vector<std::int32_t> label_at;  // (n) the label among the row's classes, -1 when it is not there

  [[nodiscard]] std::size_t n() const { return label_at.size(); }
  [[nodiscard]] Posterior posterior(std::size_t i, std::span<const double> weights) const {
    const std::size_t from = begin[i], n_classes = begin[i + 1] - from;
    return combine({classes.data() + from, n_classes}, {log_p.data() + from * n_looks, n_classes * n_looks},
                   weights);
  }
};
// `models` has 1 to kMaxPooledLooks entries, all with outputs.
[[nodiscard]] PooledRows pool_rows(const Table& table, Rows rows, std::span<const ModelIndex> models);

// Weights (l) that minimise the sum over `which` (positions in `rows`) of -log posterior(label), plus
// |w - 1/l|^2: convex, by Newton's method. Rows whose label is not pooled say nothing about weights and are
// left out.
[[nodiscard]] std::vector<double> fit_weights(const PooledRows& rows, std::span<const std::uint32_t> which);

// Weights (l + 1, n_classes) for each look and class, and a bias for each class, that minimise the sum over
// `which`, n rows, of -log posterior(label) plus 300,000 / n times their squared distance from `weights` (l),
// the same for every class, and biases of 0: convex, by Newton's method from there. So few rows leave them
// where they are. At most kMaxOwnClasses classes.
[[nodiscard]] std::vector<double> fit_own_weights(const PooledRows& rows,
                                                  std::span<const std::uint32_t> which, std::size_t n_classes,
                                                  std::span<const double> weights);

}  // namespace triage
