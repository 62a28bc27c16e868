#include "base/memory.h"

#include <sys/resource.h>

#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKib = 1024;

// The number behind `key` on its line of a file of the kernel.
std::optional<std::uint64_t> number_of(const fs::path& path, std::string_view key) {
  std::ifstream file(path);
  std::string word;
  std::uint64_t value = 0;
  while (file >> word) {
    if (word == key && file >> value) return value;
    file.clear();
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return {};
}

// Of a file that holds one number; nullopt for "max" too.
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

void limit_to(MemoryLeft& left, std::uint64_t bytes, std::string_view limit) {
  if (bytes < left.bytes) left = {bytes, limit};
}

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used) { return limit > used ? limit - used : 0; }

// The group of "0::/path", and all above it, each of which may have a limit. In a container the path is "/".
void limit_to_groups(MemoryLeft& left, const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("0::/")) continue;
    const fs::path top = root / "sys/fs/cgroup";
    for (fs::path group = top / line.substr(4);; group = group.parent_path()) {
      const auto most = number_in(group / "memory.max"), used = number_in(group / "memory.current");
      // Pages of files that were read are given up for others.
      if (most && used) {
        const std::uint64_t cached = number_of(group / "memory.stat", "inactive_file").value_or(0);
        limit_to(left, left_of(*most, left_of(*used, cached)), "the control group's memory.max");
      }
      if (group == top || !group.has_relative_path()) return;
    }
  }
}

}  // namespace

MemoryLeft address_space_left(const fs::path& root) {
  struct rlimit limit {};
  const auto used = number_of(root / "proc/self/status", "VmSize:");
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !used) return {};
  return {left_of(limit.rlim_cur, *used * kKib), "the limit on address space"};
}

MemoryLeft memory_left(const fs::path& root) {
  MemoryLeft left = address_space_left(root);
  const fs::path meminfo = root / "proc/meminfo";
  if (const auto available = number_of(meminfo, "MemAvailable:")) {
    const std::uint64_t swap = number_of(meminfo, "SwapFree:").value_or(0);
    limit_to(left, (*available + swap) * kKib, "the machine's memory");
  }
  limit_to_groups(left, root);
  return left;
}

std::size_t resident_bytes() {
  return static_cast<std::size_t>(number_of("/proc/self/status", "VmRSS:").value_or(0) * kKib);
}

}  // namespace triage
