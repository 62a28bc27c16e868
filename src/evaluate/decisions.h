// Stage by stage: who answered, and how often it was wrong to stop or to go on.
#pragma once

#include <span>
#include <vector>

#include "evaluate/fold_list.h"

namespace triage {

// The policies of a method, one per fold, and what each was asked.
struct MethodPolicies {
  MethodId method;
  std::vector<const Policy*> by_fold;
  Request request = {};
};

// Whether the policy looks at models in a fixed order, of at least two.
[[nodiscard]] bool looks_in_order(const Policy& policy);

// `replay` is that of the method. Where it stopped is taken from there; what it would have said elsewhere
// from the table, by running its order to the end.
[[nodiscard]] Decisions count_decisions(const Table& table, std::span<const Fold> folds,
                                        const MethodPolicies& policies, const Replay& replay,
                                        Criterion criterion);

}  // namespace triage
