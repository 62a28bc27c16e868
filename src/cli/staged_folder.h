// A folder of results that is filled under another name and then moved into place.
#pragma once

#include <filesystem>

namespace triage::cli {

// Made at once on the target's file system, so that a target that cannot be written fails before the work.
// Throws kIo.
class StagedFolder {
 public:
  explicit StagedFolder(std::filesystem::path target);
  ~StagedFolder();  // removes what was not published
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Moves the files into the target, which is made if need be; other files in it stay. Throws kIo.
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace triage::cli
