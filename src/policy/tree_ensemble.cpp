// A step of a walk waits for two loads, each for the other; so several walks take their steps in turn. Walks
// end after different numbers of steps: few rows go on until the last has ended, which is simple; of many,
// those that have not ended are gathered now and then. A loop whose end depends on the rows is mispredicted,
// so that a fixed number of steps is faster even where some are in vain.
#include "policy/tree_ensemble.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "policy/checks.h"

namespace triage {
namespace {

constexpr std::size_t kWalks = 16;         // rows through one tree, each with codes of its own
constexpr std::size_t kTreesAtOnce = 100;  // trees for one row, whose nodes are not in cache
constexpr std::size_t kTreeRows = 4096;    // rows that pass through a tree together
// Steps of a group in a pass: so few that the processor is at the next group while it waits for this one. All
// rows take some passes, nearly as many as most need; then before each those that have not ended are
// gathered.
constexpr std::size_t kSteps = 4;

typedef float LeafLanes __attribute__((vector_size(16)));

// The node behind `self`, for a row with `code` in its column.
template <class Node>
[[gnu::always_inline]] inline std::uint64_t next_node(std::uint64_t self, std::uint64_t word,
                                                      std::uint8_t code) {
  return Node::left(self, word) + static_cast<std::uint64_t>(code > static_cast<std::uint8_t>(word));
}

// One step of n walks. `word_at(i, node)` is a node's word on walk i, `code_at(i, column)` its row's code.
// `reach(i, node)` is called with the node that walk i comes to. Returns whether all were at leaves before.
struct ReachNothing {
  void operator()(std::size_t /*i*/, std::uint64_t /*node*/) const {}
};
template <class Node, std::size_t n, class WordAt, class CodeAt, class Reach = ReachNothing>
[[gnu::always_inline]] inline bool step_all(std::array<std::uint64_t, n>& at, WordAt word_at, CodeAt code_at,
                                            Reach reach = {}) {
  std::uint64_t leaves = kLeafThreshold;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t word = word_at(i, at[i]);
    leaves &= word;  // all bits of the threshold stay only where all are leaves
    at[i] = next_node<Node>(at[i], word, code_at(i, Node::column(word)));
    reach(i, at[i]);
  }
  return leaves == kLeafThreshold;
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

template <class Node>
const std::vector<typename Node::Word>& nodes_of(const TreeEnsemble& trees) {
  if constexpr (std::is_same_v<Node, WideNode>) return trees.wide;
  if constexpr (std::is_same_v<Node, NarrowNode>) return trees.narrow;
}

// Few rows: one row walks through several trees at a time, and each node is fetched while the others take
// steps.
template <class Node>
void add_leaves_by_row(const TreeEnsemble& trees, const std::uint8_t* row, float* sums) {
  const std::size_t t = trees.n_trees(), width = leaf_stride(trees.width);
  std::array<const typename Node::Word*, kTreesAtOnce> tree{};
  for (std::size_t first = 0; first < t; first += kTreesAtOnce) {
    const std::size_t n = std::min(kTreesAtOnce, t - first);
    for (std::size_t i = 0; i < kTreesAtOnce; ++i) {
      tree[i] = &nodes_of<Node>(trees)[trees.tree_begin[first + std::min(i, n - 1)]];
    }
    std::array<std::uint64_t, kTreesAtOnce> at{};
    while (!step_all<Node>(
        at, [&](std::size_t i, std::uint64_t node) { return tree[i][node]; },
        [&](std::size_t, std::uint64_t column) { return row[column * kGroupRows]; },
        [&](std::size_t i, std::uint64_t node) { __builtin_prefetch(tree[i] + node); })) {
    }
    for (std::size_t i = 0; i < n; ++i) {
      at[i] += trees.tree_begin[first + i];
      __builtin_prefetch(&trees.leaf[at[i]]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      at[i] = trees.leaf[at[i]] * width;
      __builtin_prefetch(&trees.values[at[i]]);
    }
    for (std::size_t i = 0; i < n; ++i) add_leaf(&trees.values[at[i]], width, sums);
  }
}

// Many rows through one tree, which stays in cache.
template <class Node>
class BlockWalk {
 public:
  using Word = typename Node::Word;
  BlockWalk(const std::uint8_t* groups, std::size_t columns, std::size_t n)
      : groups_(groups), columns_(columns), n_(n) {}

  // Leaves the leaf of row i in at(i).
  void run(const Word* tree, std::uint32_t n_nodes) {
    at_.fill(0);
    for (std::size_t step = kSteps; step <= static_cast<std::size_t>(std::bit_width(n_nodes));
         step += kSteps) {
      for (std::size_t first = 0; first < n_; first += kGroupRows) step_group(tree, first);
    }
    std::size_t n = n_;
    for (std::uint32_t i = 0; i < n; ++i) going_[i] = i;
    while ((n = still_going(tree, n)) > 0) {
      for (std::size_t first = 0; first < n; first += kGroupRows) step_gathered(tree, first);
    }
  }
  [[nodiscard]] std::uint32_t at(std::size_t i) const { return at_[i]; }

 private:
  using Group = std::array<std::uint64_t, kGroupRows>;

  void step_group(const Word* tree, std::size_t first) {
    const std::uint8_t* group = groups_ + first * columns_;
    Group at{};
    for (std::size_t i = 0; i < kGroupRows; ++i) at[i] = at_[first + i];
    for (std::size_t step = 0; step < kSteps; ++step) {
      step_all<Node>(
          at, [&](std::size_t, std::uint64_t node) { return tree[node]; },
          [&](std::size_t i, std::uint64_t column) { return group[column * kGroupRows + i]; });
    }
    for (std::size_t i = 0; i < kGroupRows; ++i) at_[first + i] = static_cast<std::uint32_t>(at[i]);
  }

  void step_gathered(const Word* tree, std::size_t first) {
    Group at{};
    std::array<const std::uint8_t*, kGroupRows> row{};
    for (std::size_t i = 0; i < kGroupRows; ++i) {
      at[i] = at_[going_[first + i]];
      row[i] = groups_ + grouped_row(going_[first + i], columns_);
    }
    for (std::size_t step = 0; step < kSteps; ++step) {
      step_all<Node>(
          at, [&](std::size_t, std::uint64_t node) { return tree[node]; },
          [&](std::size_t i, std::uint64_t column) { return row[i][column * kGroupRows]; });
    }
    for (std::size_t i = 0; i < kGroupRows; ++i) at_[going_[first + i]] = static_cast<std::uint32_t>(at[i]);
  }

  // Of the first n rows in going_ those that are at no leaf; the last again to fill a group.
  std::size_t still_going(const Word* tree, std::size_t n) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t row = going_[i];
      going_[kept] = row;
      kept += static_cast<std::uint8_t>(tree[at_[row]]) == kLeafThreshold ? 0 : 1;
    }
    for (std::size_t i = kept; kept > 0 && i % kGroupRows != 0; ++i) going_[i] = going_[kept - 1];
    return kept;
  }

