#include "import/text_file.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/stop.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18;

constexpr std::string_view kWork = "import";

// Reading blocks, and a signal may come before it begins: so it waits a little at a time.
void wait_for_standard_input(const std::stop_token& stop) {
  constexpr int kPatienceMs = 100;
  struct pollfd input {
    STDIN_FILENO, POLLIN, 0
  };
  do {
    throw_if_stopped(stop, kWork);
  } while (::poll(&input, 1, kPatienceMs) <= 0);
}

using OpenFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// In a temporary file that nobody sees.
OpenFile copy_standard_input(const std::stop_token& stop) {
  OpenFile copy(std::tmpfile(), &std::fclose);
  if (copy == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("standard input: no temporary file can be made ({}), expected "
                                            "room for it; give the name of a file",
                                            std::strerror(errno)));
  }
  std::array<char, kBlock> block{};
  ssize_t got = 0;
  while (wait_for_standard_input(stop), (got = ::read(STDIN_FILENO, block.data(), block.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    const bool is_written = got > 0 && std::fwrite(block.data(), 1, static_cast<std::size_t>(got),
                                                   copy.get()) == static_cast<std::size_t>(got);
    if (is_written) continue;
    throw Error(ErrorCode::kIo, fmt::format("standard input: cannot be copied to a temporary file ({}), "
                                            "expected room for it; give the name of a file",
                                            std::strerror(errno)));
  }
  std::fflush(copy.get());
  return copy;
}

// Each pass needs all of it, and it can be had only once: there is one copy in a process.
int open_standard_input(const std::stop_token& stop) {
  static const OpenFile copy = copy_standard_input(stop);
  const int descriptor = ::dup(::fileno(copy.get()));
  ::lseek(descriptor, 0, SEEK_SET);
  return descriptor;
}

gzFile open_text(const std::filesystem::path& path, const std::stop_token& stop) {
  return path == "-" ? gzdopen(open_standard_input(stop), "rb") : gzopen(path.c_str(), "rb");
}

}  // namespace

TextFile::TextFile(const std::filesystem::path& path, std::stop_token stop)
    : name_(path == "-" ? "standard input" : path.string()),
      stop_(std::move(stop)),
      file_(nullptr, &gzclose) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw Error(ErrorCode::kIo, fmt::format("{}: is a folder, expected a file", name_));
  }
  file_.reset(open_text(path, stop_));
  if (file_ == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be opened ({}), expected a readable file", name_,
                                            std::strerror(errno)));
  }
  gzbuffer(file_.get(), kBlock);
  refuse_parquet();
}

// A column may be called PAR10; behind the mark of Parquet is no text.
void TextFile::refuse_parquet() {
  const std::string_view begin = next();
  if (begin.starts_with("PAR1") && begin.size() > 4 && begin[4] >= 0 && begin[4] < ' ' &&
      begin.find_first_of("\t\r\n", 4) != 4) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: is a Parquet file, expected text; tools/parquet_to_jsonl.py makes JSON lines of it",
                    name_));
  }
  rewind();
}

void TextFile::rewind() {
  if (gzrewind(file_.get()) != 0) fail();
}

std::string_view TextFile::next() {
  throw_if_stopped(stop_, kWork);
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
