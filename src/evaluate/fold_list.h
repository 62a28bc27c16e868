// The folds of an evaluation, each with what is known from its training part.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/zero_router.h"
#include "triage/tools/evaluate.h"

namespace triage {

struct Fold {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> test;
  // Learned from `train` alone, shape (m) each:
  std::vector<double> costs;
  std::vector<double> scores;
  ModelIndex sbs = kNoModel;
  ModelIndex cheapest_equal = kNoModel;
  ModelIndex cheapest = kNoModel;
  ZeroRouter router;
  // Milliseconds per input that the driver takes to ask a policy that always runs the same model: the zero
  // router is charged it too.
  double asking_ms = 0;
  double reading_ms = 0;  // what a reading of the clock takes
};

// One fold for each value of `fold_of`; without any, one whose two parts are both the whole table.
[[nodiscard]] std::vector<Fold> make_fold_list(const Table& table, std::span<const std::int32_t> fold_of,
                                               const EvaluateOptions& options);

// For a premodel that is a network, makes its selector the one of this fold: a network that saw the inputs
// that test it would be judged by what it remembers. Throws kUsage when there is none.
void take_selector_of_fold(const Table& table, const Fold& fold, PremodelOptions& premodel);

// Each input's optimum by its fold's training costs, shape (n).
[[nodiscard]] std::vector<ModelIndex> optimum_by_fold(const Table& table, std::span<const Fold> folds,
                                                      Criterion criterion);

}  // namespace triage
