// Finds the file that a label file means by what it wrote.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace triage {

// Looks in one data folder: as written; with backslashes as slashes; without leading folders that are not
// there (the path on another machine, or the data folder's own name); in another case, with the extension
// left out or another one (x.jpg for x.png), where that is one picture alone.
class FileFinder {
 public:
  explicit FileFinder(std::filesystem::path folder);
  // Path relative to the folder, with forward slashes; nullopt where nothing fits.
  [[nodiscard]] std::optional<std::string> find(std::string_view text);
  // What was taken otherwise than as written, one phrase a kind, with how many different texts and an
  // example.
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  enum class How { kAsWritten, kBackslash, kShortened, kByName };
  struct Found {
    std::optional<std::string> file;
    How how = How::kAsWritten;
  };
  [[nodiscard]] Found search(const std::string& text);
  [[nodiscard]] Found search_name(const std::string& text);
  [[nodiscard]] bool has(const std::filesystem::path& relative) const;
  void index();

  std::filesystem::path folder_;
  std::unordered_map<std::string, std::string>
      by_name_;  // lower-case path, with and without extension; empty: several
  bool indexed_ = false;
  std::string prefix_;  // leading folders that the text before lacked
  struct Note {
    std::size_t n = 0;
    std::string text, file;  // the first
  };
  std::vector<Note> notes_;  // by How
  std::unordered_map<std::string, Found> known_;
};

}  // namespace triage
