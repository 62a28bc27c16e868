// Resizing of 8-bit pictures, a row at a time, so that each row is used while it is in the cache. Results are
// OpenCV's for the same interpolation but for rounding: it takes its cubic weights in fixed point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "triage/zoo.h"

namespace triage {

// 8-bit pixels, interleaved; rows are `stride` bytes apart.
struct Pixels {
  const std::uint8_t* data = nullptr;
  std::size_t stride = 0;
  int width = 0;
  int height = 0;
  int channels = 0;
};

// How the positions of one axis of the result are made of those of the source: result x is the sum over k <
// n_taps of weights[x * n_taps + k] times source first[x] + k, all of which lie in the source.
struct ResizeAxis {
  int n_taps = 0;
  std::vector<int> first;
  std::vector<float> weights;
  // Of columns of three channels: for each two results and each k, four times the weight of the first, then
  // of the second.
  std::vector<float> pair_weights;
};

struct ResizeKernel {
  std::string_view name;  // "avx512", "avx2" or "baseline"
  // out[i] = sum over k of weights[k] * rows[k * stride + i], for i < n.
  void (*blend_rows)(const std::uint8_t* rows, std::size_t stride, std::span<const float> weights,
                     std::size_t n, float* out);
  // One row of the result, rounded and clamped. Both `row` and `out` need kResizePadding spare values at the
  // end.
  void (*blend_columns)(const float* row, const ResizeAxis& axis, int channels, std::uint8_t* out);
};
inline constexpr std::size_t kResizePadding = 8;

// Those that this processor can run, widest vectors first; their results are the same.
[[nodiscard]] std::span<const ResizeKernel> resize_kernels();

// A source seen at another size. Resampling::kBySize: by area where both sides shrink, bicubic (a = -0.75)
// where none does, and linear where one grows and the other shrinks, as OpenCV's INTER_AREA and INTER_CUBIC
// do. The other ways are the same for both sides. Reuse it: it allocates only when a larger picture comes.
class Resizer {
 public:
  // Width and height at least 1, 1 or 3 channels. The source is read until the next call.
  void set(const Pixels& source, int width, int height, Resampling resampling = Resampling::kBySize,
           const ResizeKernel& kernel = resize_kernels().front());
  // Row y of the result, width * channels bytes, valid until the next call.
  [[nodiscard]] const std::uint8_t* row(int y);

 private:
  Pixels source_;
  const ResizeKernel* kernel_ = nullptr;
  ResizeAxis columns_;
  ResizeAxis rows_;
  std::vector<float> blended_;
  std::vector<std::uint8_t> row_;
};

}  // namespace triage
