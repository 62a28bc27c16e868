#include "features/edge_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/vector_width.h"

namespace triage {
namespace {

[[gnu::always_inline]] inline void blend_three(const std::uint8_t* above, const std::uint8_t* row,
                                               const std::uint8_t* below, std::size_t n,
                                               std::int16_t* __restrict smooth,
                                               std::int16_t* __restrict difference) {
  for (std::size_t x = 0; x < n; ++x) {
    smooth[x] = static_cast<std::int16_t>(above[x] + 2 * row[x] + below[x]);
    difference[x] = static_cast<std::int16_t>(below[x] - above[x]);
  }
}

[[gnu::always_inline]] inline void gradient(const std::int16_t* smooth, const std::int16_t* difference,
                                            std::size_t n, const GradientRow& out) {
  std::int16_t* __restrict gx_out = out.gx;
  std::int16_t* __restrict gy_out = out.gy;
  std::int16_t* __restrict magnitude = out.magnitude;
  for (std::size_t x = 0; x < n; ++x) {
    const auto gx = static_cast<std::int16_t>(smooth[x + 1] - smooth[x - 1]);
    const auto gy = static_cast<std::int16_t>(difference[x - 1] + 2 * difference[x] + difference[x + 1]);
    gx_out[x] = gx;
    gy_out[x] = gy;
    magnitude[x] = static_cast<std::int16_t>(std::abs(gx) + std::abs(gy));
  }
}

// The direction of the gradient is rounded to a multiple of 45 degrees. On plateaus the first of equal pixels
// wins, on one of the two sides.
[[gnu::always_inline]] inline void find_ridges(const std::int16_t* m, std::ptrdiff_t stride,
                                               const std::int16_t* gx, const std::int16_t* gy, std::size_t n,
                                               std::uint8_t* __restrict weak,
                                               std::uint8_t* __restrict strong) {
  constexpr int kTan22 = 13573;  // tan(22.5 degrees) << 15
  const std::int16_t* above = m - stride;
  const std::int16_t* below = m + stride;
  for (std::size_t x = 0; x < n; ++x) {
    const auto ax = static_cast<std::int16_t>(std::abs(gx[x]));
    const auto ay = static_cast<std::int16_t>(std::abs(gy[x]));
    // ay < ax tan(22.5) and ay > ax tan(67.5) in 16 bits: both bounds are fractions, unless ax is 0, where
    // they are 0, and only pixels without gradient meet both.
    const auto low = static_cast<std::int16_t>((static_cast<std::int16_t>(2 * ax) * kTan22) >> 16);
    const bool flat = ay <= low;
    const bool steep = ay > static_cast<std::int16_t>(2 * ax + low);
    const bool falls = (gx[x] ^ gy[x]) < 0;
    const std::int16_t left = m[x - 1], right = m[x + 1];
    const std::int16_t up = above[x], up_left = above[x - 1], up_right = above[x + 1];
    const std::int16_t down = below[x], down_left = below[x - 1], down_right = below[x + 1];
    const std::int16_t first = choose(flat, left, choose(steep, up, choose(falls, up_right, up_left)));
    const std::int16_t second =
        choose(flat, right, choose(steep, down, choose(falls, down_left, down_right)));
    const auto more = choose<std::int16_t>(flat | steep, 0, 1);
    const bool ridge = (m[x] > first) & (m[x] >= static_cast<std::int16_t>(second + more));
    const std::int16_t height = choose<std::int16_t>(ridge, m[x], 0);
    const auto is_strong = static_cast<std::int16_t>(height > kHighEdge);
    strong[x] = static_cast<std::uint8_t>(is_strong);
    weak[x] = static_cast<std::uint8_t>((height > kLowEdge) - is_strong);
  }
}

[[gnu::always_inline]] inline void find_seeds(const std::uint8_t* edges, const std::uint8_t* around,
                                              std::size_t n, std::uint8_t* __restrict seeds) {
  for (std::size_t x = 0; x < n; ++x) seeds[x] = std::min(edges[x], around[x]);
}

[[gnu::always_inline]] inline std::uint8_t any_of_five(const std::uint8_t* at) {
  return static_cast<std::uint8_t>(at[-2] | at[-1] | at[0] | at[1] | at[2]);
}

[[gnu::always_inline]] inline void find_gaps(const std::uint8_t* set, std::ptrdiff_t stride, std::size_t n,
                                             std::uint8_t* __restrict gaps) {
  for (std::size_t x = 0; x < n; ++x) {
    const std::uint8_t* at = set + x;
    const auto any = static_cast<std::uint8_t>(at[-2 * stride] | any_of_five(at - stride) | any_of_five(at) |
                                               any_of_five(at + stride) | at[2 * stride]);
    gaps[x] = any ^ 1U;
  }
}

// Doubled by a sum, since vectors of bytes cannot be shifted.
[[gnu::always_inline]] inline std::uint8_t append_bit(std::uint8_t bits, std::uint8_t next) {
  return static_cast<std::uint8_t>(bits + bits + next);
}

[[gnu::always_inline]] inline void look_around(const std::uint8_t* set, std::ptrdiff_t stride, std::size_t n,
                                               std::uint8_t* __restrict around) {
  const std::uint8_t* above = set - stride;
  const std::uint8_t* below = set + stride;
  for (std::size_t x = 0; x < n; ++x) {
    const std::uint8_t lower = append_bit(append_bit(below[x + 1], below[x]), below[x - 1]);
    const std::uint8_t left = append_bit(append_bit(lower, set[x - 1]), above[x - 1]);
    around[x] = append_bit(append_bit(append_bit(left, above[x]), above[x + 1]), set[x + 1]);
  }
}

// ---- Corners

struct Smaller {
  [[gnu::always_inline]] static std::uint8_t of(std::uint8_t a, std::uint8_t b) { return std::min(a, b); }
};
struct Larger {
  [[gnu::always_inline]] static std::uint8_t of(std::uint8_t a, std::uint8_t b) { return std::max(a, b); }
};

using Circle = std::array<std::uint8_t, 16>;

// Of all nine values in a row: the least of each nine, and of these the largest (or the other way round). Two
// neighbouring nines share eight values.
template <class Inner, class Outer>
[[gnu::always_inline]] inline std::uint8_t best_nine(const Circle& c) {
  std::array<std::uint8_t, 8> two, four, eight;
  for (std::size_t k = 0; k < 8; ++k) two[k] = Inner::of(c[2 * k + 1], c[(2 * k + 2) % 16]);
  for (std::size_t k = 0; k < 8; ++k) four[k] = Inner::of(two[k], two[(k + 1) % 8]);
  for (std::size_t k = 0; k < 8; ++k) eight[k] = Inner::of(four[k], four[(k + 2) % 8]);
  for (std::size_t k = 0; k < 8; ++k)
    eight[k] = Inner::of(eight[k], Outer::of(c[2 * k], c[(2 * k + 9) % 16]));
  for (std::size_t k = 1; k < 8; ++k) eight[0] = Outer::of(eight[0], eight[k]);
  return eight[0];
}

// Saturating at 0.
[[gnu::always_inline]] inline std::uint8_t minus(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(std::max(a, b) - b);
}

[[gnu::always_inline]] inline void score_corners(const std::uint8_t* gray, std::ptrdiff_t stride,
                                                 std::size_t n, std::uint8_t* __restrict scores) {
  const std::array<const std::uint8_t*, 7> rows{gray - 3 * stride, gray - 2 * stride, gray - stride,    gray,
                                                gray + stride,     gray + 2 * stride, gray + 3 * stride};
  for (std::size_t x = 0; x < n; ++x) {
    const Circle circle{rows[6][x],     rows[6][x + 1], rows[5][x + 2], rows[4][x + 3],
                        rows[3][x + 3], rows[2][x + 3], rows[1][x + 2], rows[0][x + 1],
                        rows[0][x],     rows[0][x - 1], rows[1][x - 2], rows[2][x - 3],
                        rows[3][x - 3], rows[4][x - 3], rows[5][x - 2], rows[6][x - 1]};
    const std::uint8_t brighter = minus(best_nine<Smaller, Larger>(circle), gray[x]);
    const std::uint8_t darker = minus(gray[x], best_nine<Larger, Smaller>(circle));
    const std::uint8_t score = std::max(brighter, darker);
    scores[x] = choose<std::uint8_t>(score > kCornerContrast, score, 0);
  }
}

[[gnu::always_inline]] inline void find_peaks(const std::uint8_t* scores, std::ptrdiff_t stride,
                                              std::size_t n, std::uint8_t* __restrict peaks) {
  const std::uint8_t* above = scores - stride;
  const std::uint8_t* below = scores + stride;
  for (std::size_t x = 0; x < n; ++x) {
    std::uint8_t most = std::max(scores[x - 1], scores[x + 1]);
    most = std::max(most, std::max(above[x - 1], std::max(above[x], above[x + 1])));
    most = std::max(most, std::max(below[x - 1], std::max(below[x], below[x + 1])));
    peaks[x] = std::min(minus(scores[x], most), std::uint8_t{1});
  }
}

std::vector<EdgeKernels> find_edge_kernels() {
  std::vector<EdgeKernels> kernels;
#if defined(__x86_64__)
  if (has_avx512()) {
    kernels.push_back({"avx512", for_avx512<blend_three>, for_avx512<gradient>, for_avx512<find_ridges>,
                       for_avx512<find_seeds>, for_avx512<find_gaps>, for_avx512<look_around>,
                       for_avx512<score_corners>, for_avx512<find_peaks>});
  }
  if (has_avx2()) {
    kernels.push_back({"avx2", for_avx2<blend_three>, for_avx2<gradient>, for_avx2<find_ridges>,
                       for_avx2<find_seeds>, for_avx2<find_gaps>, for_avx2<look_around>,
                       for_avx2<score_corners>, for_avx2<find_peaks>});
  }
#endif
  kernels.push_back({"baseline", for_baseline<blend_three>, for_baseline<gradient>, for_baseline<find_ridges>,
                     for_baseline<find_seeds>, for_baseline<find_gaps>, for_baseline<look_around>,
                     for_baseline<score_corners>, for_baseline<find_peaks>});
  return kernels;
}

}  // namespace

std::span<const EdgeKernels> edge_kernels() {
  static const std::vector<EdgeKernels> kernels = find_edge_kernels();
  return kernels;
}

}  // namespace triage
