// cv.arff of a scenario of the Algorithm Selection Library: the official folds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "import/aslib_runs.h"

namespace triage {

// The fold of each instance in one repetition, counted from 0. Throws kIo, kData; kUsage for a repetition
// that is not there.
[[nodiscard]] std::vector<std::int32_t> read_aslib_folds(const std::filesystem::path& folder,
                                                         const AslibNames& instances,
                                                         std::int64_t repetition);

}  // namespace triage
