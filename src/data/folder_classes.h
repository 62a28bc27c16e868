// Which class each sub-folder of a data set stands for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "triage/tools/dataset.h"

namespace triage {

struct ClassFolder {
  std::string name;
  Label label = kNoLabel;
  std::vector<std::string> files;  // its pictures, relative to the data folder; sorted
};

struct ClassFolders {
  std::vector<ClassFolder> folders;  // sorted by name
  LabelMapping mapping;
};

// A folder per class, matched to `options.classes` by name, number or place, in this order. Folders without
// pictures are no classes, but hold a place where only so there are as many as classes. Throws kData where
// some folders have a class and others none, or none has and there are fewer or more folders than classes;
// for several folders of one class; and for a folder that holds data sets (train, val) in the place of
// classes.
[[nodiscard]] ClassFolders match_class_folders(const std::filesystem::path& folder,
                                               const DatasetOptions& options);

}  // namespace triage
