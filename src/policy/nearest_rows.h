// What neighbours say: the predictor of a forests policy that keeps training rows instead of trees. Plain
// arrays; fitted by learn/forest/fit_nearest_rows.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/forests.h"
#include "policy/knn.h"

namespace triage {

// n rows, m models, c columns of the d features.
struct NearestRows {
  std::uint32_t n_models = 0;         // m
  std::uint32_t n_features = 0;       // d
  std::uint32_t k = 1;                // neighbours, 1 to kMaxNeighbours
  std::vector<std::uint32_t> column;  // (c) positions among the d; those constant in training are not there
  std::vector<float> median;          // (c) which stands for what is missing
  std::vector<float> mean;            // (c) value -> (value - mean) * scale
  std::vector<float> scale;           // (c) above 0
  std::vector<float> rows;            // (n, c) standardised
  std::vector<float> losses;          // (n, m) in the unit of training, 0 the best; NaN where not run
  std::vector<float> costs;           // (n, m) likewise; empty: none are predicted
  std::vector<float> mean_loss;       // (m) over all rows
  std::vector<float> mean_cost;       // (m) or empty

  [[nodiscard]] bool has_costs() const { return !costs.empty(); }
};

// The mean over all rows counts as a thousandth of a neighbour: it decides where neighbours are even, and
// alone where no neighbour knows a model.
inline constexpr double kMeanAsNeighbour = 1e-3;

// Kept from call to call, so that none after the first allocates.
struct NearestBuffers {
  std::vector<float> query;
  std::vector<Neighbour> found;
};

// Finds neighbours among some of the rows. Immutable; const methods are safe concurrently.
class NearestSearch {
 public:
  // `rows` has shape (n, c) and must outlive the search.
  NearestSearch(std::span<const float> rows, std::size_t c);
  // As KnnIndex::search, for any c: above kMaxDimensions, and for none, by comparing with every row, which
  // a tree does in so many dimensions too.
  std::size_t search(std::span<const float> query, std::span<Neighbour> nearest) const;

 private:
  std::span<const float> rows_;
  std::size_t c_;
  std::optional<KnnIndex> index_;
};

// `row` has shape (d), NaN or infinite where missing; fills `query` (c).
void standardise_row(const NearestRows& nearest, std::span<const float> row, std::span<float> query);

// Of m models the mean over neighbours, which are rows of `values` (n, m), with `mean` (m) beside them.
void average_neighbours(std::span<const Neighbour> found, std::span<const float> values,
                        std::span<const float> mean, std::span<float> out);

// `features` has shape (n, d); score is the expected loss. Otherwise as predict_rows of forests.
void predict_by_neighbours(const NearestRows& nearest, const NearestSearch& search,
                           std::span<const float> features, NearestBuffers& buffers,
                           const ForestOutput& output);

// Throws kPolicy, naming `field`, unless all parts fit together.
void check_nearest_rows(const NearestRows& nearest, std::string_view field);

}  // namespace triage