  const std::uint8_t* groups_;
  std::size_t columns_, n_;
  std::array<std::uint32_t, kTreeRows> at_;     // node of each row
  std::array<std::uint32_t, kTreeRows> going_;  // rows
};

template <class Node>
void add_leaves_by_tree(const TreeEnsemble& trees, const std::uint8_t* groups, std::size_t columns,
                        std::size_t n, float* sums) {
  const std::size_t width = leaf_stride(trees.width);
  BlockWalk<Node> walk(groups, columns, n);
  for (std::size_t t = 0; t < trees.n_trees(); ++t) {
    const std::uint32_t begin = trees.tree_begin[t];
    walk.run(&nodes_of<Node>(trees)[begin], trees.tree_begin[t + 1] - begin);
    const std::uint32_t* leaf = &trees.leaf[trees.tree_begin[t]];
    for (std::size_t i = 0; i < n; ++i)
      add_leaf(&trees.values[leaf[walk.at(i)] * width], width, sums + i * width);
  }
}

template <class Node>
void add_leaves_of(const TreeEnsemble& trees, const std::uint8_t* groups, std::size_t columns, std::size_t n,
                   float* sums) {
  const std::size_t width = leaf_stride(trees.width);
  if (n < kGroupRows) {
    for (std::size_t i = 0; i < n; ++i) add_leaves_by_row<Node>(trees, groups + i, sums + i * width);
    return;
  }
  for (std::size_t first = 0; first < n; first += kTreeRows) {
    add_leaves_by_tree<Node>(trees, groups + first * columns, columns, std::min(kTreeRows, n - first),
                             sums + first * width);
  }
}

template <class Node>
void check_tree(const TreeEnsemble& trees, std::size_t t, std::size_t n_codes, std::string_view field) {
  const std::uint32_t begin = trees.tree_begin[t], size = trees.tree_begin[t + 1] - begin;
  const std::size_t n_leaves = trees.values.size() / leaf_stride(trees.width);
  for (std::uint32_t node = 0; node < size; ++node) {
    const typename Node::Word word = nodes_of<Node>(trees)[begin + node];
    const std::uint64_t left = Node::left(node, word);
    const std::uint32_t leaf = trees.leaf[begin + node];
    if (leaf >= n_leaves) {
      fail_field(fmt::format("{}.leaf", field), leaf, fmt::format("rows of {} leaves, from 0", n_leaves));
    }
    // A child comes after its parent, so no walk can loop.
    const bool inner = left > node && left < size - 1 && Node::column(word) < n_codes &&
                       static_cast<std::uint8_t>(word) != kLeafThreshold;
    if (word != leaf_node<Node>(node) && !inner) {
      fail_field(fmt::format("{}.nodes", field), fmt::format("{:#x} for node {} of {}", word, node, size),
                 "a leaf, or a column with two children behind the node");
    }
  }
}

// Calls work(node, word) for each node, counted from its tree's root, until it says no.
template <class Work>
bool all_wide(const TreeEnsemble& trees, const Work& work) {
  for (std::size_t t = 0; t < trees.n_trees(); ++t) {
    const std::uint32_t begin = trees.tree_begin[t];
    for (std::uint32_t node = 0; begin + node < trees.tree_begin[t + 1]; ++node) {
      if (!work(node, trees.wide[begin + node])) return false;
    }
  }
  return true;
}

}  // namespace

