// What the exhibits share: folds, the cross-validation of everything, and that of any variant of the
// premodel.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/fold_list.h"
#include "study/working_sizes.h"
#include "triage/tools/study.h"

namespace triage {

// A premodel trained in each fold with these options.
struct StudyVariant {
  std::string name;
  std::string about;
  PremodelOptions options;
  std::vector<std::vector<std::string>> features;  // by fold; empty: those of the options
  const Table* table = nullptr;                    // the run's with other features; nullptr: the run's
};

// The outcome of one variant, and what its training took.
struct JudgedVariant {
  StudyVariant variant;
  Method method;
  double train_ms = 0;                // mean over folds
  std::vector<std::string> selected;  // models of the first fold's Algorithm 1
};

struct StudyRun {
  const Table& table;
  const StudyOptions& options;
  SizedTables sized;
  EvaluateOptions evaluate;
  std::vector<Fold> folds;
  std::vector<ModelIndex> optima;  // (n)
  Evaluation evaluation;
};

// Checks the further tables first, since the cross-validation takes long.
[[nodiscard]] StudyRun start_run(const Table& table, const StudyOptions& options);

// The paper's premodel under the study's theta and number of neighbours.
[[nodiscard]] PremodelOptions paper_premodel(const StudyOptions& options);

// Trains every variant in every fold (in parallel) and replays it on the fold's other part (alone, since
// decisions are timed).
[[nodiscard]] std::vector<JudgedVariant> judge_variants(const StudyRun& run,
                                                        std::span<const StudyVariant> variants);

}  // namespace triage
