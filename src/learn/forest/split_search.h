// The search for the best split of a node of a multi-output regression tree, over rows that lie together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace triage {

enum class SplitRule {
  // The largest between-group sum of squares, summed over models; all thresholds.
  kVariance,
  // The least cost, when on each side the model that is best there is taken; less than before. All
  // thresholds.
  kBestSingle,
  // As kVariance, of one threshold a column, drawn uniformly from those that split it.
  kRandomVariance,
};

// A row for the search, as `lanes` floats: its weight, then weight * target of each of m models (0 where
// absent), padding. Where targets may be absent, as many floats follow: 0, then the weight of each model that
// is there, 0 for others.
struct LaneShape {
  std::size_t m = 0;
  bool sparse = false;      // whether targets may be absent
  std::size_t vectors = 0;  // of four floats: 1 + m, padded to a size that code was compiled for
  [[nodiscard]] std::size_t lanes() const { return vectors * (sparse ? 8 : 4); }
};
[[nodiscard]] LaneShape lane_shape(std::size_t m, bool sparse);

// (n) rows of a node. Codes have a stride; columns and thresholds are theirs.
struct NodeRows {
  const std::uint8_t* codes = nullptr;  // (n, stride)
  std::size_t stride = 0;
  const float* lanes = nullptr;  // (n, lanes)
  std::size_t n = 0;
};

// A column to try. `threshold` is only for kRandomVariance.
struct SplitCandidate {
  std::uint32_t column = 0;
  std::uint8_t threshold = 0;
};

struct TreeSplit {
  std::uint32_t column = 0;
  std::uint8_t threshold = 0;  // codes up to this go left
  float quality = 0;           // larger is better
  bool found = false;
};

// Not for concurrent use: it keeps what it counts in.
class SplitSearch {
 public:
  virtual ~SplitSearch() = default;
  // The best of all candidates that leave on each side rows of at least `min_weight`, and at least one; of
  // equally good ones the earlier column, then the lower threshold. Of thresholds that split the rows alike
  // the middle one.
  [[nodiscard]] virtual TreeSplit best(const NodeRows& rows, std::span<const SplitCandidate> candidates,
                                       float min_weight) = 0;
};
[[nodiscard]] std::unique_ptr<SplitSearch> make_split_search(SplitRule rule, const LaneShape& shape);

}  // namespace triage
