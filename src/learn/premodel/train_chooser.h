// What a premodel is made of (`knn`, `dt.svm.knn`), and the training of each part, hyper-parameters included.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "learn/premodel/labelled_rows.h"
#include "policy/premodel_policy.h"

namespace triage {

enum class ChooserKind { kKnn, kTree, kSvm };

struct PremodelKind {
  PremodelForm form = PremodelForm::kChain;
  std::vector<ChooserKind> stages;  // a multi-class premodel has one

  // Of stage i of a chain; the last one named is repeated.
  [[nodiscard]] ChooserKind stage(std::size_t i) const {
    return i < stages.size() ? stages[i] : stages.back();
  }
};
// "knn", "dt" or "svm" is one chooser among all models; several of them with dots between, a chain. Throws
// kUsage.
[[nodiscard]] PremodelKind parse_premodel_kind(std::string_view text);

inline constexpr std::size_t kSvmRows = 5000;        // that an SVM is trained on, at most, unless `full`
inline constexpr std::size_t kSvmSearchRows = 2000;  // of these, that its options are searched on

struct ChooserTraining {
  std::uint64_t seed = 0;                       // of inner folds and subsets
  bool full = false;                            // all rows for the SVM, however long it takes
  VoteWeights weights = VoteWeights::kUniform;  // of neighbours
  std::stop_token stop = {};                    // polled before every fit
};
struct TrainedChooser {
  Chooser chooser;
  ChooserFacts facts;
};
// Throws kInterrupted.
[[nodiscard]] TrainedChooser train_chooser(ChooserKind kind, const LabelledRows& rows,
                                           const ChooserTraining& training);

}  // namespace triage
