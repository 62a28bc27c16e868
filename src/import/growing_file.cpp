#include "import/growing_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "triage/error.h"

namespace triage {

GrowingFile::GrowingFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(path_.string() + ".exporting"), file_(temporary_, std::ios::binary) {
  expect_good();
}

GrowingFile::~GrowingFile() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void GrowingFile::write(std::string_view text) {
  file_.write(text.data(), static_cast<std::streamsize>(text.size()));
  expect_good();
}

void GrowingFile::finish() {
  file_.close();
  expect_good();
  rename_path(temporary_, path_);
}

void GrowingFile::expect_good() const {
  if (file_) return;
  throw Error(ErrorCode::kIo, fmt::format("{}: cannot be written ({}), expected room for it in a folder that "
                                          "is there",
                                          path_.string(), std::strerror(errno)));
}

}  // namespace triage
