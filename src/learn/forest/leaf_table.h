// The distinct leaves of an ensemble: trees of one forest share most of theirs, since a leaf often has one
// training row.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "policy/tree_ensemble.h"

namespace triage {

// Fills `trees.values`.
class LeafTable {
 public:
  explicit LeafTable(TreeEnsemble& trees) : trees_(trees) {}
  // The row of `values` that holds `leaf` (w); added when there is none.
  std::uint32_t row_of(std::span<const float> leaf);

 private:
  TreeEnsemble& trees_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> rows_;  // by the hash of a leaf's bytes
};

}  // namespace triage
