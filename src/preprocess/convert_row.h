// Rows of 8-bit pixels as tensors have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace triage {

struct RowKernel {
  std::string_view name;  // "avx512", "avx2" or "baseline"
  // plane[x] = pixels[3 * x], for x < width. Reads no further than the pixel that it takes last.
  void (*take_channel)(const std::uint8_t* pixels, std::size_t width, std::uint8_t* plane);
  // out[x] = (values[x] - mean) / scale, for x < n.
  void (*normalise)(const std::uint8_t* values, std::size_t n, float mean, float scale, float* out);
};

// Those that this processor can run, widest vectors first; their results are the same.
[[nodiscard]] std::span<const RowKernel> row_kernels();

}  // namespace triage
