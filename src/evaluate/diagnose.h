// Looks into the replays once the verdict is known: breakdown, reliability, decisions.
#pragma once

#include <span>

#include "evaluate/baselines.h"
#include "evaluate/decisions.h"

namespace triage {

// Fills Evaluation's breakdown, reliability and decisions. SBS is shown beside the cascade, the adaptive
// policy and the recommended method or, where there are any, beside the finished policies. `policies` are
// those behind methods, as far as they are known; kinds that do not look in an order are passed over.
void diagnose(const Table& table, std::span<const Fold> folds, std::span<const Entry> entries,
              std::span<const MethodPolicies> policies, const EvaluateOptions& options,
              Evaluation& evaluation);

}  // namespace triage
