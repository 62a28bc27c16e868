#include "import/text_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

// Reading twice needs a file.
int copy_of_standard_input() {
  std::FILE* copy = std::tmpfile();
  if (copy == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("standard input: no temporary file can be made ({}), expected "
                                            "room for it; give the name of a file",
                                            std::strerror(errno)));
  }
  std::array<char, kBlock> block{};
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, block.data(), block.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    const bool is_written = got > 0 && std::fwrite(block.data(), 1, static_cast<std::size_t>(got), copy) ==
                                           static_cast<std::size_t>(got);
    if (is_written) continue;
    const std::string reason = std::strerror(errno);
    std::fclose(copy);
    throw Error(ErrorCode::kIo, fmt::format("standard input: cannot be copied to a temporary file ({}), "
                                            "expected room for it; give the name of a file",
                                            reason));
  }
  std::rewind(copy);
  const int descriptor = ::dup(::fileno(copy));
  std::fclose(copy);
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

gzFile open_text(const std::filesystem::path& path) {
  return path == "-" ? gzdopen(copy_of_standard_input(), "rb") : gzopen(path.c_str(), "rb");
}

}  // namespace

TextFile::TextFile(const std::filesystem::path& path)
    : name_(path == "-" ? "standard input" : path.string()), file_(nullptr, &gzclose) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw Error(ErrorCode::kIo, fmt::format("{}: is a folder, expected a file", name_));
  }
  file_.reset(open_text(path));
  if (file_ == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened ({}), expected a readable file", name_,
                                            std::strerror(errno)));
  }
  gzbuffer(file_.get(), kBlock);
}

void TextFile::rewind() {
  if (gzrewind(file_.get()) != 0) fail();
}

std::string_view TextFile::next() {
  buffer_.resize(kBlock);
  const int got = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(kBlock));
  // A file that is cut short reads as one that ends, but for this.
  int code = Z_OK;
  (void)gzerror(file_.get(), &code);
  if (got < 0 || code == Z_BUF_ERROR) fail();
  return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
}

void TextFile::fail() const {
  int code = Z_OK;
  const char* text = gzerror(file_.get(), &code);
  if (code == Z_ERRNO) {
    throw Error(ErrorCode::kIo, fmt::format("{}: reading failed ({}), expected a readable file", name_,
                                            std::strerror(errno)));
  }
  throw Error(ErrorCode::kData,
              fmt::format("{}: gzip data is corrupt or cut short ({}), expected a whole file", name_, text));
}

}  // namespace triage
