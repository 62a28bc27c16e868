// Data sets of image files: labelled by a CSV, by the sub-folder that they are in, or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>

#include "data/label_csv.h"
#include "data/sources.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

struct Item {
  std::size_t folder;  // index into the list of folders
  std::string id;      // path relative to it, with forward slashes
  Label label;
};

class FolderDataset final : public Dataset {
 public:
  FolderDataset(std::vector<fs::path> folders, std::vector<Item> items, std::vector<std::string> label_names)
      : folders_(std::move(folders)), items_(std::move(items)), label_names_(std::move(label_names)) {}
  [[nodiscard]] std::size_t size() const override { return items_.size(); }
  [[nodiscard]] std::string id(std::size_t i) const override { return items_[i].id; }
  [[nodiscard]] Label label(std::size_t i) const override { return items_[i].label; }
  [[nodiscard]] Image load(std::size_t i, const DecodeOptions& options) const override {
    const fs::path file = folders_[items_[i].folder] / items_[i].id;
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) {  // reading a pipe would block
      throw Error(ErrorCode::kIo,
                  fmt::format("{}: is a pipe, device or folder, expected a regular file", file.string()));
    }
    return read_image(file, options);
  }
  [[nodiscard]] std::vector<std::string> label_names() const override { return label_names_; }

 private:
  std::vector<fs::path> folders_;
  std::vector<Item> items_;
  std::vector<std::string> label_names_;
};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// The names of the entries that `wanted` accepts, sorted, hidden ones left out.
template <class Wanted>
std::vector<std::string> list(const fs::path& folder, Wanted wanted) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_hidden(entry.path()) && wanted(entry)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_folder(const fs::directory_entry& entry) { return entry.is_directory(); }
bool is_image(const fs::directory_entry& entry) {
  return has_image_extension(entry.path()) && entry.is_regular_file();  // reading a pipe would block
}

// Adds every image below `folder` / `below`, sorted by path.
void add_tree(const fs::path& folder, std::size_t k, const std::string& below, Label label,
              std::vector<Item>& items) {
  std::vector<std::string> ids;
  fs::recursive_directory_iterator entry(folder / below);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (is_image(*entry)) {
      ids.push_back(entry->path().lexically_relative(folder).generic_string());
    }
  }
  std::sort(ids.begin(), ids.end());
  for (std::string& id : ids) items.push_back({k, std::move(id), label});
}

void add_csv(const fs::path& csv, std::size_t k, bool require_labels, std::vector<Item>& items) {
  for (CsvRow& row : read_label_csv(csv, require_labels))
    items.push_back({k, std::move(row.file), row.label});
}

// A folder per class. Every folder of the data set must have the same classes, since ids are positions among
// their names.
void add_classes(const DatasetOptions& options, std::size_t k, std::vector<std::string>& classes,
                 std::vector<Item>& items) {
  const fs::path& folder = options.data[k];
  const std::vector<std::string> found = list(folder, is_folder);
  const std::vector<std::string> loose = list(folder, is_image);
  if (options.require_labels && found.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: no labels, expected a sub-folder per class or a CSV of file,label; name the CSV",
                    folder.string()));
  }
  if (options.require_labels && !loose.empty()) {
    throw Error(ErrorCode::kData, fmt::format("{}: {} images outside the class folders, such as {}, expected "
                                              "none; move them, or name a CSV of file,label",
                                              folder.string(), loose.size(), loose.front()));
  }
  if (k == 0) classes = found;
  const bool same_classes = found == classes;
  if (options.require_labels && !same_classes) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: classes are {}, expected {} as in {}; give every folder the same sub-folders",
                    folder.string(), fmt::join(found, ", "), fmt::join(classes, ", "),
                    options.data.front().string()));
  }
  for (const std::string& name : loose) items.push_back({k, name, kNoLabel});
  for (std::size_t c = 0; c < found.size(); ++c)
    add_tree(folder, k, found[c], same_classes ? static_cast<Label>(c) : kNoLabel, items);
}

void check_unique(const std::vector<fs::path>& folders, const std::vector<Item>& items) {
  std::unordered_set<std::string_view> ids;
  for (const Item& item : items) {
    if (ids.insert(item.id).second) continue;
    throw Error(ErrorCode::kData, fmt::format("{}: image {} is in an earlier folder too, expected different "
                                              "names since they name the inputs; rename one",
                                              folders[item.folder].string(), item.id));
  }
}

}  // namespace

std::unique_ptr<Dataset> open_folders(const DatasetOptions& options) {
  std::vector<Item> items;
  std::vector<std::string> classes;
  try {
    for (std::size_t k = 0; k < options.data.size(); ++k) {
      if (options.labels.empty()) {
        add_classes(options, k, classes, items);
      } else {
        add_csv(options.labels[k], k, options.require_labels, items);
      }
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be read ({}), expected a folder; check its permissions",
                            error.path1().string(), error.code().message()));
  }
  if (items.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: holds no images, expected .jpg, .png, .webp, .ppm or .pgm files; check the path",
                    options.data.front().string()));
  }
  check_unique(options.data, items);
  return std::make_unique<FolderDataset>(options.data, std::move(items), std::move(classes));
}

}  // namespace triage
