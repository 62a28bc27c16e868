// One writer at a time: an advisory lock beside the profile that dies with its process, also on kill -9.
#pragma once

#include <filesystem>

namespace triage {

class WriterLock {
 public:
  // Takes `<profile>.lock`. Throws kProfile at once when another writer holds it, kIo when it cannot be made.
  explicit WriterLock(const std::filesystem::path& profile);
  ~WriterLock();  // removes the lock file
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace triage
