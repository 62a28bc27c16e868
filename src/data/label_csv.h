// Label files: lines of a picture and its class, as people's tools write them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "triage/tools/dataset.h"

namespace triage {

struct CsvRow {
  std::string file;  // relative to the data folder, with forward slashes
  Label label = kNoLabel;
};

struct LabelCsv {
  std::vector<CsvRow> rows;
  // Numbers and names that labels were read from; `warnings` say what was not taken as it is written.
  LabelMapping mapping;
  std::vector<std::string> names;  // of the classes by number, where labels are classes by place; else empty
};

// Fields are parted by commas, semicolons, tabs or blanks, whichever makes a table with a column of files and
// one of labels. A first line whose label is none is a header. Files are looked for in `folder`: as written,
// with backslashes as slashes, without the leading folders that are not there, without an extension or in
// another case where that is one file; what is not found stays as written, and fails when it is loaded.
// Labels are class numbers, names or WordNet ids; texts that are none of these, as many as classes, are
// classes by their places in the alphabet. Throws kData, naming the line.
[[nodiscard]] LabelCsv read_label_csv(const std::filesystem::path& csv, const std::filesystem::path& folder,
                                      const ClassList& classes, bool require_labels);

}  // namespace triage
