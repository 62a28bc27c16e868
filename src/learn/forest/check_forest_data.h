// What training refuses, whatever learns.
#pragma once

#include "learn/forest/forest.h"

namespace triage {

// Throws kUsage for data of which the parts do not fit together, or that say nothing of a model.
void check_forest_data(const ForestData& data);
// Throws kUsage unless each row has a fold, from 0, and there are two.
void check_inner_folds(const ForestData& data);
// Throws kUsage for options out of range, and for more models than the learner can treat apart.
void check_forest_options(const ForestData& data, const ForestOptions& options);

}  // namespace triage
