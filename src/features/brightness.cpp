// Brightness, contrast and sharpness. Sums are of integers where they can be, so that they are exact.
#include <algorithm>
#include <cmath>

#include "features/graph.h"
#include "features/pixel_kernels.h"

namespace triage {
namespace {

struct Moments {
  double mean;
  double mean_square;
  [[nodiscard]] double variance() const { return std::max(0.0, mean_square - mean * mean); }
};

Moments moments(const PlaneSums& sums, std::size_t n) {
  return {static_cast<double>(sums.values) / static_cast<double>(n),
          static_cast<double>(sums.squares) / static_cast<double>(n)};
}

}  // namespace

void compute_brightness(FeatureWork& work) {
  PlaneSums sums;
  pixel_kernels().front().sum_plane(work.gray.data, work.gray.n_pixels(), sums);
  const Moments gray = moments(sums, work.gray.n_pixels());
  work.values[kAvgBrightness] = static_cast<float>(gray.mean);
  work.values[kBrightnessRms] = static_cast<float>(std::sqrt(gray.mean_square));
  work.values[kContrast] = static_cast<float>(std::sqrt(gray.variance()));
}

void compute_perceived(FeatureWork& work) {
  PerceivedSums sums;
  pixel_kernels().front().sum_perceived(work.working.pointers(), work.working.n_pixels(), sums);
  const auto n = static_cast<double>(work.working.n_pixels());
  work.values[kAvgPerceivedBrightness] = static_cast<float>(sums.values / n);
  work.values[kPerceivedBrightnessRms] =
      static_cast<float>(std::sqrt(static_cast<double>(sums.thousand_squares) / 1000.0 / n));
}

// Variance of the 4-neighbour Laplacian; beyond the border the image is mirrored without repeating its edge.
void compute_laplacian(FeatureWork& work) {
  const PixelView& gray = work.gray;
  const auto mirror = [](int at, int size) {
    return size == 1 ? 0 : at < 0 ? 1 : at == size ? size - 2 : at;
  };
  PlaneSums sums;
  for (int y = 0; y < gray.height; ++y) {
    const std::uint8_t* above = gray.row(mirror(y - 1, gray.height));
    const std::uint8_t* row = gray.row(y);
    const std::uint8_t* below = gray.row(mirror(y + 1, gray.height));
    const auto add = [&](int x, int left, int right) {
      const int value = above[x] + below[x] + row[left] + row[right] - 4 * row[x];
      sums.values += value;
      sums.squares += std::int64_t{value} * value;
    };
    for (int x = 1; x + 1 < gray.width; ++x) add(x, x - 1, x + 1);
    add(0, mirror(-1, gray.width), mirror(1, gray.width));
    if (gray.width > 1) add(gray.width - 1, gray.width - 2, mirror(gray.width, gray.width));
  }
  work.values[kLaplacianVariance] = static_cast<float>(moments(sums, gray.n_pixels()).variance());
}

}  // namespace triage
