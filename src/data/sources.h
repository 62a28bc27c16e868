// The two kinds of data sets; open_dataset.cpp chooses between them.
#pragma once

#include <memory>

#include "triage/tools/dataset.h"

namespace triage {

// options.data are folders, respectively IDX image files; options.range is left to the caller.
[[nodiscard]] std::unique_ptr<Dataset> open_folders(const DatasetOptions& options);
[[nodiscard]] std::unique_ptr<Dataset> open_idx(const DatasetOptions& options);

}  // namespace triage
