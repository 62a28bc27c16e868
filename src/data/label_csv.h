// `file,label` lines of a data set of image files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "triage/types.h"

namespace triage {

struct CsvRow {
  std::string file;  // as written, normalised
  Label label = kNoLabel;
};

// All rows, in order. A header line, blank lines, CRLF, a byte-order mark and quoted names are understood; an
// empty label gives kNoLabel, unless labels are required. Throws kIo, and kData naming file and line.
[[nodiscard]] std::vector<CsvRow> read_label_csv(const std::filesystem::path& path, bool require_labels);

}  // namespace triage
