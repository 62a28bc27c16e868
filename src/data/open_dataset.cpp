// Detects the kind of a data set, opens it and applies the range.
#include <fmt/format.h>

#include "data/sources.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

class RangeDataset final : public Dataset {
 public:
  RangeDataset(std::unique_ptr<Dataset> all, std::size_t first, std::size_t last)
      : all_(std::move(all)), first_(first), size_(last - first) {}
  [[nodiscard]] std::size_t size() const override { return size_; }
  [[nodiscard]] std::string id(std::size_t i) const override { return all_->id(first_ + i); }
  [[nodiscard]] Label label(std::size_t i) const override { return all_->label(first_ + i); }
  [[nodiscard]] Image load(std::size_t i, const DecodeOptions& options) const override {
    return all_->load(first_ + i, options);
  }
  [[nodiscard]] std::vector<std::string> label_names() const override { return all_->label_names(); }
  [[nodiscard]] LabelMapping label_mapping() const override { return all_->label_mapping(); }

 private:
  std::unique_ptr<Dataset> all_;
  std::size_t first_;
  std::size_t size_;
};

bool is_folder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be found or opened ({}), expected a folder of images or an IDX file; "
                            "check the path",
                            path.string(), error ? error.message() : "no such file"));
  }
  return fs::is_directory(status);
}

}  // namespace

ClassList classes_of(const Zoo& zoo) {
  ClassList classes{static_cast<std::int32_t>(zoo.label_names.size()), zoo.label_names, zoo.label_ids};
  for (const ModelSpec& model : zoo.models) {
    if (model.role == Role::kClassifier) classes.count = model.output.n_classes;
  }
  return classes;
}

std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options) {
  if (options.data.empty())
    throw Error(ErrorCode::kUsage, "data set: no data given, expected a folder or an IDX file; name one");
  if (!options.labels.empty() && options.labels.size() != options.data.size()) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("data set: {} label files for {} folders or image files, expected as many; name one for "
                    "each, in the same order",
                    options.labels.size(), options.data.size()));
  }
  const bool folders = is_folder(options.data.front());
  for (const fs::path& path : options.data) {
    if (is_folder(path) == folders) continue;
    throw Error(
        ErrorCode::kUsage,
        fmt::format("data set: {} is a {}, expected a {} like {}; use one kind at a time", path.string(),
                    folders ? "file" : "folder", folders ? "folder" : "file", options.data.front().string()));
  }
  std::unique_ptr<Dataset> all = folders ? open_folders(options) : open_idx(options);
  if (!options.range) return all;
  const auto [first, last] = *options.range;
  if (first >= last || last > all->size()) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("range {}:{}: expected a non-empty part of the data set's {} inputs; give A:B with "
                    "A < B <= {}",
                    first, last, all->size(), all->size()));
  }
  return std::make_unique<RangeDataset>(std::move(all), first, last);
}

}  // namespace triage
