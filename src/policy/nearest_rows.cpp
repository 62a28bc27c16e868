#include "policy/nearest_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "policy/checks.h"
#include "policy/feature_map.h"

namespace triage {
namespace {

constexpr float kFarthest = 1e15F;  // deviations; squares of it can be summed

// Stops early where a row is farther than `limit`.
double squared_distance(const float* a, const float* b, std::size_t c, double limit) {
  constexpr std::size_t kPart = 16;
  double sum = 0;
  for (std::size_t first = 0; first < c && sum <= limit; first += kPart) {
    for (std::size_t i = first; i < std::min(c, first + kPart); ++i) {
      const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
      sum += difference * difference;
    }
  }
  return sum;
}

void expect_finite(std::span<const float> values, std::string_view field, bool may_miss) {
  for (const float value : values) {
    if (std::isfinite(value) || (may_miss && std::isnan(value))) continue;
    fail_field(field, value,
               may_miss ? "finite numbers, or NaN where a model was not run" : "finite numbers");
  }
}

void check_columns(const NearestRows& nearest, std::string_view field) {
  const std::size_t c = nearest.column.size();
  for (const std::uint32_t column : nearest.column) {
    if (column >= nearest.n_features) {
      fail_field(fmt::format("{}.column", field), column,
                 fmt::format("positions of {} features, from 0", nearest.n_features));
    }
  }
  if (nearest.median.size() != c || nearest.mean.size() != c || nearest.scale.size() != c) {
    fail_field(field,
               fmt::format("{} medians, {} means and {} scales", nearest.median.size(), nearest.mean.size(),
                           nearest.scale.size()),
               fmt::format("{} of each, one a column", c));
  }
  expect_finite(nearest.median, fmt::format("{}.median", field), false);
  expect_finite(nearest.mean, fmt::format("{}.mean", field), false);
  expect_finite(nearest.scale, fmt::format("{}.scale", field), false);
  for (const float scale : nearest.scale) {
    if (!(scale > 0)) fail_field(fmt::format("{}.scale", field), scale, "numbers above 0");
  }
}

}  // namespace

NearestSearch::NearestSearch(std::span<const float> rows, std::size_t c) : rows_(rows), c_(c) {
  if (c > 0 && c <= kMaxDimensions) index_.emplace(rows, c);
}

std::size_t NearestSearch::search(std::span<const float> query, std::span<Neighbour> nearest) const {
  if (index_) return index_->search(query, nearest);
  if (nearest.empty() || c_ == 0) return 0;
  std::size_t size = 0;
  const auto nearer = [](const Neighbour& a, const Neighbour& b) {
    return a.squared_distance < b.squared_distance;  // an earlier row stays in front
  };
  for (std::size_t row = 0; row < rows_.size() / c_; ++row) {
    const bool full = size == nearest.size();
    const double limit = full ? nearest.back().squared_distance : std::numeric_limits<double>::infinity();
    const Neighbour added{static_cast<std::uint32_t>(row),
                          squared_distance(query.data(), &rows_[row * c_], c_, limit)};
    if (full && !nearer(added, nearest.back())) continue;
    std::size_t i = full ? size - 1 : size++;
    for (; i > 0 && nearer(added, nearest[i - 1]); --i) nearest[i] = nearest[i - 1];
    nearest[i] = added;
  }
  return size;
}

void standardise_row(const NearestRows& nearest, std::span<const float> row, std::span<float> query) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    const float value = row[nearest.column[i]];
    query[i] = ((is_missing(value) ? nearest.median[i] : value) - nearest.mean[i]) * nearest.scale[i];
    query[i] = std::clamp(query[i], -kFarthest, kFarthest);
  }
}

void average_neighbours(std::span<const Neighbour> found, std::span<const float> values,
                        std::span<const float> mean, std::span<float> out) {
  const std::size_t m = mean.size();
  for (std::size_t j = 0; j < m; ++j) {
    double sum = kMeanAsNeighbour * static_cast<double>(mean[j]), weight = kMeanAsNeighbour;
    for (const Neighbour& neighbour : found) {
      const float value = values[neighbour.row * m + j];
      if (std::isnan(value)) continue;
      sum += static_cast<double>(value);
      weight += 1;
    }
    out[j] = static_cast<float>(sum / weight);
  }
}

void predict_by_neighbours(const NearestRows& nearest, const NearestSearch& search,
                           std::span<const float> features, NearestBuffers& buffers,
                           const ForestOutput& output) {
  const std::size_t d = nearest.n_features, m = nearest.n_models, n = output.loss.size() / m;
  TRIAGE_CHECK(features.size() == n * d && output.score.size() == n * m &&
               (!nearest.has_costs() || output.cost.size() == n * m));
  buffers.query.resize(nearest.column.size());
  buffers.found.resize(nearest.k);
  for (std::size_t i = 0; i < n; ++i) {
    standardise_row(nearest, features.subspan(i * d, d), buffers.query);
    const std::span found(buffers.found.data(), search.search(buffers.query, buffers.found));
    average_neighbours(found, nearest.losses, nearest.mean_loss, output.loss.subspan(i * m, m));
    if (!nearest.has_costs()) continue;
    average_neighbours(found, nearest.costs, nearest.mean_cost, output.cost.subspan(i * m, m));
  }
  std::copy(output.loss.begin(), output.loss.end(), output.score.begin());
}

void check_nearest_rows(const NearestRows& nearest, std::string_view field) {
  const std::size_t m = nearest.n_models, c = nearest.column.size();
  if (m == 0 || m > kMaxForestModels) {
    fail_field(fmt::format("{}.n_models", field), m, fmt::format("1 to {}", kMaxForestModels));
  }
  if (nearest.k == 0 || nearest.k > kMaxNeighbours) {
    fail_field(fmt::format("{}.k", field), nearest.k, fmt::format("1 to {}", kMaxNeighbours));
  }
  check_columns(nearest, field);
  const std::size_t n = nearest.losses.size() / m;
  if (n == 0 || nearest.losses.size() != n * m || nearest.rows.size() != n * c) {
    fail_field(field, fmt::format("{} losses and {} numbers", nearest.losses.size(), nearest.rows.size()),
               fmt::format("{} losses and {} numbers for each of some rows", m, c));
  }
  const std::size_t costs = nearest.has_costs() ? n * m : 0, means = nearest.has_costs() ? m : 0;
  if (nearest.costs.size() != costs || nearest.mean_loss.size() != m || nearest.mean_cost.size() != means) {
    fail_field(field,
               fmt::format("{} costs, {} mean losses and {} mean costs", nearest.costs.size(),
                           nearest.mean_loss.size(), nearest.mean_cost.size()),
               fmt::format("{}, {} and {}, or no costs", n * m, m, m));
  }
  expect_finite(nearest.rows, fmt::format("{}.rows", field), false);
  expect_finite(nearest.losses, fmt::format("{}.losses", field), true);
  expect_finite(nearest.costs, fmt::format("{}.costs", field), true);
  expect_finite(nearest.mean_loss, fmt::format("{}.mean_loss", field), false);
  expect_finite(nearest.mean_cost, fmt::format("{}.mean_cost", field), false);
}

}  // namespace triage
