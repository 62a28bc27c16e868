// The two kinds of data sets; open_dataset.cpp chooses between them.
#pragma once

#include <memory>

#include "triage/tools/dataset.h"

namespace triage {

// options.data lists folders for open_folders, IDX image files for open_idx; the caller applies
// options.range.
[[nodiscard]] std::unique_ptr<Dataset> open_folders(const DatasetOptions& options);
[[nodiscard]] std::unique_ptr<Dataset> open_idx(const DatasetOptions& options);

}  // namespace triage
