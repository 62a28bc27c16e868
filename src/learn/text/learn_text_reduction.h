// Learns from the texts of training rows how terms become few numbers: TF-IDF weights, and the directions in
// which the weighted terms differ most. No score is looked at.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "policy/text_reduction.h"
#include "triage/tools/rows.h"

namespace triage {

// Of all rows' texts, or of 10,000 that are drawn by the seed: 60 directions, or one for each 10 texts where
// that is less. A place that fewer than 3 texts have has no weight. Without any the set is kNumbers. The
// result does not depend on the threads (0: one per core). Throws kInterrupted.
[[nodiscard]] TextReduction learn_text_reduction(const Table& table, Rows rows, std::uint64_t seed,
                                                 unsigned threads = 0, const std::stop_token& stop = {});

}  // namespace triage
