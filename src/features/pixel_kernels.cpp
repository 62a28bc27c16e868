#include "features/pixel_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/vector_width.h"

namespace triage {
namespace {

// So few pixels that a 32-bit number holds the sum of their values' squares, with four times 255 at most, and
// that what is made of them stays in the cache.
constexpr std::size_t kBlockPixels = 2048;

typedef double Double2 __attribute__((vector_size(16)));

[[gnu::always_inline]] inline void split(const std::uint8_t* pixels, std::size_t n,
                                         std::uint8_t* const* planes) {
  std::uint8_t* __restrict red = planes[0];
  std::uint8_t* __restrict green = planes[1];
  std::uint8_t* __restrict blue = planes[2];
  for (std::size_t i = 0; i < n; ++i) {
    red[i] = pixels[3 * i];
    green[i] = pixels[3 * i + 1];
    blue[i] = pixels[3 * i + 2];
  }
}

// OpenCV's RGB2GRAY, whose weights sum to 1 exactly: a gray pixel keeps its value.
[[gnu::always_inline]] inline void to_gray(const PlanePointers& planes, std::size_t n,
                                           std::uint8_t* __restrict gray) {
  constexpr int kShift = 15;
  constexpr int kRed = 9798;
  constexpr int kGreen = 19235;
  constexpr int kBlue = 3735;
  static_assert(kRed + kGreen + kBlue == 1 << kShift);
  const auto [red, green, blue] = planes;
  for (std::size_t i = 0; i < n; ++i) {
    gray[i] = static_cast<std::uint8_t>(
        (red[i] * kRed + green[i] * kGreen + blue[i] * kBlue + (1 << (kShift - 1))) >> kShift);
  }
}

[[gnu::always_inline]] inline void sum_block(const std::uint8_t* plane, std::size_t n, PlaneSums& sums) {
  std::uint32_t values = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    values += plane[i];
    squares += static_cast<std::uint32_t>(plane[i] * plane[i]);
  }
  sums.values += values;
  sums.squares += squares;
}

[[gnu::always_inline]] inline void sum_plane(const std::uint8_t* plane, std::size_t n, PlaneSums& sums) {
  for (std::size_t from = 0; from < n; from += kBlockPixels)
    sum_block(plane + from, std::min(kBlockPixels, n - from), sums);
}

// 1000 P^2 = 241 R^2 + 691 G^2 + 68 B^2, exactly; P with the precision of a float.
[[gnu::always_inline]] inline void perceived_block(const PlanePointers& planes, std::size_t from,
                                                   std::size_t n, double* __restrict perceived,
                                                   std::int64_t& thousand_squares) {
  const std::uint8_t* red = planes[0] + from;
  const std::uint8_t* green = planes[1] + from;
  const std::uint8_t* blue = planes[2] + from;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t square = 241 * red[i] * red[i] + 691 * green[i] * green[i] + 68 * blue[i] * blue[i];
    sum += square;
    perceived[i] = static_cast<double>(std::sqrt(static_cast<float>(square) * 1e-3F));
  }
  thousand_squares += sum;
}

[[gnu::always_inline]] inline Double2 two_of(const double* values) {
  Double2 two;
  std::memcpy(&two, values, sizeof two);
  return two;
}

// In eight sums, which can be added to at once; `values` is a multiple of eight long.
[[gnu::always_inline]] inline double sum_of(std::span<const double> values) {
  Double2 a{}, b{}, c{}, d{};
  for (std::size_t i = 0; i < values.size(); i += 8) {
    a += two_of(&values[i]);
    b += two_of(&values[i + 2]);
    c += two_of(&values[i + 4]);
    d += two_of(&values[i + 6]);
  }
  const Double2 all = (a + b) + (c + d);
  return all[0] + all[1];
}

[[gnu::always_inline]] inline void sum_perceived(const PlanePointers& planes, std::size_t n,
                                                 PerceivedSums& sums) {
  std::array<double, kBlockPixels> perceived;
  for (std::size_t from = 0; from < n; from += kBlockPixels) {
    const std::size_t size = std::min(kBlockPixels, n - from);
    const std::size_t whole = (size + 7) / 8 * 8;
    perceived_block(planes, from, size, perceived.data(), sums.thousand_squares);
    std::fill(perceived.begin() + static_cast<std::ptrdiff_t>(size),
              perceived.begin() + static_cast<std::ptrdiff_t>(whole), 0.0);
    sums.values += sum_of(std::span(perceived).first(whole));
  }
}

