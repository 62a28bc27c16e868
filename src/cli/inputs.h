// What commands are given: for `triage classify` files, folders, IDX files and a list on stdin, as one flat
// list; for the others a data set, or a part of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "triage/image.h"
#include "triage/tools/dataset.h"
#include "triage/types.h"

namespace triage::cli {

struct Input {
  std::string name;
  Label label = kNoLabel;
  std::function<Image()> load;  // throws for this input alone
};

struct InputOptions {
  std::optional<std::pair<std::size_t, std::size_t>> range;  // of each IDX file
  DecodeOptions decode;
};

// In the order of the arguments. A folder stands for every image file in it and in its sub-folders, sorted by
// path; `-` for the paths that stdin lists, one a line; a name with `idx` in it, or ending in .gz, for the
// images of that IDX file. What cannot be listed becomes an input whose load() throws, so that the rest still
// runs. Throws kUsage when options do not fit.
[[nodiscard]] std::vector<Input> list_inputs(const std::vector<std::string>& arguments,
                                             const InputOptions& options);

// open_dataset, with the first `limit` of its inputs where that is given.
[[nodiscard]] std::unique_ptr<Dataset> open_at_most(DatasetOptions options, std::optional<std::size_t> limit);

// "20000:70000" as a half-open range. Throws kUsage.
[[nodiscard]] std::pair<std::size_t, std::size_t> parse_range(const std::string& text);

}  // namespace triage::cli
