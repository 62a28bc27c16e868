// A step of a walk waits for two loads, each for the other; so several walks take their steps in turn.
#include "policy/tree_ensemble.h"

#include <array>
#include <cmath>
#include <cstring>

#include "policy/checks.h"

namespace triage {
namespace {

constexpr std::size_t kWalks = 16;    // at a time
constexpr std::size_t kBlock = 8192;  // rows that pass through all trees together: their codes stay in cache

typedef float LeafLanes __attribute__((vector_size(16)));

[[gnu::always_inline]] inline std::uint32_t next_node(std::uint64_t word, const std::uint8_t* codes) {
  return static_cast<std::uint32_t>(word) +
         static_cast<std::uint32_t>(codes[word >> 48] > static_cast<std::uint8_t>(word >> 32));
}

// All walks from the root to their leaves; walk i is on tree[i] with codes[i].
[[gnu::always_inline]] inline void walk_all(const std::array<const std::uint64_t*, kWalks>& tree,
                                            const std::array<const std::uint8_t*, kWalks>& codes,
                                            std::array<std::uint32_t, kWalks>& at) {
  at = {};
  for (std::uint32_t moved = 1; moved != 0;) {
    moved = 0;
    for (std::size_t i = 0; i < kWalks; ++i) {
      const std::uint32_t next = next_node(tree[i][at[i]], codes[i]);
      moved |= next ^ at[i];
      at[i] = next;
    }
  }
}

void add_leaf(const float* values, std::size_t stride, float* sums) {
  for (std::size_t i = 0; i < stride; i += 4) {
    LeafLanes sum, value;
    std::memcpy(&sum, sums + i, sizeof sum);
    std::memcpy(&value, values + i, sizeof value);
    sum += value;
    std::memcpy(sums + i, &sum, sizeof sum);
  }
}

// Few rows: one row walks through several trees at a time.
void add_leaves_by_row(const TreeEnsemble& trees, const std::uint8_t* codes, float* sums) {
  const std::size_t t = trees.n_trees(), width = leaf_stride(trees.width);
  std::array<const std::uint64_t*, kWalks> tree{};
  std::array<const std::uint8_t*, kWalks> row{};
  row.fill(codes);
  std::array<std::uint32_t, kWalks> at{};
  for (std::size_t first = 0; first < t; first += kWalks) {
    const std::size_t n = std::min(kWalks, t - first);
    for (std::size_t i = 0; i < kWalks; ++i)
      tree[i] = &trees.nodes[trees.tree_begin[first + std::min(i, n - 1)]];
    walk_all(tree, row, at);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t leaf = trees.leaf[trees.tree_begin[first + i] + at[i]];
      add_leaf(&trees.values[leaf * width], width, sums);
    }
  }
}

// Many rows: one tree at a time, which stays in cache.
void add_leaves_by_tree(const TreeEnsemble& trees, std::size_t t, const std::uint8_t* codes,
                        std::size_t stride, std::size_t n, float* sums) {
  const std::size_t width = leaf_stride(trees.width);
  const std::uint32_t* leaf = &trees.leaf[trees.tree_begin[t]];
  std::array<const std::uint64_t*, kWalks> tree{};
  tree.fill(&trees.nodes[trees.tree_begin[t]]);
  std::array<const std::uint8_t*, kWalks> row{};
  std::array<std::uint32_t, kWalks> at{};
  for (std::size_t first = 0; first < n; first += kWalks) {
    const std::size_t count = std::min(kWalks, n - first);
    for (std::size_t i = 0; i < kWalks; ++i) row[i] = codes + (first + std::min(i, count - 1)) * stride;
    walk_all(tree, row, at);
    for (std::size_t i = 0; i < count; ++i) {
      add_leaf(&trees.values[leaf[at[i]] * width], width, sums + (first + i) * width);
    }
  }
}

void check_tree(const TreeEnsemble& trees, std::size_t t, std::size_t n_codes, std::string_view field) {
  const std::uint32_t begin = trees.tree_begin[t], size = trees.tree_begin[t + 1] - begin;
  const std::size_t n_leaves = trees.values.size() / leaf_stride(trees.width);
  for (std::uint32_t node = 0; node < size; ++node) {
    const std::uint64_t word = trees.nodes[begin + node];
    const auto left = static_cast<std::uint32_t>(word);
    const std::uint32_t leaf = trees.leaf[begin + node];
    if (leaf >= n_leaves) {
      fail_field(fmt::format("{}.leaf", field), leaf, fmt::format("rows of {} leaves, from 0", n_leaves));
    }
    // A child comes after its parent, so no walk can loop.
    const bool inner = left > node && left < size - 1 && (word >> 48) < n_codes;
    if (word != leaf_node(node) && !inner) {
      fail_field(fmt::format("{}.nodes", field), fmt::format("{:#x} for node {} of {}", word, node, size),
                 "a leaf, or a column with two children behind the node");
    }
  }
}

}  // namespace

void walk_tree(const std::uint64_t* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends) {
  std::array<const std::uint64_t*, kWalks> trees{};
  trees.fill(tree);
  std::array<const std::uint8_t*, kWalks> row{};
  std::array<std::uint32_t, kWalks> at{};
  for (std::size_t first = 0; first < rows.size(); first += kWalks) {
    const std::size_t n = std::min(kWalks, rows.size() - first);
    for (std::size_t i = 0; i < kWalks; ++i) row[i] = codes + rows[first + std::min(i, n - 1)] * stride;
    walk_all(trees, row, at);
    std::copy_n(at.begin(), n, ends.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> codes, std::size_t stride,
                std::span<float> sums) {
  const std::size_t n = codes.size() / stride, width = leaf_stride(trees.width);
  if (n < kWalks) {
    for (std::size_t i = 0; i < n; ++i) add_leaves_by_row(trees, &codes[i * stride], &sums[i * width]);
    return;
  }
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = std::min(kBlock, n - first);
    for (std::size_t t = 0; t < trees.n_trees(); ++t) {
      add_leaves_by_tree(trees, t, &codes[first * stride], stride, count, &sums[first * width]);
    }
  }
}

void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field) {
  if (trees.width != width || width == 0) {
    fail_field(fmt::format("{}.width", field), trees.width, fmt::format("{} values a leaf", width));
  }
  const auto& begin = trees.tree_begin;
  bool rising = begin.size() > 1 && begin.front() == 0 && begin.back() == trees.nodes.size();
  for (std::size_t t = 1; rising && t < begin.size(); ++t) rising = begin[t - 1] < begin[t];
  if (!rising) {
    fail_field(fmt::format("{}.tree_begin", field), fmt::format("{} positions", begin.size()),
               fmt::format("positions that rise from 0 to {}, at least two", trees.nodes.size()));
  }
  const std::size_t stride = leaf_stride(width);
  if (trees.leaf.size() != trees.nodes.size() || trees.values.size() % stride != 0) {
    fail_field(field, fmt::format("{} leaves and {} values", trees.leaf.size(), trees.values.size()),
               fmt::format("{} leaves and values in rows of {}", trees.nodes.size(), stride));
  }
  for (const float value : trees.values) {
    if (!std::isfinite(value)) fail_field(fmt::format("{}.values", field), value, "finite numbers");
  }
  for (std::size_t t = 0; t < trees.n_trees(); ++t) check_tree(trees, t, n_codes, field);
}

}  // namespace triage
