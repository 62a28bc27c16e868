#include "learn/forest/learn_feature_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "base/parallel.h"
#include "triage/error.h"

namespace triage {
namespace {

struct LearnedColumn {
  std::vector<float> edges;  // none: dropped
  std::uint8_t missing_code = 0;
  std::size_t n_missing = 0;
  std::uint64_t pattern = 0;  // hash of the rows where it is missing
};

// Halfway, rounded down so that the higher value stays above.
float halfway(float low, float high) {
  const auto middle = static_cast<float>((static_cast<double>(low) + static_cast<double>(high)) / 2);
  return middle < high ? std::max(middle, low) : low;
}

// Fills one bin after the other with at least its share of the rows that are left.
std::vector<float> edges_of(std::span<const float> sorted) {
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) distinct += sorted[i] > sorted[i - 1] ? 1 : 0;
  std::vector<float> edges;
  for (std::size_t i = 1, begin = 0; i < sorted.size() && edges.size() + 1 < kMaxBins; ++i) {
    if (sorted[i] == sorted[i - 1]) continue;
    const std::size_t bins_left = kMaxBins - edges.size();
    if (distinct > kMaxBins && (i - begin) * bins_left < sorted.size() - begin) continue;
    edges.push_back(halfway(sorted[i - 1], sorted[i]));
    begin = i;
  }
  return edges;
}

LearnedColumn learn_column(std::span<const float> features, std::size_t d, std::size_t column) {
  LearnedColumn learned;
  const std::size_t n = features.size() / d;
  std::vector<float> sorted;
  sorted.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const float value = features[i * d + column];
    if (!is_missing(value)) {
      sorted.push_back(value);
      continue;
    }
    ++learned.n_missing;
    learned.pattern = mix64(learned.pattern ^ i);
  }
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty() || sorted.front() == sorted.back()) return learned;
  learned.edges = edges_of(sorted);
  const std::size_t half = sorted.size() / 2;
  const float median = sorted.size() % 2 == 1 ? sorted[half] : halfway(sorted[half - 1], sorted[half]);
  learned.missing_code = bin_code(learned.edges, median);
  return learned;
}

bool miss_together(std::span<const float> features, std::size_t d, std::size_t a, std::size_t b) {
  for (std::size_t i = 0; i < features.size(); i += d) {
    if (is_missing(features[i + a]) != is_missing(features[i + b])) return false;
  }
  return true;
}

// One column for each set of rows where one is missing; rows without exception tell nothing.
std::vector<std::uint32_t> indicators(std::span<const float> features,
                                      std::span<const LearnedColumn> columns) {
  const std::size_t d = columns.size(), n = features.size() / d;
  std::vector<std::uint32_t> found;
  for (std::uint32_t j = 0; j < d; ++j) {
    if (columns[j].n_missing == 0 || columns[j].n_missing == n) continue;
    const bool known = std::any_of(found.begin(), found.end(), [&](std::uint32_t other) {
      return columns[j].pattern == columns[other].pattern && miss_together(features, d, j, other);
    });
    if (!known) found.push_back(j);
  }
  return found;
}

}  // namespace

FeatureMap learn_feature_map(std::span<const float> features, std::size_t d, unsigned threads) {
  FeatureMap map;
  map.n_features = static_cast<std::uint32_t>(d);
  std::vector<LearnedColumn> columns(d);
  for_each_parallel(d, threads,
                    [&] { return [&](std::size_t j) { columns[j] = learn_column(features, d, j); }; });
  map.edges_begin.push_back(0);
  for (std::uint32_t j = 0; j < d; ++j) {
    if (columns[j].edges.empty()) continue;
    map.column.push_back(j);
    map.edges.insert(map.edges.end(), columns[j].edges.begin(), columns[j].edges.end());
    map.edges_begin.push_back(static_cast<std::uint32_t>(map.edges.size()));
    map.missing_code.push_back(columns[j].missing_code);
  }
  map.indicator = indicators(features, columns);
  if (map.n_codes() > kMaxCodeColumns) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("features: {} columns that vary, counting one for each set of rows with missing values, "
                    "expected at most {}; leave some out",
                    map.n_codes(), kMaxCodeColumns));
  }
  return map;
}

std::vector<std::uint8_t> encode_rows(const FeatureMap& map, std::span<const float> features,
                                      unsigned threads) {
  constexpr std::size_t kPart = 4096;
  const std::size_t d = map.n_features, n = features.size() / d,
                    stride = std::max<std::size_t>(1, map.n_codes());
  std::vector<std::uint8_t> codes(n * stride);
  for_each_parallel((n + kPart - 1) / kPart, threads, [&] {
    return [&](std::size_t part) {
      for (std::size_t i = part * kPart; i < std::min(n, (part + 1) * kPart); ++i) {
        encode_features(map, features.subspan(i * d, d), &codes[i * stride]);
      }
    };
  });
  return codes;
}

}  // namespace triage
