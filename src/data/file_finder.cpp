#include "data/file_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "data/image_tree.h"
#include "triage/image.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string without_extension(const std::string& file) {
  return fs::path(file).replace_extension().generic_string();
}

}  // namespace

FileFinder::FileFinder(fs::path folder) : folder_(std::move(folder)), notes_(4) {}

bool FileFinder::has(const fs::path& relative) const {
  std::error_code error;
  const fs::file_status status = fs::status(folder_ / relative, error);
  return fs::exists(status) && !fs::is_directory(status);
}

void FileFinder::index() {
  if (indexed_) return;
  indexed_ = true;
  for (const std::string& file : list_images(folder_).files) {
    for (const std::string& key : {lower(file), lower(without_extension(file))}) {
      const auto [at, fresh] = by_name_.emplace(key, file);
      if (!fresh && at->second != file) at->second.clear();
    }
  }
}

std::optional<std::string> FileFinder::find(std::string_view view) {
  if (view.empty() || view.find('\0') != std::string_view::npos) return {};
  const std::string text(view);
  const auto [known, fresh] = known_.try_emplace(text);
  if (!fresh) return known->second.file;
  known->second = search(text);
  const auto& [file, how] = known->second;
  if (!file || how == How::kAsWritten) return file;
  Note& note = notes_[static_cast<std::size_t>(how)];
  if (note.n++ == 0) note = {1, text, *file};
  return file;
}

FileFinder::Found FileFinder::search(const std::string& text) {
  const fs::path path(text);
  const auto plain = [](const fs::path& found) { return found.lexically_normal().generic_string(); };
  if (path.is_relative() && has(path)) return {plain(path), How::kAsWritten};
  std::string slashed = text;
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  const bool had_backslash = slashed != text;
  if (had_backslash && fs::path(slashed).is_relative() && has(slashed))
    return {plain(slashed), How::kBackslash};
  // The folders that the text before lacked come first, so that all are shortened alike.
  if (!prefix_.empty() && slashed.starts_with(prefix_) && has(slashed.substr(prefix_.size()))) {
    return {plain(slashed.substr(prefix_.size())), How::kShortened};
  }
  for (std::size_t at = slashed.find('/'); at != std::string::npos; at = slashed.find('/', at + 1)) {
    const std::string rest = slashed.substr(at + 1);
    if (rest.empty() || rest[0] == '/' || !has(rest)) continue;
    prefix_ = slashed.substr(0, at + 1);
    return {plain(rest), How::kShortened};
  }
  return search_name(slashed);
}

// Without an extension, with another picture's, or in another case; below leading folders that are not there,
// too.
FileFinder::Found FileFinder::search_name(const std::string& text) {
  index();
  std::string rest = lower(fs::path(text).lexically_normal().generic_string());
  while (!rest.empty()) {
    auto at = by_name_.find(rest);
    // What comes after a point may be a part of the name, unless it is an extension that pictures have.
    if (at == by_name_.end() && has_image_extension(rest)) at = by_name_.find(without_extension(rest));
    if (at != by_name_.end() && !at->second.empty()) return {at->second, How::kByName};
    const std::size_t slash = rest.find('/');
    rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
  }
  return {};
}

std::vector<std::string> FileFinder::notes() const {
  constexpr std::array<const char*, 4> kWords{"", "with backslashes", "without their leading folders",
                                              "by their names without case or extension"};
  std::vector<std::string> out;
  for (std::size_t how = 1; how < notes_.size(); ++how) {
    const Note& note = notes_[how];
    if (note.n == 0) continue;
    out.push_back(
        fmt::format("{} files were found {}, such as '{}' as {}", note.n, kWords[how], note.text, note.file));
  }
  return out;
}

}  // namespace triage