void narrow_nodes(TreeEnsemble& trees) {
  const bool fits = all_wide(trees, [](std::uint32_t node, WideNode::Word word) {
    return WideNode::column(word) <= NarrowNode::kMaxColumn &&
           WideNode::left(node, word) - node <= NarrowNode::kMaxLeft;
  });
  if (!fits) return;
  all_wide(trees, [&](std::uint32_t node, WideNode::Word word) {
    trees.narrow.push_back(NarrowNode::make(node, WideNode::left(node, word), static_cast<std::uint8_t>(word),
                                            WideNode::column(word)));
    return true;
  });
  trees.wide = {};
}

void walk_tree(const WideNode::Word* tree, const std::uint8_t* codes, std::size_t stride,
               std::span<const std::uint32_t> rows, std::span<std::uint32_t> ends) {
  std::array<const std::uint8_t*, kWalks> row{};
  for (std::size_t first = 0; first < rows.size(); first += kWalks) {
    const std::size_t n = std::min(kWalks, rows.size() - first);
    for (std::size_t i = 0; i < kWalks; ++i) row[i] = codes + rows[first + std::min(i, n - 1)] * stride;
    std::array<std::uint64_t, kWalks> at{};
    while (!step_all<WideNode>(
        at, [&](std::size_t, std::uint64_t node) { return tree[node]; },
        [&](std::size_t i, std::uint64_t column) { return row[i][column]; })) {
    }
    for (std::size_t i = 0; i < n; ++i) ends[first + i] = static_cast<std::uint32_t>(at[i]);
  }
}

void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> groups, std::size_t columns,
                std::size_t n, std::span<float> sums) {
  if (trees.wide.empty()) {
    add_leaves_of<NarrowNode>(trees, groups.data(), columns, n, sums.data());
  } else {
    add_leaves_of<WideNode>(trees, groups.data(), columns, n, sums.data());
  }
}

void check_ensemble(const TreeEnsemble& trees, std::size_t n_codes, std::size_t width,
                    std::string_view field) {
  if (trees.width != width || width == 0) {
    fail_field(fmt::format("{}.width", field), trees.width, fmt::format("{} values a leaf", width));
  }
  const auto& begin = trees.tree_begin;
  const std::size_t n_nodes = trees.wide.size() + trees.narrow.size();
  if (!trees.wide.empty() && !trees.narrow.empty()) {
    fail_field(field, fmt::format("{} wide and {} narrow nodes", trees.wide.size(), trees.narrow.size()),
               "only one kind");
  }
  bool rising = begin.size() > 1 && begin.front() == 0 && begin.back() == n_nodes;
  for (std::size_t t = 1; rising && t < begin.size(); ++t) rising = begin[t - 1] < begin[t];
  if (!rising) {
    fail_field(fmt::format("{}.tree_begin", field), fmt::format("{} positions", begin.size()),
               fmt::format("positions that rise from 0 to {}, at least two", n_nodes));
  }
  const std::size_t stride = leaf_stride(width);
  if (trees.leaf.size() != n_nodes || trees.values.size() % stride != 0) {
    fail_field(field, fmt::format("{} leaves and {} values", trees.leaf.size(), trees.values.size()),
               fmt::format("{} leaves and values in rows of {}", n_nodes, stride));
  }
  for (const float value : trees.values) {
    if (!std::isfinite(value)) fail_field(fmt::format("{}.values", field), value, "finite numbers");
  }
  for (std::size_t t = 0; t < trees.n_trees(); ++t) {
    if (trees.wide.empty()) {
      check_tree<NarrowNode>(trees, t, n_codes, field);
    } else {
      check_tree<WideNode>(trees, t, n_codes, field);
    }
  }
}

}  // namespace triage
