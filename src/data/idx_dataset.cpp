// Data sets of the MNIST family: files of equally sized gray images, files of labels beside them.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/files.h"
#include "data/idx_file.h"
#include "data/sources.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

struct Part {
  std::string name;       // of the image file
  std::size_t first = 0;  // index of its first image in the data set
  IdxFile images;
  std::vector<std::uint8_t> labels;  // empty: none
};

class IdxDataset final : public Dataset {
 public:
  IdxDataset(std::vector<Part> parts, std::size_t size) : parts_(std::move(parts)), size_(size) {}

  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] std::string id(std::size_t i) const override {
    const Part& part = part_of(i);
    return fmt::format("{}#{}", part.name, i - part.first);
  }
  [[nodiscard]] Label label(std::size_t i) const override {
    const Part& part = part_of(i);
    return part.labels.empty() ? kNoLabel : part.labels[i - part.first];
  }
  [[nodiscard]] Image load(std::size_t i, const DecodeOptions& options) const override {
    const Part& part = part_of(i);
    const std::size_t height = part.images.sizes[1];
    const std::size_t width = part.images.sizes[2];
    const std::size_t n_pixels = height * width;
    if (n_pixels > static_cast<std::size_t>(std::max<std::int64_t>(0, options.max_pixels))) {
      throw Error(ErrorCode::kImageTooLarge,
                  fmt::format("{}: is {} x {} pixels, expected at most {} pixels; raise the limit", id(i),
                              width, height, options.max_pixels));
    }
    const std::uint8_t* pixels = part.images.values.data() + (i - part.first) * n_pixels;
    return {static_cast<int>(width), static_cast<int>(height), 1, {pixels, pixels + n_pixels}};
  }
  [[nodiscard]] std::vector<std::string> label_names() const override { return {}; }

 private:
  [[nodiscard]] const Part& part_of(std::size_t i) const {
    const auto behind = std::upper_bound(parts_.begin(), parts_.end(), i,
                                         [](std::size_t at, const Part& part) { return at < part.first; });
    return *(behind - 1);
  }

  std::vector<Part> parts_;
  std::size_t size_;
};

// The label file that the MNIST family has beside an image file; empty when the name follows no such pattern.
fs::path labels_beside(const fs::path& images) {
  constexpr std::string_view kImages = "images-idx3";
  std::string name = images.filename().string();
  const std::size_t at = name.find(kImages);
  if (at == std::string::npos) return {};
  return images.parent_path() / name.replace(at, kImages.size(), "labels-idx1");
}

// The label file of image file `k`, or an empty path when there are to be no labels.
fs::path labels_of(const DatasetOptions& options, std::size_t k) {
  if (!options.labels.empty()) return options.labels[k];
  const fs::path beside = labels_beside(options.data[k]);
  if (!beside.empty() && path_exists(beside)) return beside;
  if (!options.require_labels) return {};
  throw Error(ErrorCode::kData,
              fmt::format("{}: no labels, expected a file {} beside it; name its label file",
                          options.data[k].string(),
                          beside.empty() ? "...-labels-idx1-ubyte" : beside.filename().string()));
}

Part read_part(const fs::path& images, const fs::path& labels) {
  Part part;
  part.name = images.filename().string();
  part.images = read_idx(images, 3);
  if (labels.empty()) return part;
  part.labels = read_idx(labels, 1).values;
  if (part.labels.size() != part.images.sizes[0]) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: {} labels, expected {} as in {}; pair each image file with its own labels",
                            labels.string(), part.labels.size(), part.images.sizes[0], images.string()));
  }
  return part;
}

}  // namespace

std::unique_ptr<Dataset> open_idx(const DatasetOptions& options) {
  std::vector<Part> parts;
  std::set<std::string> names;
  std::size_t size = 0;
  for (std::size_t k = 0; k < options.data.size(); ++k) {
    Part part = read_part(options.data[k], labels_of(options, k));
    if (!names.insert(part.name).second) {
      throw Error(
          ErrorCode::kData,
          fmt::format("{}: a second file named {}, expected different names since they name the inputs; "
                      "rename one",
                      options.data[k].string(), part.name));
    }
    part.first = size;
    size += part.images.sizes[0];
    parts.push_back(std::move(part));
  }
  return std::make_unique<IdxDataset>(std::move(parts), size);
}

}  // namespace triage
