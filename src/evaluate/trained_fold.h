// What cross-validation trains from one fold's training part.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluate/fold_list.h"
#include "evaluate/stage_accuracy.h"

namespace triage {

struct TrainedFold {
  TrainedPremodel premodel;
  std::unique_ptr<Policy> shuffled;
  std::unique_ptr<Policy> cascade;
  std::vector<std::unique_ptr<Policy>> cascades_of;  // of exactly 2 models, of exactly 3
  std::unique_ptr<Policy> cascade_routing;
  std::unique_ptr<Policy> forests;
  std::vector<std::unique_ptr<Policy>> learners;  // as EvaluateOptions::learners; null as above
  std::unique_ptr<Policy> ladder;
  std::unique_ptr<Policy> adaptive;
  PolicyKind auto_kind = PolicyKind::kSingleBest;  // which training chooses by itself
  std::unique_ptr<Policy> auto_own;                // where that is none of the above

  // That of the above which is of this kind, null where there is none.
  [[nodiscard]] const Policy* find(PolicyKind kind) const;
  [[nodiscard]] const Policy& auto_policy() const { return auto_own ? *auto_own : *find(auto_kind); }
  std::vector<std::unique_ptr<Policy>> sweep;
  std::vector<std::unique_ptr<Policy>> variants;
  std::vector<ModelIndex> selected;
  std::vector<double> costs;  // (m) of the kind that the premodel saves
  ModelIndex majority = kNoModel;
  ModelIndex fallback = kNoModel;
  std::vector<std::string> warnings;
};

// Prices of the cascades' sweep: a grid in score per millisecond that does not depend on the data, wide
// enough for models of a microsecond and of a minute; for another cost in its unit, by what a millisecond
// costs of it on average.
[[nodiscard]] std::vector<double> sweep_prices(const Table& table, const CostWeights& cost);

// Whether any model said how sure it is of anything.
[[nodiscard]] bool has_confidences(const Table& table);
// Whether a premodel can be trained: it asks all of its features, of which none may be missing.
[[nodiscard]] bool can_ask_features(const Table& table);

// What the fold's premodel was taught.
[[nodiscard]] StageTruth truth_of(const Table& table, const TrainedFold& trained,
                                  const EvaluateOptions& options);

[[nodiscard]] TrainedFold train_fold(const Table& table, const Fold& fold, const EvaluateOptions& options);

}  // namespace triage
