// Loops over the rows of padded planes: gradient, edges, corners, and what lies around a pixel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace triage {

inline constexpr int kLowEdge = 100;  // Canny's thresholds: weak above the first, strong above the second
inline constexpr int kHighEdge = 200;
inline constexpr int kCornerContrast = 20;  // FAST's threshold

// The gradient of one row.
struct GradientRow {
  std::int16_t* gx;
  std::int16_t* gy;
  std::int16_t* magnitude;  // |gx| + |gy|
};

// All for the n pixels of one row; neighbours above and below are `stride` away.
struct EdgeKernels {
  std::string_view name;  // "avx512", "avx2" or "baseline"
  // Smoothed (1 2 1) and differenced (-1 0 1) columns of three rows.
  void (*blend_three)(const std::uint8_t* above, const std::uint8_t* row, const std::uint8_t* below,
                      std::size_t n, std::int16_t* smooth, std::int16_t* difference);
  // 3x3 Sobel from these, which have one value more before and after.
  void (*gradient)(const std::int16_t* smooth, const std::int16_t* difference, std::size_t n,
                   const GradientRow& out);
  // The ridges of the magnitudes, each across its gradient: 1 where one is weak or strong, else 0.
  void (*find_ridges)(const std::int16_t* magnitude, std::ptrdiff_t stride, const std::int16_t* gx,
                      const std::int16_t* gy, std::size_t n, std::uint8_t* weak, std::uint8_t* strong);
  // seeds[x]: 1 where there is an edge, and something around, else 0.
  void (*find_seeds)(const std::uint8_t* edges, const std::uint8_t* around, std::size_t n,
                     std::uint8_t* seeds);
  // gaps[x]: 1 where nothing is set in the 5x5 ellipse around x, else 0.
  void (*find_gaps)(const std::uint8_t* set, std::ptrdiff_t stride, std::size_t n, std::uint8_t* gaps);
  // Bit k of around[x]: the neighbour in direction k of padded.h is set.
  void (*look_around)(const std::uint8_t* set, std::ptrdiff_t stride, std::size_t n, std::uint8_t* around);
  // FAST-9-16: by how much nine pixels of the circle in a row all differ from the centre at least, brighter
  // or darker; 0 where that is not more than kCornerContrast. Reads three rows and columns beyond.
  void (*score_corners)(const std::uint8_t* gray, std::ptrdiff_t stride, std::size_t n, std::uint8_t* scores);
  // peaks[x]: 1 where the score is larger than those of all eight neighbours, else 0.
  void (*find_peaks)(const std::uint8_t* scores, std::ptrdiff_t stride, std::size_t n, std::uint8_t* peaks);
};

// Those that this processor can run, widest vectors first; their results are the same.
[[nodiscard]] std::span<const EdgeKernels> edge_kernels();

}  // namespace triage
