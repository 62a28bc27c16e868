// The inner loop of feature selection: which rows may be near a query when any one feature is left out. Works
// in float, several rows at a time with whatever vectors the processor has, and never misses a row: bounds
// are low by more than all rounding. What it lets pass is settled in double (left_out_neighbours.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace triage {

inline constexpr std::size_t kLeafRows = 64;
// Padding of leaves that are not full: far from every scaled feature, its squares summed are still finite.
inline constexpr float kFarAway = 1e18F;

// How near a row has to be to matter, squared: with feature i left out at most at[i], with none at most
// at[d]. Below 0: not asked. `largest` is the greatest of them.
struct ScanLimits {
  const float* at;
  float largest;
};

struct ScanKernel {
  std::string_view name;  // "avx512", "avx2" or "baseline"
  // Bit i is set when row i may be within a limit. `leaf` has shape (d, kLeafRows), `query` (d), d > 0.
  std::uint64_t (*scan)(const float* leaf, const float* query, std::size_t d, ScanLimits limits);
  // For each of `n` boxes, a multiple of 16, a distance into `bounds` that no row in it is nearer than,
  // whichever feature is left out. `boxes` has shape (d, 2, n): lower and upper sides.
  void (*bound)(const float* boxes, const float* query, std::size_t d, std::size_t n, float* bounds);
};

// Those that this processor can run, widest vectors first; they let the same rows pass but for rounding.
[[nodiscard]] std::span<const ScanKernel> scan_kernels();

// At least `limit` by more than the rounding of float.
[[nodiscard]] inline float scan_limit(double limit) {
  constexpr double kLargest = 1e37;
  return limit < kLargest ? static_cast<float>(limit * (1 + 1e-6)) + 1e-36F : static_cast<float>(kLargest);
}

}  // namespace triage
