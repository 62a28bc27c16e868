// Grows the trees of one forest, on all threads, and predicts each training row by the trees that did not see
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "learn/forest/grow_tree.h"
#include "policy/tree_ensemble.h"

namespace triage {

struct GrownForest {
  TreeEnsemble trees;                  // wide
  std::vector<float> means;            // (n, w) of the leaves to which a row comes; 0 for no trees
  std::vector<std::uint32_t> n_trees;  // (n) that did not see the row
};

// The result depends on the seed, not on the threads. Throws kInterrupted, between two trees.
[[nodiscard]] GrownForest grow_forest(const TreeRows& rows, const TreeGrowth& growth, std::size_t trees,
                                      std::uint64_t seed, unsigned threads, const std::stop_token& stop);

}  // namespace triage
