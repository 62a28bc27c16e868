#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "triage/error.h"

namespace triage {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, int error) {
  throw Error(ErrorCode::kIo, fmt::format("{}: {} ({})", path.string(), what, std::strerror(error)));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

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
  const std::filesystem::path temporary = target.string() + fmt::format(".{}.tmp", ::getpid());
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
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

}  // namespace triage
