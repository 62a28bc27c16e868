// Policies that choose a model by what the features of an input say, before anything runs: seven multi-output
// forests, each predicting what is lost with every model, and what the field knows besides
// (docs/policies.md, Forests).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "triage/tools/learn.h"

namespace triage {

// What learns to choose. All say what is expected of each model, so a price chooses among all of them.
enum class ForestsLearner {
  kSeven,                  // the seven forests
  kPairwise,               // for each pair of models a forest that votes, rows weighted by what is at stake
  kNearest,                // means over the nearest neighbours among the training inputs
  kBoostedRegression,      // for each model boosted trees that predict what is lost with it
  kBoostedClassification,  // for each model boosted trees that say whether it is nearly the best
};
inline constexpr std::array<ForestsLearner, 5> kForestsLearners{
    ForestsLearner::kSeven, ForestsLearner::kPairwise, ForestsLearner::kNearest,
    ForestsLearner::kBoostedRegression, ForestsLearner::kBoostedClassification};
// "seven-forests", "pairwise", "knn", "boosted-regression", "boosted-classification".
[[nodiscard]] std::string_view to_string(ForestsLearner learner);
// Throws kUsage for any other text.
[[nodiscard]] ForestsLearner parse_forests_learner(std::string_view text);

// Pairs of models and boosted trees of each take too much space beyond.
inline constexpr std::size_t kMostModelsApart = 64;

struct ForestsOptions {
  ForestsLearner learner = ForestsLearner::kSeven;
  std::size_t trees = 100;  // of each forest; of boosted trees, for each model
  // Which setting a request without a price gets: the one of highest expected worth, or the one of this
  // price, when it is set; score a unit of cost.
  std::optional<double> price = std::nullopt;
  // Of run times with a cutoff: whether short runs of some models before the choice, and one of the second
  // choice behind it, may be planned where training shows that they help.
  bool schedule = true;
};

// On rows on which every model was run, or some of them. Throws kUsage for a table whose features are not
// those of a table that was imported, or without any, for fewer than 20 rows, and for more than
// kMostModelsApart models where the learner treats them apart.
[[nodiscard]] std::unique_ptr<Policy> train_forests_policy(const Table& table, Rows rows,
                                                           const LearnOptions& learn = {},
                                                           const ForestsOptions& options = {});

}  // namespace triage
