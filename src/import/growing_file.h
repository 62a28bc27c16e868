// A file that grows beside its place, and is put there when it is whole.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace triage {

class GrowingFile {
 public:
  // Throws kIo, and so do the others.
  explicit GrowingFile(std::filesystem::path path);
  // Without finish() nothing is left.
  ~GrowingFile();
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  void write(std::string_view text);
  void finish();

 private:
  void expect_good() const;

  std::filesystem::path path_, temporary_;
  std::ofstream file_;
};

}  // namespace triage
