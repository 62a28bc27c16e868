// How much memory this process may still take. Linux.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace triage {

struct MemoryLeft {
  std::uint64_t bytes = UINT64_MAX;
  std::string_view limit;  // what limits it, for messages; empty where nothing is known
};

// The least of what the machine, the control group (version 2) and the limit on address space leave. `root`
// is another root folder for tests; it has no influence on the limit.
[[nodiscard]] MemoryLeft memory_left(const std::filesystem::path& root = "/");
// What the limit on address space (ulimit -v) alone leaves. Libraries take much more address space than
// memory.
[[nodiscard]] MemoryLeft address_space_left(const std::filesystem::path& root = "/");
// Memory that this process has now; 0 where the system does not say.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace triage
