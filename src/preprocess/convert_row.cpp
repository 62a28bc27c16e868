// One body for each, compiled for each set of vector instructions and chosen at run time, as in resize.cpp.
#include "preprocess/convert_row.h"

#include <vector>

namespace triage {
namespace {

[[gnu::always_inline]] inline void take_every_third(const std::uint8_t* pixels, std::size_t width,
                                                    std::uint8_t* plane) {
  for (std::size_t x = 0; x < width; ++x) plane[x] = pixels[3 * x];
}

[[gnu::always_inline]] inline void subtract_and_divide(const std::uint8_t* values, std::size_t n, float mean,
                                                       float scale, float* out) {
  for (std::size_t x = 0; x < n; ++x) out[x] = (static_cast<float>(values[x]) - mean) / scale;
}

void take_channel_baseline(const std::uint8_t* pixels, std::size_t width, std::uint8_t* plane) {
  take_every_third(pixels, width, plane);
}
void normalise_baseline(const std::uint8_t* values, std::size_t n, float mean, float scale, float* out) {
  subtract_and_divide(values, n, mean, scale, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void take_channel_avx2(const std::uint8_t* pixels, std::size_t width,
                                               std::uint8_t* plane) {
  take_every_third(pixels, width, plane);
}
[[gnu::target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")]] void normalise_avx512(
    const std::uint8_t* values, std::size_t n, float mean, float scale, float* out) {
  subtract_and_divide(values, n, mean, scale, out);
}
[[gnu::target("avx2")]] void normalise_avx2(const std::uint8_t* values, std::size_t n, float mean,
                                            float scale, float* out) {
  subtract_and_divide(values, n, mean, scale, out);
}
#endif

std::vector<RowKernel> find_row_kernels() {
  std::vector<RowKernel> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0)
    kernels.push_back({"avx512", take_channel_avx2, normalise_avx512});
  if (__builtin_cpu_supports("avx2") != 0) kernels.push_back({"avx2", take_channel_avx2, normalise_avx2});
#endif
  kernels.push_back({"baseline", take_channel_baseline, normalise_baseline});
  return kernels;
}

}  // namespace

std::span<const RowKernel> row_kernels() {
  static const std::vector<RowKernel> kernels = find_row_kernels();
  return kernels;
}

}  // namespace triage
