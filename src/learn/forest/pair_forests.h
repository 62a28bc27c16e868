// Cost-sensitive forests, one for each pair of models, that vote for the better of the two (SATzilla: Xu,
// Hutter, Hoos, Leyton-Brown 2011).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "learn/forest/grow_forest.h"

namespace triage {

// The pairs' trees as one ensemble of m values, whose sum is how often each model is voted for, negative: a
// tree gives its vote to the model that its leaf's rows prefer, by their weight. A row's weight is the
// difference of the two losses; rows without one, or of which one is not known, are in no sample. A pair of
// which there are only such rows has no vote. A node tries 1 + log2(columns) columns.
//
// `rows` has losses (n, m) for targets, and its weights, which multiply the others; costs, means and shape
// are not read. Depends on the seed, not on the threads. Throws kInterrupted, between two trees.
[[nodiscard]] GrownForest grow_pair_forests(const TreeRows& rows, std::size_t m, float min_weight,
                                            std::size_t trees, std::uint64_t seed, unsigned threads,
                                            const std::stop_token& stop);

}  // namespace triage
