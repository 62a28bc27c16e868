// Scenarios of the Algorithm Selection Library as profiles (docs/formats.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "triage/terms.h"

namespace triage {

struct AslibOptions {
  std::string measure{};           // the performance measure to judge by; empty: the first of the scenario
  std::int64_t cv_repetition = 1;  // whose folds of cv.arff are the official ones
  bool feature_costs = false;      // whether features cost what feature_costs.arff says; else nothing
};

struct AslibSummary {
  std::size_t instances = 0, algorithms = 0;
  std::size_t features = 0, groups = 0;  // groups are the steps that compute features
  std::size_t folds = 0;
  std::size_t missing_cells = 0;     // pairs of an instance and an algorithm without a run
  std::size_t without_features = 0;  // instances of which all features are missing
  Terms terms;
};

// Reads a folder with description.txt and ARFF files, and writes a profile to `out`, whole or not at all.
// Throws kIo, also for a file that is missing; kData with file, line and column of what is wrong; kUsage for
// options that do not fit the scenario and where `out` exists.
AslibSummary import_aslib(const std::filesystem::path& folder, const AslibOptions& options,
                          const std::filesystem::path& out);

}  // namespace triage
