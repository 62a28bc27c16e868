#include "data/folder_classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "data/class_matcher.h"
#include "data/image_tree.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExamples = 3;
constexpr std::size_t kNamed = 5;
constexpr std::array<std::string_view, 10> kParts{"train", "training", "val",  "valid",  "validation",
                                                  "test",  "testing",  "eval", "images", "dev"};

// The first few of a list, and how many more there are.
std::string some(const std::vector<std::string>& names) {
  const std::size_t n = std::min(names.size(), kNamed);
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(n);
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "),
                     n < names.size() ? fmt::format(" and {} more", names.size() - n) : "");
}

std::vector<std::string> names_of(const std::vector<ClassFolder>& folders) {
  std::vector<std::string> names;
  for (const ClassFolder& each : folders) names.push_back(each.name);
  return names;
}

class Matching {
 public:
  Matching(const fs::path& folder, const DatasetOptions& options)
      : folder_(folder),
        classes_(options.classes),
        matcher_(options.classes),
        first_label_(options.first_label),
        strict_(options.require_labels) {}

  ClassFolders run() {
    LeftOutFiles left_out;
    for (std::string& name : list_folders(folder_, left_out)) {
      ImageTree tree = list_images(folder_, name);
      left_out.add(tree.left_out);
      auto& list = tree.files.empty() ? empty_ : out_.folders;
      list.push_back({std::move(name), kNoLabel, std::move(tree.files)});
    }
    if (!by_names()) {
      if (strict_) expect_classes();
      if (!by_numbers()) by_places();
    }
    note_empty();
    if (const std::string text = left_out.text(); !text.empty()) {
      out_.mapping.notes.push_back(fmt::format("{}: left out: {}", folder_.string(), text));
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error error(std::string_view found, std::string_view expected) const {
    return {ErrorCode::kData, fmt::format("{}: {}, expected {}", folder_.string(), found, expected)};
  }

  void take(LabelsBy by) {
    out_.mapping.by = by;
    for (const ClassFolder& each : out_.folders) {
      if (out_.mapping.examples.size() < kExamples) out_.mapping.examples.emplace_back(each.name, each.label);
    }
  }

  // Data sets in the place of classes: DATA/train, or DATA/DATA of an archive.
  void expect_classes() const {
    std::vector<std::string> parts;
    for (const ClassFolder& each : out_.folders) {
      const bool part = std::find(kParts.begin(), kParts.end(), loose_name(each.name)) != kParts.end();
      if (part || out_.folders.size() == 1) parts.push_back(each.name);
    }
    if (parts.empty() || parts.size() != out_.folders.size()) return;
    for (const ClassFolder& each : out_.folders) {
      LeftOutFiles ignored;
      const fs::path inner = folder_ / each.name;
      const std::size_t n = list_folders(inner, ignored).size();
      if (n < 2) continue;
      throw error(
          fmt::format("holds {}, which {} ({} has {} folders)", some(parts),
                      parts.size() == 1 ? "is a data set and no class" : "are data sets and no classes",
                      each.name, n),
          fmt::format("a folder per class; give {}", inner.string()));
    }
  }

  // False where no folder has a class's name.
  bool by_names() {
    if (!matcher_.has_names()) return false;
    std::vector<std::string> unknown, ambiguous;
    std::map<Label, std::string> taken;
    for (ClassFolder& each : out_.folders) {
      each.label = matcher_.find(each.name);
      if (matcher_.is_ambiguous(each.name)) ambiguous.push_back(each.name);
      if (each.label == kNoLabel) unknown.push_back(each.name);
      if (each.label == kNoLabel) continue;
      const auto [same, fresh] = taken.emplace(each.label, each.name);
      if (!fresh && strict_) {
        throw error(fmt::format("{} and {} both are class {} ({})", same->second, each.name, each.label,
                                classes_.names[static_cast<std::size_t>(each.label)]),
                    "one folder for each class; put them together, or name a CSV of file,label");
      }
    }
    if (!ambiguous.empty() && strict_) {
      throw error(fmt::format("{} may be several classes", some(ambiguous)),
                  "names of one class each; name the folders by WordNet ids or class numbers, or name a CSV "
                  "of file,label");
    }
    if (taken.empty()) return false;
    if (!unknown.empty() && strict_) {
      throw error(
          fmt::format("{} of {} folders have no class's name: {}", unknown.size(), out_.folders.size(),
                      some(unknown)),
          fmt::format("names of classes such as {}; rename or remove them, or name a CSV of file,label",
                      some(classes_.names)));
    }
    take(LabelsBy::kName);
    return true;
  }

  bool by_numbers() {
    std::map<Label, std::string> taken;
    for (ClassFolder& each : out_.folders) {
      const auto number = parse_class_number(each.name);
      if (!number) return false;
      const auto [same, fresh] = taken.emplace(*number, each.name);
      if (!fresh)
        throw error(fmt::format("{} and {} are one number", same->second, each.name),
                    "one folder for each class");
    }
    if (taken.empty()) return false;
    const Label first = first_number(taken.begin()->first, taken.rbegin()->first);
    for (ClassFolder& each : out_.folders) each.label = *parse_class_number(each.name) - first;
    take(first == 0 ? LabelsBy::kNumber : LabelsBy::kNumberFrom1);
    return true;
  }

  [[nodiscard]] Label first_number(Label least, Label largest) const {
    if (first_label_) return *first_label_;
    // Folders are all there is: 1 to 10 for 10 classes, and no 0, also where their number is not told.
    const bool full = classes_.count > 0 ? largest == classes_.count : largest == std::ssize(out_.folders);
    return least == 1 && full ? 1 : 0;
  }

  // A folder's place among the sorted names, as other tools have it.
  void by_places() {
    const auto n = static_cast<std::size_t>(classes_.count);
    if (classes_.count > 0 && out_.folders.size() != n && out_.folders.size() + empty_.size() == n) {
      out_.folders.insert(out_.folders.end(), empty_.begin(), empty_.end());
      empty_.clear();
      std::sort(out_.folders.begin(), out_.folders.end(),
                [](const ClassFolder& a, const ClassFolder& b) { return a.name < b.name; });
    }
    const std::size_t found = out_.folders.size();
    if (found == 0) return;
    if (classes_.count > 0 && found != n) {
      if (!strict_) return;  // without labels, then
      throw error(fmt::format("{} folders ({}), none of which has a class's name or number", found,
                              some(names_of(out_.folders))),
                  fmt::format("folders named as the {} classes{}{}; rename them, or name a CSV of file,label",
                              n, matcher_.has_names() ? ", such as " : " by number, from 0",
                              matcher_.has_names() ? some(classes_.names) : ""));
    }
    for (std::size_t i = 0; i < found; ++i) out_.folders[i].label = static_cast<Label>(i);
    take(LabelsBy::kPosition);
    if (classes_.count == 0) return;
    out_.mapping.warnings.push_back(
        fmt::format("{}: no folder has a class's name or number, so that they are classes by their places in "
                    "the alphabet: {}; check that "
                    "the models were trained on them in this order",
                    folder_.string(), places()));
  }

  [[nodiscard]] std::string places() const {
    std::vector<std::string> pairs;
    for (std::size_t i = 0; i < out_.folders.size(); ++i) {
      const bool named = i < classes_.names.size();
      pairs.push_back(fmt::format("{} is {}{}", out_.folders[i].name, i,
                                  named ? fmt::format(" ({})", classes_.names[i]) : ""));
    }
    return some(pairs);
  }

  void note_empty() {
    if (empty_.empty()) return;
    out_.mapping.notes.push_back(fmt::format("{}: no pictures in {}, so that they are no classes",
                                             folder_.string(), some(names_of(empty_))));
  }

  const fs::path& folder_;
  const ClassList& classes_;
  ClassMatcher matcher_;
  std::optional<Label> first_label_;
  bool strict_;
  ClassFolders out_;
  std::vector<ClassFolder> empty_;  // folders without pictures
};

}  // namespace

ClassFolders match_class_folders(const fs::path& folder, const DatasetOptions& options) {
  return Matching(folder, options).run();
}

}  // namespace triage
