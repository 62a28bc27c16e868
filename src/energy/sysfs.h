// Small files of the kernel: one value each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace triage {

// A whole number, or why there is none.
struct SysfsNumber {
  std::int64_t value = 0;
  int error = 0;  // errno; EINVAL for a file that holds no number; 0 when all is well
  [[nodiscard]] bool ok() const { return error == 0; }
};
[[nodiscard]] SysfsNumber read_sysfs_number(const std::filesystem::path& path);
// The first line, empty when it cannot be read.
[[nodiscard]] std::string read_sysfs_line(const std::filesystem::path& path);

}  // namespace triage
