// The premodel's stages one by one, and its majority-class control.
#pragma once

#include <string_view>
#include <vector>

#include "eval/study.h"
#include "triage/learn.h"

namespace triage {

// Per row of `rows`: the optimum among `selected` by the costs of `fold.train`, kNoModel where none is right.
[[nodiscard]] std::vector<ModelIndex> selected_optima(const Table& table, Rows rows, const Fold& fold,
                                                      std::span<const ModelIndex> selected,
                                                      Criterion criterion);

// Model that runs when all stages say no; kNoModel refuses.
[[nodiscard]] ModelIndex fallback_model(const Table& table, const Fold& fold,
                                        std::span<const ModelIndex> selected, std::string_view fallback);

// What the chain would always run, were each stage to give the answer that is more frequent in training.
[[nodiscard]] ModelIndex majority_model(const Table& table, const Fold& fold,
                                        std::span<const ModelIndex> selected, std::string_view fallback,
                                        Criterion criterion);

// Adds the fold's test inputs to the running counts. `premodel` is one that train_premodel made in the fold;
// any other policy is left out.
struct StageCounts {
  double inputs = 0, right = 0, majority_right = 0, positives = 0;
};
void count_stages(const Table& table, const Fold& fold, const Policy& premodel,
                  std::span<const ModelIndex> selected, std::vector<StageCounts>& counts);
[[nodiscard]] std::vector<StageAccuracy> stage_accuracies(std::span<const StageCounts> counts);

}  // namespace triage
