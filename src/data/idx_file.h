// IDX files of 8-bit values, as the MNIST family uses: a magic number, big-endian sizes, the values; plain or
// gzipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace triage {

struct IdxFile {
  std::vector<std::size_t> sizes;    // outermost first
  std::vector<std::uint8_t> values;  // row-major, product of sizes
};

// Reads the whole file, which must have `n_dimensions` dimensions of unsigned bytes, none of them 0, and hold
// exactly as many values as it states. Memory grows with the data found, not with what the header promises.
// Throws kIo, kData.
[[nodiscard]] IdxFile read_idx(const std::filesystem::path& path, std::size_t n_dimensions);

}  // namespace triage