[[gnu::always_inline]] inline void colour_block(const PlanePointers& planes, std::size_t from, std::size_t n,
                                                ColourSums& sums) {
  const std::uint8_t* red = planes[0] + from;
  const std::uint8_t* green = planes[1] + from;
  const std::uint8_t* blue = planes[2] + from;
  std::int32_t rg_sum = 0, rg_squares = 0, yb_sum = 0, yb_squares = 0, n_saturated = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const int rg = red[i] - green[i];
    const int yb = red[i] + green[i] - 2 * blue[i];
    rg_sum += rg;
    rg_squares += rg * rg;
    yb_sum += yb;
    yb_squares += yb * yb;
    n_saturated += std::max(std::max(red[i], green[i]), blue[i]) == 255 ? 1 : 0;
  }
  sums.red_green.values += rg_sum;
  sums.red_green.squares += rg_squares;
  sums.yellow_blue.values += yb_sum;
  sums.yellow_blue.squares += yb_squares;
  sums.n_saturated += n_saturated;
}

[[gnu::always_inline]] inline void sum_colour(const PlanePointers& planes, std::size_t n, ColourSums& sums) {
  for (std::size_t from = 0; from < n; from += kBlockPixels)
    colour_block(planes, from, std::min(kBlockPixels, n - from), sums);
}

// OpenCV's RGB2HSV on 8-bit data, hue only: 30 units a sixth of the circle, in fixed point.
constexpr int kHueShift = 12;
constexpr int kHueTurn = 180;
constexpr int kHueHalf = 1 << (kHueShift - 1);

// The smallest hue of bin k, before it is rounded from fixed point: floor(7 hue / 180) >= k from there on.
constexpr int bin_begin(int k) { return (((kHueTurn * k + 6) / 7) << kHueShift) - kHueHalf; }

// 1 where hue >= begin, else 0: the sign of a difference, since the compiler makes branches of comparisons
// that imply each other.
[[gnu::always_inline]] inline std::uint32_t reaches(int hue, int begin) {
  return static_cast<std::uint32_t>(begin - 1 - hue) >> 31;
}

// The hue in fixed point, before rounding; the largest less the smallest channel is positive.
[[gnu::always_inline]] inline int fixed_hue(int r, int g, int b, int largest, int chroma) {
  const int not_red = choose(largest == g, b - r + 2 * chroma, r - g + 4 * chroma);
  const int sixth = choose(largest == r, g - b, not_red);
  // 30 / chroma, rounded to nearest; never halfway between.
  constexpr auto kTwiceSixth = static_cast<float>(2 * 30 << kHueShift);
  const int unit = (static_cast<int>(kTwiceSixth / static_cast<float>(chroma)) + 1) >> 1;
  const int hue = sixth * unit;
  return hue + choose(hue < -kHueHalf, kHueTurn << kHueShift, 0);
}

[[gnu::always_inline]] inline void count_hues(const PlanePointers& planes, std::size_t n,
                                              std::array<std::uint32_t, 7>& at_least) {
  const auto [red, green, blue] = planes;
  std::uint32_t coloured = 0, from1 = 0, from2 = 0, from3 = 0, from4 = 0, from5 = 0, from6 = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const int r = red[i], g = green[i], b = blue[i];
    const int largest = std::max(std::max(r, g), b);
    const int chroma = largest - std::min(std::min(r, g), b);
    const bool has_colour = chroma != 0;  // else S = 0 or V = 0
    const int fixed = fixed_hue(r, g, b, largest, std::max(chroma, 1));
    const int hue = choose(has_colour, fixed, 0);  // 0 does not reach bin 1
    coloured += has_colour ? 1U : 0U;
    from1 += reaches(hue, bin_begin(1));
    from2 += reaches(hue, bin_begin(2));
    from3 += reaches(hue, bin_begin(3));
    from4 += reaches(hue, bin_begin(4));
    from5 += reaches(hue, bin_begin(5));
    from6 += reaches(hue, bin_begin(6));
  }
  const std::array<std::uint32_t, 7> found{coloured, from1, from2, from3, from4, from5, from6};
  for (std::size_t k = 0; k < found.size(); ++k) at_least[k] += found[k];
}

std::vector<PixelKernels> find_pixel_kernels() {
  std::vector<PixelKernels> kernels;
#if defined(__x86_64__)
  if (has_avx512()) {
    kernels.push_back({"avx512", for_avx512<split>, for_avx512<to_gray>, for_avx512<sum_plane>,
                       for_avx512<sum_perceived>, for_avx512<sum_colour>, for_avx512<count_hues>});
  }
  if (has_avx2()) {
    kernels.push_back({"avx2", for_avx2<split>, for_avx2<to_gray>, for_avx2<sum_plane>,
                       for_avx2<sum_perceived>, for_avx2<sum_colour>, for_avx2<count_hues>});
  }
#endif
  kernels.push_back({"baseline", for_baseline<split>, for_baseline<to_gray>, for_baseline<sum_plane>,
                     for_baseline<sum_perceived>, for_baseline<sum_colour>, for_baseline<count_hues>});
  return kernels;
}

}  // namespace

std::span<const PixelKernels> pixel_kernels() {
  static const std::vector<PixelKernels> kernels = find_pixel_kernels();
  return kernels;
}

}  // namespace triage
