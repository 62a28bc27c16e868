#include "policy/feature_map.h"

#include <algorithm>

#include "policy/checks.h"

namespace triage {
namespace {

void check_positions(const std::vector<std::uint32_t>& positions, std::uint32_t n, std::string_view field) {
  for (const std::uint32_t position : positions) {
    if (position >= n) fail_field(field, position, fmt::format("positions of {} features, from 0", n));
  }
}

void check_edges(std::span<const float> edges, std::string_view field) {
  if (edges.empty() || edges.size() >= kMaxBins) {
    fail_field(fmt::format("{}.edges", field), fmt::format("{} for a column", edges.size()),
               fmt::format("1 to {}", kMaxBins - 1));
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (!std::isfinite(edges[i]) || (i > 0 && edges[i] <= edges[i - 1])) {
      fail_field(fmt::format("{}.edges", field), edges[i], "finite numbers that rise within a column");
    }
  }
}

}  // namespace

std::uint8_t bin_code(std::span<const float> edges, float value) {
  if (edges.empty()) return 0;
  std::size_t below = 0;
  // Without branches, which would be mispredicted half of the time.
  for (std::size_t n = edges.size(); n > 1;) {
    const std::size_t half = n / 2;
    below += edges[below + half - 1] < value ? half : 0;
    n -= half;
  }
  return static_cast<std::uint8_t>(below + (edges[below] < value ? 1 : 0));
}

void encode_features(const FeatureMap& map, std::span<const float> row, std::uint8_t* codes,
                     std::size_t step) {
  const std::size_t k = map.column.size();
  for (std::size_t i = 0; i < k; ++i) {
    const float value = row[map.column[i]];
    const std::size_t begin = map.edges_begin[i], end = map.edges_begin[i + 1];
    codes[i * step] =
        is_missing(value) ? map.missing_code[i] : bin_code({&map.edges[begin], end - begin}, value);
  }
  for (std::size_t i = 0; i < map.indicator.size(); ++i) {
    codes[(k + i) * step] = is_missing(row[map.indicator[i]]) ? 1 : 0;
  }
}

void check_feature_map(const FeatureMap& map, std::string_view field) {
  const std::size_t k = map.column.size();
  if (map.n_codes() > kMaxCodeColumns) {
    fail_field(field, fmt::format("{} columns", map.n_codes()), fmt::format("at most {}", kMaxCodeColumns));
  }
  check_positions(map.column, map.n_features, fmt::format("{}.column", field));
  check_positions(map.indicator, map.n_features, fmt::format("{}.indicator", field));
  if (map.edges_begin.size() != k + 1 || map.missing_code.size() != k) {
    fail_field(
        field,
        fmt::format("{} beginnings of edges and {} codes", map.edges_begin.size(), map.missing_code.size()),
        fmt::format("{} and {}, for {} columns", k + 1, k, k));
  }
  const auto& begin = map.edges_begin;
  if (begin.front() != 0 || begin.back() != map.edges.size() || !std::is_sorted(begin.begin(), begin.end())) {
    fail_field(fmt::format("{}.edges_begin", field), fmt::format("{} to {}", begin.front(), begin.back()),
               fmt::format("rising positions from 0 to {}", map.edges.size()));
  }
  for (std::size_t i = 0; i < k; ++i) {
    const std::size_t n = begin[i + 1] - begin[i];
    check_edges({map.edges.data() + begin[i], n}, field);
    if (map.missing_code[i] > n) {
      fail_field(fmt::format("{}.missing_code", field), static_cast<int>(map.missing_code[i]),
                 fmt::format("a code from 0 to {}", n));
    }
  }
}

}  // namespace triage
