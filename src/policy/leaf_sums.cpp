// A step of a walk waits for two loads, each for the other; so several walks take their steps in turn. Walks
// end after different numbers of steps, and a loop whose end depends on the rows is mispredicted; so a fixed
// number of steps is faster even where some are in vain, and those that have not ended are listed now and
// then.
#include "policy/leaf_sums.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace triage {
namespace {

constexpr std::size_t kTreesAtOnce = 100;  // trees for one row, whose nodes are not in cache
constexpr std::size_t kTreeRows = 8192;    // rows that pass through a tree together
constexpr std::size_t kBatchTrees = 8;     // trees whose leaves are added together
// Fewer rows do not pay for finding the top of a tree.
constexpr std::size_t kFewestTopRows = 256;
// Steps of a group in a pass: so few that the processor is at the next group while it waits for this one.
constexpr std::size_t kSteps = 4;

typedef float LeafLanes __attribute__((vector_size(16)));

LeafLanes lanes_at(const float* values) {
  LeafLanes lanes;
  std::memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

void add_leaf(const float* values, std::size_t stride, float* sums) {
  for (std::size_t i = 0; i < stride; i += 4) {
    const LeafLanes sum = lanes_at(sums + i) + lanes_at(values + i);
    std::memcpy(sums + i, &sum, sizeof sum);
  }
}

// The leaves (n_trees, kTreeRows) of n rows, in the order of the trees, while a row's sum stays in a
// register.
template <std::size_t most_trees>
void add_batch(const TreeEnsemble& trees, const std::uint32_t* leaves, std::size_t n_trees, std::size_t n,
               float* sums) {
  const std::size_t width = leaf_stride(trees.width);
  for (std::size_t i = 0; i < n; ++i) {
    std::array<const float*, most_trees> leaf{};
#pragma GCC unroll 8
    for (std::size_t t = 0; t < n_trees; ++t) leaf[t] = &trees.values[leaves[t * kTreeRows + i] * width];
    for (std::size_t j = 0; j < width; j += 4) {
      LeafLanes sum = lanes_at(sums + i * width + j);
#pragma GCC unroll 8
      for (std::size_t t = 0; t < n_trees; ++t) sum += lanes_at(leaf[t] + j);
      std::memcpy(sums + i * width + j, &sum, sizeof sum);
    }
  }
}

// The last of the n listed again, to fill a group.
template <class List>
std::size_t fill_group(List& list, std::size_t n) {
  for (std::size_t i = n; n > 0 && i % kGroupRows != 0; ++i) list[i] = list[n - 1];
  return n;
}

// Few rows: one row walks through many trees by turns, and what a walk reads next is fetched while the others
// take steps.
template <class Node>
class RowWalk {
 public:
  RowWalk(const TreeEnsemble& trees, const std::uint8_t* row) : trees_(trees), row_(row) {}

  void add(float* sums) {
    for (std::size_t first = 0; first < trees_.n_trees(); first += kTreesAtOnce) {
      const std::size_t n = std::min(kTreesAtOnce, trees_.n_trees() - first);
      walk(first, n);
      add_ends(first, n, sums);
    }
  }

 private:
  void walk(std::size_t first, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      tree_[i] = &nodes_of<Node>(trees_)[trees_.tree_begin[first + i]];
      at_[i] = tree_[i];
      going_[i] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 4
      for (std::size_t i = 0; i < n; ++i) take_step(i);
    }
    while ((n = still_going(n)) > 0) {
      for (std::size_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < n; ++k) take_step(going_[k]);
      }
    }
  }

  void take_step(std::size_t i) {
    const Node* self = at_[i];
    self = next_node(tree_[i], self, row_[std::size_t{self->column} * kGroupRows]);
    __builtin_prefetch(self);
    at_[i] = self;
  }

  std::size_t still_going(std::size_t n) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = going_[k];
      going_[kept] = i;
      kept += at_[i]->threshold == kLeafThreshold ? 0 : 1;
    }
    return kept;
  }

  void add_ends(std::size_t first, std::size_t n, float* sums) {
    const std::size_t width = leaf_stride(trees_.width);
    std::array<const std::uint32_t*, kTreesAtOnce> leaf;
    for (std::size_t i = 0; i < n; ++i) {
      leaf[i] = &trees_.leaf[trees_.tree_begin[first + i] + static_cast<std::size_t>(at_[i] - tree_[i])];
      __builtin_prefetch(leaf[i]);
    }
    std::array<const float*, kTreesAtOnce> values;
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = &trees_.values[*leaf[i] * width];
      __builtin_prefetch(values[i]);
    }
    for (std::size_t i = 0; i < n; ++i) add_leaf(values[i], width, sums);
  }

  const TreeEnsemble& trees_;
  const std::uint8_t* row_;
  std::array<const Node*, kTreesAtOnce> tree_, at_;
  std::array<std::uint32_t, kTreesAtOnce> going_;
};

