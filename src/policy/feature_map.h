// How a row of features becomes what trees see: one byte a column (the code of its bin), learned in training
// (learn/forest/learn_feature_map.h). A comparison of a value with an edge and one of their codes come out
// the same. NaN and infinities are missing: the value takes the code of the column's median, and indicators
// tell which sets of columns are missing together.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace triage {

inline constexpr std::size_t kMaxBins = 255;           // of a column; codes are 0 .. kMaxBins - 1
inline constexpr std::size_t kMaxCodeColumns = 65535;  // a node's column has 16 bits

// d features become (k) columns of values, then (q) indicators, which are 1 where `indicator` is missing.
struct FeatureMap {
  std::uint32_t n_features = 0;       // d
  std::vector<std::uint32_t> column;  // (k) positions among the d; those constant in training are not there
  std::vector<std::uint32_t> edges_begin;  // (k + 1) where the edges of each column begin
  std::vector<float> edges;                // rising within a column, at most kMaxBins - 1 for each
  std::vector<std::uint8_t> missing_code;  // (k)
  std::vector<std::uint32_t> indicator;    // (q) positions among the d

  [[nodiscard]] std::size_t n_codes() const { return column.size() + indicator.size(); }
};

[[nodiscard]] inline bool is_missing(float value) { return !std::isfinite(value); }

// How many of the rising `edges` are below the value: it is at most edges[i] just when its code is at most i.
[[nodiscard]] std::uint8_t bin_code(std::span<const float> edges, float value);

// `row` has shape (d); writes k + q codes, each `step` bytes behind the one before.
void encode_features(const FeatureMap& map, std::span<const float> row, std::uint8_t* codes,
                     std::size_t step = 1);

// Throws kPolicy, naming `field`, unless the arrays fit together.
void check_feature_map(const FeatureMap& map, std::string_view field);

}  // namespace triage
