// Labelled images on disk, in the forms that people have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "triage/image.h"
#include "triage/tools/label_mapping.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage {

// The classes that labels are about: those of a zoo (classes_of), or what a caller knows of them.
struct ClassList {
  std::int32_t count = 0;          // 0: not known
  std::vector<std::string> names;  // by class number; empty: none are known
  std::vector<std::string> ids;    // their WordNet ids ("n01440764"); empty: none are known
};
// Number, names and ids of the classes that a zoo's classifiers tell apart.
[[nodiscard]] ClassList classes_of(const Zoo& zoo);

struct DatasetOptions {
  // Each is a folder of images, or an IDX (.gz) image file of the MNIST family. Several are concatenated in
  // the order given; all must be of the same kind.
  std::vector<std::filesystem::path> data;
  // None, or one for each of `data`, in the same order. For folders: a CSV of files and labels
  // (read_label_csv in docs/inputs.md); without, each sub-folder is a class: that of its name where `classes`
  // has it, else of its number where all are numbers, else by its place among the sorted names. For IDX: a
  // label file; without, the one beside it with `images-idx3` replaced by `labels-idx1` is taken.
  std::vector<std::filesystem::path> labels = {};
  // What labels are matched to; empty: numbers and places alone.
  ClassList classes = {};
  // Number of the first class where labels are numbers: 0 or 1. Not given: 0, or 1 where the numbers run up
  // to the number of classes and none is 0.
  std::optional<Label> first_label = {};
  // Half-open part [first, second) of the concatenated inputs.
  std::optional<std::pair<std::size_t, std::size_t>> range = {};
  // Inputs without labels are an error, unless this is false (classify): then a folder's own images, those of
  // a folder whose sub-folders are not the first one's, and CSV lines and IDX files without labels, have
  // kNoLabel.
  bool require_labels = true;
};

// What to run on, in a fixed order. Const methods are safe concurrently.
class Dataset {
 public:
  virtual ~Dataset() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  // Stable name of input i, unique in the data set: the path relative to its folder, or `<IDX file>#<index>`.
  [[nodiscard]] virtual std::string id(std::size_t i) const = 0;
  // Class id, or kNoLabel.
  [[nodiscard]] virtual Label label(std::size_t i) const = 0;
  // Decodes input i. Throws what read_image does, for that image alone.
  [[nodiscard]] virtual Image load(std::size_t i, const DecodeOptions& options) const = 0;
  // Names of the classes by number where the data set alone has them (sub-folders or labels by place), else
  // empty.
  [[nodiscard]] virtual std::vector<std::string> label_names() const = 0;
  // Inputs that belong together have the same group, see Table::groups; empty for one that stands alone.
  [[nodiscard]] virtual std::string group(std::size_t) const { return {}; }
  // How input i is resized whatever the recipes say; nothing: as they say.
  [[nodiscard]] virtual std::optional<Resampling> resampling(std::size_t) const { return std::nullopt; }
  // What was done to the pictures, as parse_perturbations reads it; empty: nothing.
  [[nodiscard]] virtual std::string perturbations() const { return {}; }
  // How labels became classes; empty for a data set that does not say.
  [[nodiscard]] virtual LabelMapping label_mapping() const { return {}; }
};

// Pictures in a folder and its sub-folders, relative to it, sorted; and what was left out, in words, such as
// "3 .txt, 1 hidden". Data sets and `classify` take the same. Throws kIo for a folder that cannot be read.
struct ImageFiles {
  std::vector<std::string> files;
  std::string left_out;  // empty: nothing
};
[[nodiscard]] ImageFiles find_image_files(const std::filesystem::path& folder);

// Throws kIo for what cannot be read, kData for malformed, empty or inconsistent content (naming file and
// line), kUsage for options that do not fit together.
[[nodiscard]] std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options);

}  // namespace triage