// Many rows through one tree, which stays in cache.
template <class Node>
class BlockWalk {
 public:
  BlockWalk(WalkBuffers& buffers, const std::uint8_t* groups, std::size_t columns, std::size_t n,
            const TreeTopKernel* kernel)
      : groups_(groups),
        columns_(columns),
        n_((n + kGroupRows - 1) / kGroupRows * kGroupRows),
        kernel_(n < kFewestTopRows ? nullptr : kernel),
        by_column_(buffers.columns),
        at_(buffers.at),
        going_(buffers.going) {
    at_.resize(kTreeRows);
    going_.resize(kTreeRows);
    if (kernel_ != nullptr) turn_groups();
  }

  // Leaves the leaf of row i in at(i).
  void run(const Node* tree, std::uint32_t n_nodes) {
    std::size_t n = kernel_ == nullptr ? start(tree, n_nodes) : start_below_top(tree);
    while (n > 0) n = n > n_ - n_ / 4 ? step_groups(tree) : step_gathered(tree, n);
  }
  [[nodiscard]] std::uint32_t at(std::size_t i) const { return at_[i]; }

 private:
  using Group = std::array<std::uint64_t, kGroupRows>;

  void turn_groups() {
    const std::size_t size = (n_ + kTreeTopRows - 1) / kTreeTopRows * kTreeTopRows * columns_;
    if (by_column_.size() < size) by_column_.resize(size);
    constexpr std::size_t kGroups = kTreeTopRows / kGroupRows;
    for (std::size_t g = 0; g < n_ / kGroupRows; ++g) {
      const std::uint8_t* from = groups_ + g * kGroupRows * columns_;
      std::uint8_t* to = &by_column_[g / kGroups * kTreeTopRows * columns_ + g % kGroups * kGroupRows];
      for (std::size_t c = 0; c < columns_; ++c)
        std::memcpy(to + c * kTreeTopRows, from + c * kGroupRows, kGroupRows);
    }
  }

  // Nearly as many steps as most rows need.
  std::size_t start(const Node* tree, std::uint32_t n_nodes) {
    std::fill_n(at_.begin(), n_, 0U);
    std::size_t n = n_;
    for (std::size_t step = 0; step < static_cast<std::size_t>(std::bit_width(n_nodes)); step += kSteps)
      n = step_groups(tree);
    return n;
  }

  std::size_t start_below_top(const Node* tree) {
    find_top(tree, top_);
    std::array<bool, kTreeTopEnds> goes_on{};
    for (std::size_t end = 0; end < kTreeTopEnds; ++end)
      goes_on[end] = tree[top_.node[end]].threshold != kLeafThreshold;
    std::size_t kept = 0;
    std::array<std::uint8_t, kTreeTopRows> ends;
    for (std::size_t first = 0; first < n_; first += kTreeTopRows) {
      kernel_->pass(top_, &by_column_[first * columns_], ends.data());
      const std::size_t n = std::min(kTreeTopRows, n_ - first);
      for (std::size_t i = 0; i < n; ++i) {
        at_[first + i] = top_.node[ends[i]];
        going_[kept] = static_cast<std::uint32_t>(first + i);
        kept += goes_on[ends[i]] ? 1 : 0;
      }
    }
    return fill_group(going_, kept);
  }

