// Hue histogram, colourfulness, saturated share. A gray image has neither hue nor colour.
#include <algorithm>
#include <cmath>

#include "features/graph.h"
#include "features/pixel_kernels.h"

namespace triage {
namespace {

double variance(const PlaneSums& sums, double n) {
  const double mean = static_cast<double>(sums.values) / n;
  return std::max(0.0, static_cast<double>(sums.squares) / n - mean * mean);
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
  if (!work.working.is_gray()) {
    pixel_kernels().front().count_hues(work.working.pointers(), work.working.n_pixels(), counts);
    for (std::size_t k = 0; k + 1 < kHistogramBins; ++k) counts[k] -= counts[k + 1];
  }
  to_shares(counts, work.histogram(kHue1));
}

// Hasler and Suesstrunk 2003, M3, with rg = R - G and yb = (R + G) / 2 - B. A pixel is saturated when a
// channel is at its largest value.
void compute_colour(FeatureWork& work) {
  ColourSums sums;
  pixel_kernels().front().sum_colour(work.working.pointers(), work.working.n_pixels(), sums);
  const auto n = static_cast<double>(work.working.n_pixels());
  const double deviation = std::sqrt(variance(sums.red_green, n) + variance(sums.yellow_blue, n) / 4);
  const double mean = std::hypot(static_cast<double>(sums.red_green.values) / n,
                                 static_cast<double>(sums.yellow_blue.values) / (2 * n));
  work.values[kColourfulness] = static_cast<float>(deviation + 0.3 * mean);
  work.values[kSaturatedShare] = static_cast<float>(static_cast<double>(sums.n_saturated) / n);
}

}  // namespace triage
