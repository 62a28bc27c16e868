// Loops over the pixels of planes, one by one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace triage {

// Red, green and blue, each of as many pixels.
using PlanePointers = std::array<const std::uint8_t*, 3>;

struct PlaneSums {
  std::int64_t values = 0;
  std::int64_t squares = 0;
};

// R - G and R + G - 2 B, and how many pixels have a channel at 255.
struct ColourSums {
  PlaneSums red_green;
  PlaneSums yellow_blue;
  std::int64_t n_saturated = 0;
};

// Of the perceived brightness P.
struct PerceivedSums {
  double values = 0;
  std::int64_t thousand_squares = 0;
};

// Sums and counts are added to what is there.
struct PixelKernels {
  std::string_view name;  // "avx512", "avx2" or "baseline"
  // Channel c of n interleaved pixels into planes[c].
  void (*split)(const std::uint8_t* pixels, std::size_t n, std::uint8_t* const* planes);
  void (*to_gray)(const PlanePointers& planes, std::size_t n, std::uint8_t* gray);
  void (*sum_plane)(const std::uint8_t* plane, std::size_t n, PlaneSums& sums);
  void (*sum_perceived)(const PlanePointers& planes, std::size_t n, PerceivedSums& sums);
  void (*sum_colour)(const PlanePointers& planes, std::size_t n, ColourSums& sums);
  // at_least[k], k = 1..6: pixels with colour whose hue lies in bin k or after; at_least[0]: all with colour.
  void (*count_hues)(const PlanePointers& planes, std::size_t n, std::array<std::uint32_t, 7>& at_least);
};

// Those that this processor can run, widest vectors first; their results are the same.
[[nodiscard]] std::span<const PixelKernels> pixel_kernels();

}  // namespace triage
