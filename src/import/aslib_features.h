// Features of a scenario of the Algorithm Selection Library: their values, how the steps that compute them
// ended, and what these cost.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "import/aslib_description.h"
#include "import/aslib_runs.h"
#include "triage/types.h"

namespace triage {

struct AslibFeatures {
  FeatureSchema schema;                    // its groups are the steps that features belong to
  std::vector<std::vector<float>> values;  // (instances, features) NaN where missing
  std::vector<std::vector<float>> costs;   // (instances, groups) seconds; (instances, 0) where not asked for
};

// A feature belongs to the first step that provides it. It is missing where that step did not end well, where
// its value is infinite, and on instances without a row; of several repetitions it is the mean. Rows of
// instances without runs are left out. Throws kIo, kData.
[[nodiscard]] AslibFeatures read_aslib_features(const std::filesystem::path& folder,
                                                const std::vector<AslibStep>& steps,
                                                const AslibNames& instances, bool with_costs);

}  // namespace triage
