#include "energy/sysfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace triage {
namespace {

// One read of at most a page: the kernel gives such a file in one call or not at all.
struct Content {
  std::array<char, 4096> bytes;
  std::size_t size = 0;
  int error = 0;
  [[nodiscard]] std::string_view line() const {
    const std::string_view all(bytes.data(), size);
    return all.substr(0, all.find('\n'));
  }
};

void read_content(const std::filesystem::path& path, Content& content) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    content.error = errno;
    return;
  }
  const ssize_t n = ::read(fd, content.bytes.data(), content.bytes.size());
  content.error = n < 0 ? errno : 0;
  content.size = n < 0 ? 0 : static_cast<std::size_t>(n);
  ::close(fd);
}

}  // namespace

SysfsNumber read_sysfs_number(const std::filesystem::path& path) {
  Content content;
  read_content(path, content);
  SysfsNumber number{0, content.error};
  if (!number.ok()) return number;
  const std::string_view text = content.line();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (error != std::errc() || end != text.data() + text.size()) number.error = EINVAL;
  return number;
}

std::string read_sysfs_line(const std::filesystem::path& path) {
  Content content;
  read_content(path, content);
  return std::string(content.line());
}

}  // namespace triage
