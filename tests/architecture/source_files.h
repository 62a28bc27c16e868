// The project's own text, for tests that read it.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace triage::testing {

// Path below `root` and content of every source and header there.
inline std::map<std::string, std::string> source_files(const std::filesystem::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cpp") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    files.emplace(std::filesystem::relative(entry.path(), root).string(), text.str());
  }
  return files;
}

}  // namespace triage::testing
