#include "data/image_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "triage/error.h"
#include "triage/image.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

// Of macOS archives, disk checks, Synology, QNAP and Windows: thumbnails and left-overs, not data.
constexpr std::array<std::string_view, 7> kSystemFolders{
    "__MACOSX", "lost+found", "@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "System Volume Information"};
// The same programs' files.
constexpr std::array<std::string_view, 2> kSystemFiles{"Thumbs.db", "desktop.ini"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error unreadable(const fs::path& path, const std::error_code& error) {
  return {ErrorCode::kIo, fmt::format("{}: cannot be read ({}), expected a folder; check its permissions",
                                      path.string(), error.message())};
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) entries.push_back(*at);
  if (error) throw unreadable(folder, error);
  return entries;
}

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension.empty() ? std::string("extensionless") : extension;
}

enum class EntryKind { kFolder, kImage, kOther, kHidden, kSystem, kBrokenLink };

EntryKind kind_of(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  if (name.starts_with('.')) return EntryKind::kHidden;
  std::error_code error;
  const fs::file_status status = entry.status(error);
  if (fs::is_directory(status))
    return is_one_of(kSystemFolders, name) ? EntryKind::kSystem : EntryKind::kFolder;
  if (is_one_of(kSystemFiles, name)) return EntryKind::kHidden;
  if (entry.is_symlink() && !fs::exists(status)) return EntryKind::kBrokenLink;
  // A pipe would wait for ever.
  return has_image_extension(entry.path()) && fs::is_regular_file(status) ? EntryKind::kImage
                                                                          : EntryKind::kOther;
}

void note(const fs::directory_entry& entry, EntryKind kind, const std::string& name, LeftOutFiles& left_out) {
  if (kind == EntryKind::kHidden) ++left_out.hidden;
  if (kind == EntryKind::kSystem) left_out.system.push_back(name);
  if (kind == EntryKind::kBrokenLink) left_out.links.push_back(name);
  if (kind == EntryKind::kOther) ++left_out.by_extension[extension_of(entry.path())];
}

// Without links; empty for what is not there.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? fs::path() : real;
}

// Whether a link leads to the folder `at` (a real path), or to one above it.
bool leads_around(const fs::path& link, const fs::path& at) {
  const fs::path target = real_path(link);
  return target.empty() || at == target || at.string().starts_with(target.string() + "/");
}

class Walk {
 public:
  Walk(const fs::path& folder, ImageTree& tree) : folder_(&folder), tree_(&tree) {}

  void enter(const fs::path& at) {
    above_.push_back(real_path(at));
    for (const fs::directory_entry& entry : entries_of(at)) {
      const std::string name = entry.path().lexically_relative(*folder_).generic_string();
      const EntryKind kind = kind_of(entry);
      note(entry, kind, name, tree_->left_out);
      if (kind == EntryKind::kImage) tree_->files.push_back(name);
      if (kind != EntryKind::kFolder) continue;
      if (is_around(entry)) {
        tree_->left_out.links.push_back(name);
      } else {
        enter(entry.path());
      }
    }
    above_.pop_back();
  }

 private:
  // Whether a link leads to a folder that the walk is in, by whichever way it came.
  [[nodiscard]] bool is_around(const fs::directory_entry& entry) const {
    return entry.is_symlink() &&
           (leads_around(entry.path(), above_.back()) ||
            std::find(above_.begin(), above_.end(), real_path(entry.path())) != above_.end());
  }

  const fs::path* folder_;
  ImageTree* tree_;
  std::vector<fs::path> above_;  // the folders that the walk is in
};

}  // namespace

void LeftOutFiles::add(const LeftOutFiles& other) {
  for (const auto& [extension, n] : other.by_extension) by_extension[extension] += n;
  hidden += other.hidden;
  system.insert(system.end(), other.system.begin(), other.system.end());
  links.insert(links.end(), other.links.begin(), other.links.end());
}

std::string LeftOutFiles::text() const {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> parts;
  for (const auto& [extension, n] : by_extension) parts.push_back(fmt::format("{} {}", n, extension));
  if (hidden > 0) parts.push_back(fmt::format("{} hidden", hidden));
  const auto name_some = [&](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    const std::size_t n = std::min(names.size(), kNamed);
    parts.push_back(fmt::format(
        "{} {}{}", what, fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(n), ", "),
        names.size() > n ? fmt::format(" and {} more", names.size() - n) : ""));
  };
  name_some("system folder", system);
  name_some("link to nowhere or to itself", links);
  return fmt::format("{}", fmt::join(parts, ", "));
}

ImageTree list_images(const fs::path& folder, const std::string& below, bool deep) {
  ImageTree tree;
  if (deep) {
    Walk(folder, tree).enter(below.empty() ? folder : folder / below);
  } else {
    for (const fs::directory_entry& entry : entries_of(folder / below)) {
      const EntryKind kind = kind_of(entry);
      const std::string name = entry.path().lexically_relative(folder).generic_string();
      if (kind == EntryKind::kImage) tree.files.push_back(name);
      if (kind != EntryKind::kSystem) note(entry, kind, name, tree.left_out);
    }
  }
  std::sort(tree.files.begin(), tree.files.end());
  return tree;
}

std::vector<std::string> list_folders(const fs::path& folder, LeftOutFiles& left_out) {
  const fs::path real = real_path(folder);
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : entries_of(folder)) {
    const EntryKind kind = kind_of(entry);
    std::string name = entry.path().filename().string();
    if (kind == EntryKind::kSystem) left_out.system.push_back(name);
    if (kind != EntryKind::kFolder) continue;
    const bool around = entry.is_symlink() && leads_around(entry.path(), real);
    (around ? left_out.links : names).push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

ImageFiles find_image_files(const fs::path& folder) {
  ImageTree tree = list_images(folder);
  return {std::move(tree.files), tree.left_out.text()};
}

}  // namespace triage
