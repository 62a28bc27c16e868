// The premodel's stages one by one, and its majority-class control.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluate/fold_list.h"
#include "triage/tools/learn.h"

namespace triage {

// What a premodel is taught about inputs: which of the selected models it should choose.
class StageTruth {
 public:
  // `costs` (m) decide what the optimum is; all must outlive it.
  StageTruth(const Table& table, std::span<const ModelIndex> selected, std::span<const double> costs,
             Criterion criterion, PremodelLabel label)
      : table_(&table), selected_(selected), costs_(costs), criterion_(criterion), label_(label) {}
  // Whether "yes" is right at a stage.
  [[nodiscard]] bool yes(std::size_t input, std::size_t stage) const;
  // What a chain without errors chooses; kNoModel where every stage says no.
  [[nodiscard]] ModelIndex choice(std::size_t input) const;
  [[nodiscard]] std::span<const ModelIndex> selected() const { return selected_; }

 private:
  const Table* table_;
  std::span<const ModelIndex> selected_;
  std::span<const double> costs_;
  Criterion criterion_;
  PremodelLabel label_;
};

// What a premodel of that kind would always run, if it gave the answers that are most frequent in training:
// the first stage's with a majority of "yes", or the most frequent choice of a multi-class one.
[[nodiscard]] ModelIndex majority_model(const StageTruth& truth, Rows train, std::string_view kind,
                                        ModelIndex fallback);

// Adds the fold's test inputs to the running counts. `premodel` is one that train_premodel made in the fold.
// A multi-class premodel counts as one stage, right when its choice is.
struct StageCounts {
  std::string label;
  double inputs = 0, right = 0, majority_right = 0, positives = 0;
};
void count_stages(const Table& table, const Fold& fold, const Premodel& premodel, const StageTruth& truth,
                  std::vector<StageCounts>& counts);
[[nodiscard]] std::vector<StageAccuracy> stage_accuracies(std::span<const StageCounts> counts);

}  // namespace triage
