// Hue histogram, colourfulness, saturated share. A gray image has neither hue nor colour.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "features/graph.h"

namespace triage {
namespace {

// OpenCV's RGB2HSV on 8-bit data, hue only: 30 units a sixth of the circle, in fixed point.
constexpr int kHueShift = 12;
constexpr int kHueTurn = 180;
const auto kHueUnit = [] {  // 30 / chroma
  std::array<std::int32_t, 256> table{};
  for (int chroma = 1; chroma < 256; ++chroma) {
    table[static_cast<std::size_t>(chroma)] =
        static_cast<std::int32_t>(std::lrint((kHueTurn << kHueShift) / (6.0 * chroma)));
  }
  return table;
}();

// 0 .. 179; `chroma`, the largest less the smallest channel, is positive.
int hue(int r, int g, int b, int largest, int chroma) {
  const int sixth = largest == r ? g - b : largest == g ? b - r + 2 * chroma : r - g + 4 * chroma;
  const int hue = (sixth * kHueUnit[static_cast<std::size_t>(chroma)] + (1 << (kHueShift - 1))) >> kHueShift;
  return hue < 0 ? hue + kHueTurn : hue;
}

double variance(std::int64_t sum, std::int64_t sum_of_squares, double n) {
  const double mean = static_cast<double>(sum) / n;
  return std::max(0.0, static_cast<double>(sum_of_squares) / n - mean * mean);
}

}  // namespace

void to_shares(std::span<const std::uint32_t, kHistogramBins> counts,
               std::span<float, kHistogramBins> shares) {
  double total = 0;
  for (const std::uint32_t count : counts) total += count;
  for (std::size_t i = 0; i < kHistogramBins; ++i)
    shares[i] = total > 0 ? static_cast<float>(counts[i] / total) : 0.0F;
}

void compute_hue(FeatureWork& work) {
  std::array<std::uint32_t, kHistogramBins> counts{};
  if (work.working.channels == 3) {
    const std::uint8_t* pixel = work.working.data;
    for (std::size_t i = 0; i < work.working.n_pixels(); ++i, pixel += 3) {
      const int largest = std::max({pixel[0], pixel[1], pixel[2]});
      const int chroma = largest - std::min({pixel[0], pixel[1], pixel[2]});
      if (chroma == 0) continue;  // the only pixels with S = 0; V = 0 is among them
      const int h = hue(pixel[0], pixel[1], pixel[2], largest, chroma);
      ++counts[static_cast<std::size_t>(h * static_cast<int>(kHistogramBins) / kHueTurn)];
    }
  }
  to_shares(counts, work.histogram(kHue1));
}

// Hasler and Suesstrunk 2003, M3, with rg = R - G and yb = (R + G) / 2 - B. A pixel is saturated when a
// channel is at its largest value.
void compute_colour(FeatureWork& work) {
  std::int64_t rg_sum = 0, rg_squares = 0;
  std::int64_t yb_sum = 0, yb_squares = 0;  // of 2 yb
  std::size_t n_saturated = 0;
  const auto channels = static_cast<std::size_t>(work.working.channels);
  const std::uint8_t* pixel = work.working.data;
  for (std::size_t i = 0; i < work.working.n_pixels(); ++i, pixel += channels) {
    if (channels == 1) {
      n_saturated += pixel[0] == 255 ? 1U : 0U;
      continue;
    }
    n_saturated += std::max({pixel[0], pixel[1], pixel[2]}) == 255 ? 1U : 0U;
    const std::int64_t rg = pixel[0] - pixel[1];
    const std::int64_t yb = pixel[0] + pixel[1] - 2 * pixel[2];
    rg_sum += rg;
    rg_squares += rg * rg;
    yb_sum += yb;
    yb_squares += yb * yb;
  }
  const auto n = static_cast<double>(work.working.n_pixels());
  const double deviation = std::sqrt(variance(rg_sum, rg_squares, n) + variance(yb_sum, yb_squares, n) / 4);
  const double mean = std::hypot(static_cast<double>(rg_sum) / n, static_cast<double>(yb_sum) / (2 * n));
  work.values[kColourfulness] = static_cast<float>(deviation + 0.3 * mean);
  work.values[kSaturatedShare] = static_cast<float>(static_cast<double>(n_saturated) / n);
}

}  // namespace triage
