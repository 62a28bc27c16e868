// Looks into the replays once the verdict is known: breakdown, reliability, decisions.
#pragma once

#include <span>

#include "evaluate/baselines.h"
#include "evaluate/decisions.h"

namespace triage {

// Fills Evaluation's breakdown, reliability and decisions. SBS stands beside the cascade, what is
// adaptive, and what is recommended; or, where there are such, beside the finished policies. `policies` are
// those behind methods, as far as they are known; kinds that do not look in an order are passed over.
void diagnose(const Table& table, std::span<const Fold> folds, std::span<const Entry> entries,
              std::span<const MethodPolicies> policies, const EvaluateOptions& options,
              Evaluation& evaluation);

}  // namespace triage
