// Support vector machines with radial basis functions, by libsvm (Chang, Lin 2011), which stays in this
// layer: what it finds is copied into flat arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "learn/premodel/labelled_rows.h"
#include "policy/svm_chooser.h"

namespace triage {

struct SvmOptions {
  double c = 1;      // price of a training row on the wrong side
  double gamma = 1;  // of the kernel
};

// At least one row and at most kMaxSvmClasses classes among them. Time grows with the square of the rows.
[[nodiscard]] SvmChooser train_svm(const LabelledRows& rows, const SvmOptions& options);

struct SvmSearch {
  SvmOptions options;
  double accuracy = 0;  // of the chosen ones, over the inner folds; NaN when there were too few rows to ask
};
// The options of a small grid with the best accuracy in 3-fold cross-validation within the rows (ties: the
// lower C, then the lower gamma). Throws kInterrupted, between two fits.
[[nodiscard]] SvmSearch search_svm_options(const LabelledRows& rows, std::uint64_t seed,
                                           std::stop_token stop = {});

}  // namespace triage
