// Text as it comes in, from a file descriptor, for who answers rows in blocks but keeps nobody waiting.
#pragma once

#include <functional>
#include <streambuf>
#include <vector>

namespace triage::cli {

// Calls `before_wait` before a read that would have to wait for the writer; ends where a signal stops it.
class InputStream final : public std::streambuf {
 public:
  InputStream(int descriptor, std::function<void()> before_wait);

 protected:
  int_type underflow() override;

 private:
  int descriptor_;
  std::function<void()> before_wait_;
  std::vector<char> buffer_;
};

}  // namespace triage::cli
