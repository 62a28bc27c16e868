// Training of the forests of a table policy (policy/forests.h): seven multi-output forests, which see each
// model's losses in five ways and split by three rules; or pairs' votes or boosted trees, and one of the
// seven forests, which says what losses and costs to expect and decides where the first are even.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "policy/forests.h"
#include "triage/tools/train_forests.h"

namespace triage {

// n training rows, d features, m models; all row-major. What a model was not run on is NaN.
struct ForestData {
  std::span<const float> features;  // (n, d); NaN or infinite where missing
  std::size_t d = 0;
  std::span<const float> losses;   // (n, m); 0 is best. Each model has at least one
  std::size_t m = 0;               // 1 to kMaxForestModels
  std::span<const float> costs;    // (n, m) of running each model, in any unit. Empty: no costs are learned
  std::span<const float> weights;  // (n) above 0, of any scale. Empty: all equal
  // (n) from 0, at least two: boosted trees have no samples, so each row is judged by trees that were grown
  // without its fold. Empty for other learners.
  std::span<const std::int32_t> fold_of = {};
};

struct ForestOptions {
  ForestsLearner learner = ForestsLearner::kSeven;  // any but kNearest
  bool is_time = false;  // losses are times as shares of ten cutoffs, 1 where none solved it (PAR10 / 10 C)
  std::size_t trees = 100;  // of each forest; at least 1
  std::size_t full_rows =
      65536;                  // up to so many rows leaves may have one row; of n, otherwise, n / full_rows
  std::size_t leaf_rows = 1;  // rows that leaves have at least, where full_rows does not ask for more
  std::uint64_t seed = 1;
  unsigned threads = 0;  // 0: one per core. The result does not depend on it
};

// Of each training row by the trees that did not see it, (n, m). NaN where there is none, among those of
// the raw forest for loss and cost.
struct OutOfBag {
  std::vector<float> score, loss, cost;  // as in ForestOutput; cost is empty without costs
};

struct TrainedForests {
  Forests forests;
  OutOfBag out_of_bag;
};

// Throws kUsage for data and options that make no sense, and kInterrupted, between two trees.
[[nodiscard]] TrainedForests train_forests(const ForestData& data, const ForestOptions& options,
                                           std::stop_token stop = {});

}  // namespace triage
