#include "cli/input_stream.h"

#include <poll.h>
#include <unistd.h>

#include <utility>

namespace triage::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

bool has_to_wait(int descriptor) {
  pollfd asked{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&asked, 1, 0) == 0;
}

}  // namespace

InputStream::InputStream(int descriptor, std::function<void()> before_wait)
    : descriptor_(descriptor), before_wait_(std::move(before_wait)), buffer_(kBufferBytes) {}

InputStream::int_type InputStream::underflow() {
  if (has_to_wait(descriptor_)) before_wait_();
  const ssize_t n = read(descriptor_, buffer_.data(), buffer_.size());
  if (n <= 0) return traits_type::eof();
  setg(buffer_.data(), buffer_.data(), buffer_.data() + n);
  return traits_type::to_int_type(buffer_[0]);
}

}  // namespace triage::cli
