#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "triage/error.h"

namespace triage {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, int error) {
  throw Error(ErrorCode::kIo, fmt::format("{}: {} ({})", path.string(), what, std::strerror(error)));
}

template <class Buffer>
Buffer read_whole(const std::filesystem::path& path, std::uint64_t max_bytes) {
  int fd = -1;
  do fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  FileDescriptor file(fd);
  if (file.get() < 0) fail(path, "cannot be opened, expected a readable file", errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail(path, "cannot be examined", errno);
  if (S_ISDIR(info.st_mode)) {
    throw Error(ErrorCode::kIo, fmt::format("{}: is a folder, expected a file", path.string()));
  }
  const auto too_large = [&](std::uint64_t size) {
    return Error(ErrorCode::kIo, fmt::format("{}: holds {} bytes or more, expected at most {}", path.string(),
                                             size, max_bytes));
  };
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes)
    throw too_large(static_cast<std::uint64_t>(info.st_size));
  // Pipes and /proc files have no size; those grow block by block.
  Buffer buffer;
  buffer.resize(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t filled = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0) {
      if (errno == EINTR) continue;
      fail(path, "reading failed", errno);
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > max_bytes) throw too_large(filled);
    if (filled == buffer.size()) buffer.resize(buffer.size() + (std::size_t{1} << 16));
  }
  buffer.resize(filled);
  return buffer;
}

// The file that links lead to, which need not exist: renaming onto the link itself would replace it.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // the limit of Linux
  std::error_code error;
  for (int n = 0; n < kMaxLinks && std::filesystem::is_symlink(path, error); ++n) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path;
}

// Devices and pipes take what is written; they cannot be replaced.
bool is_stream(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

// A new file beside `target`, of nobody else: threads and processes, of other containers too, may write the
// same target at once. Negative: errno says why.
int open_beside(const std::filesystem::path& target, std::filesystem::path& temporary) {
  static std::atomic<unsigned> count = 0;
  constexpr int kMaxTries = 100;  // what killed processes have left may be in the way
  int fd = -1;
  for (int i = 0; i < kMaxTries; ++i) {
    temporary = target.string() + fmt::format(".{}.{}.tmp", ::getpid(), count++);
    fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0 || errno != EEXIST) break;
  }
  return fd;
}

// False: errno says why.
bool write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_whole<std::vector<std::uint8_t>>(path, max_bytes);
}

std::string read_text(const std::filesystem::path& path, std::uint64_t max_bytes) {
  return read_whole<std::string>(path, max_bytes);
}

bool path_exists(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (error) fail(path, "cannot be examined, expected a path that can be used", error.value());
  return exists;
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) fail(path, "has no place, expected a path that can be used", error.value());
  return absolute;
}

void rename_path(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) fail(to, "cannot be made, expected a folder that can be written", error.value());
}

void write_file_atomic(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  // Before links are read: those of /proc/self/fd to a pipe name no file.
  if (is_stream(path)) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, "cannot be written", errno);
    if (!write_all(file.get(), bytes) || file.close() != 0) fail(path, "writing failed", errno);
    return;
  }
  const std::filesystem::path target = behind_links(path);
  if (target.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(target.parent_path(), error);
    if (error) fail(target.parent_path(), "folder cannot be made", error.value());
  }
  std::filesystem::path temporary;
  FileDescriptor file(open_beside(target, temporary));
  if (file.get() < 0) fail(path, "cannot be written", errno);
  const auto give_up = [&](std::string_view what) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail(path, what, error);
  };
  if (!write_all(file.get(), bytes)) give_up("writing failed");
  if (::fsync(file.get()) != 0) give_up("writing failed");
  if (file.close() != 0) give_up("writing failed");
  if (::rename(temporary.c_str(), target.c_str()) != 0) give_up("cannot be replaced");
}

void write_text_atomic(const std::filesystem::path& path, std::string_view text) {
  write_file_atomic(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

}  // namespace triage
