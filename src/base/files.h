// Whole files, read and written safely. All throw kIo, naming the path and the system's reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{4} << 30;

// Throws kIo also for folders and for files above `max_bytes`.
[[nodiscard]] std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                                  std::uint64_t max_bytes = kMaxFileBytes);
[[nodiscard]] std::string read_text(const std::filesystem::path& path,
                                    std::uint64_t max_bytes = kMaxFileBytes);

// Whether there is such a file or folder. Throws where that cannot be told: a name that is too long, a folder
// that may not be searched. Not std::filesystem::exists, whose error is of no use to our callers.
[[nodiscard]] bool path_exists(const std::filesystem::path& path);
// From the root on.
[[nodiscard]] std::filesystem::path absolute_path(const std::filesystem::path& path);
// Replaces what is there.
void rename_path(const std::filesystem::path& from, const std::filesystem::path& to);

// With its dot and in lower case: ".onnx" of "NET.ONNX".
[[nodiscard]] std::string lower_extension(const std::filesystem::path& path);

// Writes beside the target, flushes to disk, renames: readers see the old file or the new one, never a part;
// on failure no temporary file is left behind. Parent folders are made. Links are followed; devices and pipes
// are written to directly.
void write_file_atomic(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_text_atomic(const std::filesystem::path& path, std::string_view text);

}  // namespace triage
