// Reasons not to take an evaluation's figures at face value.
#pragma once

#include <cstddef>
#include <string>

#include "triage/tools/method.h"
#include "triage/types.h"

namespace triage {

enum class WarningKind {
  kLabelsOfModel,   // labels are the answers of Evaluation::labels_from
  kAtChance,        // the models `text` are right no more often than guessing, which is right on `share`
  kFailedInputs,    // `inputs` on which some model failed are left out of every figure
  kTraining,        // of training in folds: `text`
  kNotCombined,     // adaptive and cascade routing are left out: they need `inputs` a fold and all outputs
  kTrainedOnSome,   // the policy was trained on `inputs` of these
  kCalibratedHere,  // it was calibrated on these very inputs
  kTrainedHere,     // it was trained on them
  kTrainedLeftOut,  // it was trained on `inputs` of these, which are left out
  kTrainedUnknown,  // it does not name its training inputs, so that none could be left out
  kOtherCriterion,  // it was trained for `criterion`
  kOtherLabels,     // with the answers of the model `text`; empty: with the inputs' own
  kOtherMachine     // with times of the machine `text`
};
struct Warning {
  WarningKind kind = WarningKind::kTraining;
  MethodId method = {};  // of those about a policy
  std::size_t inputs = 0;
  Criterion criterion = Criterion::kTop1;
  double share = 0;  // 0..1
  std::string text = {};
  friend bool operator==(const Warning&, const Warning&) = default;
};

}  // namespace triage
