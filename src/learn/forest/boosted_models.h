// Boosted trees for each model apart (boosting.h) as one ensemble that predicts for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "learn/forest/boosting.h"
#include "learn/forest/grow_forest.h"

namespace triage {

// The sum of the trees' leaves for a model is what `options.loss` predicts of its targets, lower for better;
// of log-odds therefore with the sign turned. A further tree of one leaf has what predictions begin with.
// Each training row is predicted by trees that were grown without its fold. Models without a target on a row
// do not learn from it. `rows` has targets (n, m), NaN where absent, and weights; costs, means and shape are
// not read. The result does not depend on the threads. Throws kInterrupted, between two models.
[[nodiscard]] GrownForest boost_models(const TreeRows& rows, std::size_t m,
                                       std::span<const std::int32_t> fold_of, const BoostOptions& options,
                                       unsigned threads, const std::stop_token& stop);

}  // namespace triage
