#include "policy/block_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/check.h"
#include "base/parallel.h"

namespace triage {
namespace {

// A value and its row, so that they are ordered as integers: by the value, then the row.
std::uint64_t sort_key(float value, std::uint32_t row) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t ordered = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  return std::uint64_t{ordered} << 32 | row;
}

// The feature whose values vary most, by some of the rows: which it is matters for speed alone.
std::size_t widest_feature(std::span<const float> rows, std::size_t d, std::span<const std::uint32_t> part) {
  constexpr std::size_t kSample = 64;
  const std::size_t step = std::max<std::size_t>(1, part.size() / kSample);
  std::size_t best = 0;
  double most = -1;
  for (std::size_t f = 0; f < d; ++f) {
    double sum = 0, squares = 0, count = 0;
    for (std::size_t i = 0; i < part.size(); i += step) {
      const auto value = static_cast<double>(rows[part[i] * d + f]);
      sum += value;
      squares += value * value;
      ++count;
    }
    const double spread = squares - sum * sum / count;
    if (spread > most) most = spread, best = f;
  }
  return best;
}

// How many of the blocks go to the left, so that all nodes but the last of each level are full.
std::size_t left_blocks(std::size_t n_blocks) {
  std::size_t unit = 1;
  while (unit * kBoxChildren < n_blocks) unit *= kBoxChildren;
  return ((n_blocks + unit - 1) / unit + 1) / 2 * unit;
}

// As std::nth_element, without a branch for each key, which nobody could foresee: half the time.
void select_key(std::span<std::uint64_t> keys, std::size_t nth) {
  constexpr std::size_t kSample = 15, kFewest = 64;
  while (keys.size() > kFewest) {
    std::array<std::uint64_t, kSample> sample;
    for (std::size_t i = 0; i < kSample; ++i) sample[i] = keys[i * (keys.size() / kSample)];
    std::sort(sample.begin(), sample.end());
    const std::uint64_t pivot = sample[nth * kSample / keys.size()];
    std::size_t below = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::uint64_t key = keys[i];
      keys[i] = keys[below];
      keys[below] = key;
      below += key < pivot ? 1 : 0;
    }
    if (below == nth) return;
    if (below == 0) break;  // the sample was bad
    const bool is_left = nth < below;
    keys = is_left ? keys.first(below) : keys.subspan(below);
    nth -= is_left ? 0 : below;
  }
  std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(nth), keys.end());
}

// Puts near rows together: halves them by the feature that varies most, until each part is a block.
void arrange(std::span<const float> rows, std::size_t d, std::span<std::uint32_t> order,
             std::span<std::uint64_t> keys) {
  constexpr std::size_t kRowsForThreads = 16'384;  // below, starting a thread takes longer than its work
  if (order.size() <= kBlockRows) return;
  const std::size_t f = widest_feature(rows, d, order);
  for (std::size_t i = 0; i < order.size(); ++i) keys[i] = sort_key(rows[order[i] * d + f], order[i]);
  const std::size_t left = left_blocks((order.size() + kBlockRows - 1) / kBlockRows) * kBlockRows;
  select_key(keys, left);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(keys[i]);
  const auto arrange_half = [&](std::size_t half) {
    const std::size_t first = half == 0 ? 0 : left, size = half == 0 ? left : order.size() - left;
    arrange(rows, d, order.subspan(first, size), keys.subspan(first, size));
  };
  if (order.size() == rows.size() / d && order.size() >= kRowsForThreads) {
    for_each_parallel(2, arrange_half);
  } else {
    arrange_half(0);
    arrange_half(1);
  }
}

void fill_blocks(std::span<const float> rows, BlockTree& tree) {
  tree.blocks.resize((tree.n + kBlockRows - 1) / kBlockRows * tree.d * kBlockRows);
  for (std::size_t i = 0; i < tree.n; ++i) {
    float* to = &tree.blocks[i / kBlockRows * tree.d * kBlockRows + i % kBlockRows];
    const float* from = &rows[tree.order[i] * tree.d];
    for (std::size_t f = 0; f < tree.d; ++f) to[f * kBlockRows] = from[f];
  }
}

// Around parts of `part` values each, of which there are `count`; values(i, f) begins those of the lower
// sides, values(i, f) + `to_upper` those of the upper.
template <class Values>
BoxLevel make_level(std::size_t count, std::size_t part, std::size_t to_upper, std::size_t d,
                    const Values& values) {
  BoxLevel level{(count + part - 1) / part, {}};
  level.sides.resize((level.n_boxes + kBoxChildren - 1) / kBoxChildren * d * 2 * kBoxChildren);
  for (std::size_t i = 0; i < level.n_boxes; ++i) {
    float* to = &level.sides[i / kBoxChildren * d * 2 * kBoxChildren + i % kBoxChildren];
    const std::size_t n = std::min(part, count - i * part);
    for (std::size_t f = 0; f < d; ++f) {
      const float* from = values(i, f);
      to[2 * f * kBoxChildren] = *std::min_element(from, from + n);
      to[(2 * f + 1) * kBoxChildren] = *std::max_element(from + to_upper, from + to_upper + n);
    }
  }
  return level;
}

void fill_levels(BlockTree& tree) {
  tree.levels.push_back(make_level(tree.n, kBlockRows, 0, tree.d, [&](std::size_t i, std::size_t f) {
    return tree.block(i) + f * kBlockRows;
  }));
  while (tree.levels.back().n_boxes > kBoxChildren) {
    const std::size_t below = tree.levels.size() - 1;
    tree.levels.push_back(make_level(
        tree.levels.back().n_boxes, kBoxChildren, kBoxChildren, tree.d,
        [&](std::size_t i, std::size_t f) { return tree.boxes(below, i) + 2 * f * kBoxChildren; }));
  }
  TRIAGE_CHECK(tree.levels.size() <= kMaxTreeLevels);
}

}  // namespace

BlockTree build_block_tree(std::span<const float> rows, std::size_t d) {
  BlockTree tree;
  tree.d = d;
  tree.n = rows.size() / d;
  tree.order.resize(tree.n);
  std::iota(tree.order.begin(), tree.order.end(), 0U);
  std::vector<std::uint64_t> keys(tree.n);
  arrange(rows, d, tree.order, keys);
  fill_blocks(rows, tree);
  if (tree.n > 0) fill_levels(tree);
  return tree;
}

}  // namespace triage