  // Steps of a group's rows, of which row i has its codes at row(i).
  template <class RowAt>
  [[gnu::always_inline]] void step(const Node* tree, Group& at, RowAt row) {
    for (std::size_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < kGroupRows; ++i) {
        const Node& node = tree[at[i]];
        at[i] = next_node(at[i], node, row(i)[std::size_t{node.column} * kGroupRows]);
      }
    }
  }

  // All rows. This and the next list the rows that are at no leaf then, and return how many.
  std::size_t step_groups(const Node* tree) {
    std::size_t kept = 0;
    for (std::size_t first = 0; first < n_; first += kGroupRows) {
      const std::uint8_t* group = groups_ + first * columns_;
      Group at{}, row{};
      for (std::size_t i = 0; i < kGroupRows; ++i) {
        row[i] = first + i;
        at[i] = at_[first + i];
      }
      step(tree, at, [&](std::size_t i) { return group + i; });
      kept = list(tree, row, at, kept);
    }
    return fill_group(going_, kept);
  }

  // The n rows that are listed.
  std::size_t step_gathered(const Node* tree, std::size_t n) {
    std::size_t kept = 0;
    for (std::size_t first = 0; first < n; first += kGroupRows) {
      Group at{}, row{};
      std::array<const std::uint8_t*, kGroupRows> codes{};
      for (std::size_t i = 0; i < kGroupRows; ++i) {
        row[i] = going_[first + i];
        at[i] = at_[row[i]];
        codes[i] = groups_ + grouped_row(row[i], columns_);
      }
      step(tree, at, [&](std::size_t i) { return codes[i]; });
      kept = list(tree, row, at, kept);
    }
    return fill_group(going_, kept);
  }

  [[gnu::always_inline]] std::size_t list(const Node* tree, const Group& row, const Group& at,
                                          std::size_t kept) {
    for (std::size_t i = 0; i < kGroupRows; ++i) {
      at_[row[i]] = static_cast<std::uint32_t>(at[i]);
      going_[kept] = static_cast<std::uint32_t>(row[i]);
      kept += tree[at[i]].threshold == kLeafThreshold ? 0 : 1;
    }
    return kept;
  }

  const std::uint8_t* groups_;
  std::size_t columns_;
  std::size_t n_;  // with what fills the last group, which walks along
  const TreeTopKernel* kernel_;
  std::vector<std::uint8_t>& by_column_;
  std::vector<std::uint32_t>&at_, &going_;
  TreeTop top_;
};

// What the next walk reads, while this one goes on.
template <class Node>
void fetch_next_tree(const TreeEnsemble& trees, std::size_t t) {
  if (t + 1 == trees.n_trees()) return;
  constexpr std::size_t kLine = 64;
  for (std::size_t i = trees.tree_begin[t + 1]; i < trees.tree_begin[t + 2]; i += kLine / sizeof(Node))
    __builtin_prefetch(&nodes_of<Node>(trees)[i], 0, 2);
  for (std::size_t i = trees.tree_begin[t + 1]; i < trees.tree_begin[t + 2];
       i += kLine / sizeof(std::uint32_t))
    __builtin_prefetch(&trees.leaf[i], 0, 2);
}

template <class Node>
void add_leaves_by_tree(const TreeEnsemble& trees, BlockWalk<Node>& walk, std::size_t n,
                        std::vector<std::uint32_t>& leaves, float* sums) {
  leaves.resize(kBatchTrees * kTreeRows);
  for (std::size_t first = 0; first < trees.n_trees(); first += kBatchTrees) {
    const std::size_t n_trees = std::min(kBatchTrees, trees.n_trees() - first);
    for (std::size_t t = 0; t < n_trees; ++t) {
      const std::uint32_t begin = trees.tree_begin[first + t];
      fetch_next_tree<Node>(trees, first + t);
      walk.run(&nodes_of<Node>(trees)[begin], trees.tree_begin[first + t + 1] - begin);
      for (std::size_t i = 0; i < n; ++i) leaves[t * kTreeRows + i] = trees.leaf[begin + walk.at(i)];
    }
    if (n_trees == kBatchTrees) {
      add_batch<kBatchTrees>(trees, leaves.data(), kBatchTrees, n, sums);
    } else {
      add_batch<kBatchTrees>(trees, leaves.data(), n_trees, n, sums);
    }
  }
}

template <class Node>
void add_leaves_of(const TreeEnsemble& trees, const std::uint8_t* groups, std::size_t columns, std::size_t n,
                   const TreeTopKernel* kernel, WalkBuffers& buffers, float* sums) {
  const std::size_t width = leaf_stride(trees.width);
  if (n < kGroupRows) {
    for (std::size_t i = 0; i < n; ++i) RowWalk<Node>(trees, groups + i).add(sums + i * width);
    return;
  }
  for (std::size_t first = 0; first < n; first += kTreeRows) {
    const std::size_t n_rows = std::min(kTreeRows, n - first);
    BlockWalk<Node> walk(buffers, groups + first * columns, columns, n_rows, kernel);
    add_leaves_by_tree(trees, walk, n_rows, buffers.leaves, sums + first * width);
  }
}

}  // namespace

void add_leaves(const TreeEnsemble& trees, std::span<const std::uint8_t> groups, std::size_t columns,
                std::size_t n, const TreeTopKernel* kernel, WalkBuffers& buffers, std::span<float> sums) {
  if (trees.wide.empty()) {
    add_leaves_of<NarrowNode>(trees, groups.data(), columns, n, kernel, buffers, sums.data());
  } else {
    add_leaves_of<WideNode>(trees, groups.data(), columns, n, kernel, buffers, sums.data());
  }
}

}  // namespace triage
