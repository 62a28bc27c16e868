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

// How the zero router of that fold mixes for a mean time of `ms` on the fold's test part. It knows the hull
// of the training part, but pays the test part's times: where the hull is steep, a difference between the two
// parts' mean times would count as score.
[[nodiscard]] Mix router_mix(const Table& table, const Fold& fold, double ms);

// What the zero router would score on each input if its mean time were that of `ms` (n) in that fold, see
// router_mix().
[[nodiscard]] std::vector<double> router_scores(const Table& table, std::span<const Fold> folds,
                                                std::span<const double> ms, Criterion criterion);

}  // namespace triage
