// What every selector has to beat: single models, SBS, VBS, random choice, the zero router.
#pragma once

#include <span>
#include <vector>

#include "evaluate/fold_list.h"

namespace triage {

// A method before it is summarised.
struct Entry {
  Replay replay;
  MethodId id;
};

[[nodiscard]] Entry make_entry(MethodId id, std::size_t n_inputs);

// Every single model, SBS, VBS and random, in this order.
[[nodiscard]] std::vector<Entry> baselines(const Table& table, std::span<const Fold> folds,
                                           std::span<const ModelIndex> optimum,
                                           const EvaluateOptions& options);

// What the zero router would score on each input if its mean time were that of `ms` (n) in that fold. It
// mixes the models of the hull of the training part, but with their times on the test part: where the hull is
// steep, a difference between the two parts' mean times would count as score.
[[nodiscard]] std::vector<double> router_scores(const Table& table, std::span<const Fold> folds,
                                                std::span<const double> ms, Criterion criterion);

}  // namespace triage
