#include "triage/tools/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "triage/error.h"

namespace triage {
namespace {

// Whether `fd` is still the file at `path`: the holder before us may have removed it while we waited.
bool is_at(int fd, const std::filesystem::path& path) {
  struct stat held {};
  struct stat there {};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
         held.st_ino == there.st_ino;
}

}  // namespace

// A lock on the profile itself would not do: closing any descriptor of an SQLite file drops SQLite's own
// locks.
WriterLock::WriterLock(const std::filesystem::path& profile) : path_(profile.string() + ".lock") {
  while (true) {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) {
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be made ({}), expected a writable folder",
                                              path_.string(), std::strerror(errno)));
    }
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(fd_);
      if (error == EINTR) continue;
      if (error == EWOULDBLOCK) {
        throw Error(
            ErrorCode::kProfile,
            fmt::format("{}: another process is writing it, expected one writer at a time; wait until it "
                        "ends, or write another file",
                        profile.string()));
      }
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be locked ({}), expected a file system with locks",
                                              path_.string(), std::strerror(error)));
    }
    if (is_at(fd_, path_)) return;
    ::close(fd_);
  }
}

WriterLock::~WriterLock() {
  // Removed before it is released, so that nobody can lock a file that is about to be deleted.
  ::unlink(path_.c_str());
  ::close(fd_);
}

}  // namespace triage
