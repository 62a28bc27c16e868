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
#include "triage/types.h"

namespace triage {

struct DatasetOptions {
  // Each is a folder of images, or an IDX (.gz) image file of the MNIST family. Several are concatenated in
  // the order given; all must be of the same kind.
  std::vector<std::filesystem::path> data;
  // None, or one for each of `data`, in the same order. For folders: a CSV with lines `file,label` (0-based
  // class id; a header line is allowed; paths relative to the folder); without, each sub-folder is a class,
  // in the order of their sorted names, the same ones in every folder. For IDX: a label file; without, the
  // one beside it with `images-idx3` replaced by `labels-idx1` is taken.
  std::vector<std::filesystem::path> labels;
  // Half-open part [first, second) of the concatenated inputs.
  std::optional<std::pair<std::size_t, std::size_t>> range;
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
  // Names of the classes where the data set has them (a folder per class), else empty.
  [[nodiscard]] virtual std::vector<std::string> label_names() const = 0;
};

// Throws kIo for what cannot be read, kData for malformed, empty or inconsistent content (naming file and
// line), kUsage for options that do not fit together.
[[nodiscard]] std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options);

}  // namespace triage
