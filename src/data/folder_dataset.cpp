// Data sets of image files: labelled by a CSV, by the sub-folder that they are in, or not at all.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <unordered_set>

#include "data/folder_classes.h"
#include "data/image_tree.h"
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
  FolderDataset(std::vector<fs::path> folders, std::vector<Item> items, std::vector<std::string> label_names,
                LabelMapping mapping)
      : folders_(std::move(folders)),
        items_(std::move(items)),
        label_names_(std::move(label_names)),
        mapping_(std::move(mapping)) {}
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
  [[nodiscard]] LabelMapping label_mapping() const override { return mapping_; }

 private:
  std::vector<fs::path> folders_;
  std::vector<Item> items_;
  std::vector<std::string> label_names_;
  LabelMapping mapping_;
};

// What the folders of a data set come to.
struct Contents {
  std::vector<Item> items;
  std::vector<std::string> names;  // of classes by place: sub-folders, or labels of label files
  LabelMapping mapping;
};

void append(std::vector<std::string>& to, std::vector<std::string>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// One folder's mapping added to those before it; said where it is another.
void add_mapping(const DatasetOptions& options, std::size_t k, LabelMapping& all, LabelMapping& one) {
  if (all.by != LabelsBy::kNothing && one.by != LabelsBy::kNothing && one.by != all.by) {
    one.notes.push_back(fmt::format("{}: labels are read by {}, unlike those before, which are read by {}",
                                    options.data[k].string(), labels_by_word(one.by),
                                    labels_by_word(all.by)));
    if (!one.examples.empty()) {
      const auto& [text, label] = one.examples.front();
      one.notes.back() += fmt::format(": '{}' is {}", text, label);
    }
  }
  if (all.by == LabelsBy::kNothing) all.by = one.by;
  if (all.examples.empty()) all.examples = std::move(one.examples);
  append(all.warnings, one.warnings);
  append(all.notes, one.notes);
}

void add_csv(const DatasetOptions& options, std::size_t k, Contents& contents) {
  LabelCsv csv = read_label_csv(options.labels[k], options.data[k], options.classes, options.require_labels);
  if (k == 0) contents.names = csv.names;
  if (!csv.names.empty() && !contents.names.empty() && csv.names != contents.names) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: classes are {}, expected those of {}; give every label file the same classes",
                    options.labels[k].string(), fmt::join(csv.names, ", "), options.labels.front().string()));
  }
  for (CsvRow& row : csv.rows) contents.items.push_back({k, std::move(row.file), row.label});
  add_mapping(options, k, contents.mapping, csv.mapping);
}

void expect_class_folders(const fs::path& folder, const std::vector<ClassFolder>& found,
                          const std::vector<std::string>& loose) {
  if (found.empty() && loose.empty()) {
    throw Error(ErrorCode::kData, fmt::format("{}: holds no images, expected {} files; check the path",
                                              folder.string(), image_extensions()));
  }
  if (found.empty()) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: no labels, expected a sub-folder per class or a CSV of file,label; name the CSV",
                    folder.string()));
  }
  if (!loose.empty()) {
    throw Error(ErrorCode::kData, fmt::format("{}: {} images outside the class folders, such as {}, expected "
                                              "none; move them, or name a CSV of file,label",
                                              folder.string(), loose.size(), loose.front()));
  }
}

// A folder per class. Those that are classes by their places have to be the same ones in every folder.
void add_classes(const DatasetOptions& options, std::size_t k, Contents& contents) {
  const fs::path& folder = options.data[k];
  ClassFolders classes = match_class_folders(folder, options);
  const ImageTree loose = list_images(folder, {}, false);
  if (options.require_labels) expect_class_folders(folder, classes.folders, loose.files);
  std::vector<std::string> found;
  for (const ClassFolder& each : classes.folders) found.push_back(each.name);
  bool same = true;
  if (classes.mapping.by == LabelsBy::kPosition) {
    if (k == 0) contents.names = found;
    same = found == contents.names;
    if (options.require_labels && !same) {
      throw Error(
          ErrorCode::kData,
          fmt::format("{}: classes are {}, expected {} as in {}; give every folder the same sub-folders",
                      folder.string(), fmt::join(found, ", "), fmt::join(contents.names, ", "),
                      options.data.front().string()));
    }
  }
  for (const std::string& name : loose.files) contents.items.push_back({k, name, kNoLabel});
  for (ClassFolder& each : classes.folders) {
    for (std::string& file : each.files) {
      contents.items.push_back({k, std::move(file), same ? each.label : kNoLabel});
    }
  }
  if (const std::string text = loose.left_out.text(); !text.empty()) {
    classes.mapping.notes.push_back(
        fmt::format("{}: left out beside the folders: {}", folder.string(), text));
  }
  add_mapping(options, k, contents.mapping, classes.mapping);
}

// Numbers of a label file that run from 1 up to the number of classes, none of them 0, count from 1.
void settle_first_label(const DatasetOptions& options, Contents& contents) {
  if (options.labels.empty() || contents.mapping.by != LabelsBy::kNumber) return;
  Label least = std::numeric_limits<Label>::max();
  Label largest = kNoLabel;
  for (const Item& item : contents.items) {
    if (item.label == kNoLabel) continue;
    least = std::min(least, item.label);
    largest = std::max(largest, item.label);
  }
  const bool from_1 = least >= 1 && options.classes.count > 0 && largest == options.classes.count;
  const Label first = options.first_label.value_or(from_1 ? 1 : 0);
  if (largest == kNoLabel || first == 0) return;
  if (least < first) {
    throw Error(ErrorCode::kData, fmt::format("{}: label {}, expected numbers from {} as first_label says",
                                              options.labels.front().string(), least, first));
  }
  for (Item& item : contents.items) item.label -= item.label == kNoLabel ? 0 : first;
  for (auto& [text, label] : contents.mapping.examples) label -= first;
  contents.mapping.by = LabelsBy::kNumberFrom1;
}

std::size_t count_classes(const std::vector<Item>& items) {
  std::unordered_set<Label> classes;
  for (const Item& item : items) classes.insert(item.label);
  return classes.size() - classes.count(kNoLabel);
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
  Contents contents;
  for (std::size_t k = 0; k < options.data.size(); ++k) {
    if (options.labels.empty()) {
      add_classes(options, k, contents);
    } else {
      add_csv(options, k, contents);
    }
  }
  if (contents.items.empty()) {
    throw Error(ErrorCode::kData, fmt::format("{}: holds no images, expected {} files; check the path",
                                              options.data.front().string(), image_extensions()));
  }
  check_unique(options.data, contents.items);
  settle_first_label(options, contents);
  contents.mapping.n_classes = count_classes(contents.items);
  return std::make_unique<FolderDataset>(options.data, std::move(contents.items), std::move(contents.names),
                                         std::move(contents.mapping));
}

}  // namespace triage
