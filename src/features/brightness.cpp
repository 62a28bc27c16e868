// Brightness, contrast and sharpness. Sums are of integers where they can be, so that they are exact.
#include <algorithm>
#include <cmath>
#include <opencv2/core/hal/hal.hpp>

#include "features/graph.h"

namespace triage {
namespace {

struct Moments {
  double mean;
  double mean_square;
  [[nodiscard]] double variance() const { return std::max(0.0, mean_square - mean * mean); }
};

Moments moments(std::int64_t sum, std::uint64_t sum_of_squares, std::size_t n) {
  return {static_cast<double>(sum) / static_cast<double>(n),
          static_cast<double>(sum_of_squares) / static_cast<double>(n)};
}

// 1000 P^2 = 241 R^2 + 691 G^2 + 68 B^2 of one pixel, exactly.
template <int kChannels>
std::int32_t perceived_square(const std::uint8_t* pixel) {
  if constexpr (kChannels == 1) return 1000 * pixel[0] * pixel[0];
  return 241 * pixel[0] * pixel[0] + 691 * pixel[1] * pixel[1] + 68 * pixel[2] * pixel[2];
}

template <int kChannels>
void sum_perceived(const PixelView& image, FeatureWork& work) {
  double sum = 0;
  std::int64_t sum_of_squares = 0;
  std::vector<float> perceived(static_cast<std::size_t>(image.width));
  for (int y = 0; y < image.height; ++y) {
    const std::uint8_t* pixel = image.row(y);
    for (float& value : perceived) {
      const std::int32_t square = perceived_square<kChannels>(pixel);
      sum_of_squares += square;
      value = static_cast<float>(square) * 1e-3F;
      pixel += kChannels;
    }
    cv::hal::sqrt32f(perceived.data(), perceived.data(), image.width);
    for (const float value : perceived) sum += static_cast<double>(value);
  }
  const auto n = static_cast<double>(image.n_pixels());
  work.values[kAvgPerceivedBrightness] = static_cast<float>(sum / n);
  work.values[kPerceivedBrightnessRms] =
      static_cast<float>(std::sqrt(static_cast<double>(sum_of_squares) / 1000.0 / n));
}

}  // namespace

void compute_brightness(FeatureWork& work) {
  std::int64_t sum = 0;
  std::uint64_t sum_of_squares = 0;
  for (int y = 0; y < work.gray.height; ++y) {
    for (const std::uint8_t value : std::span(work.gray.row(y), static_cast<std::size_t>(work.gray.width))) {
      sum += value;
      sum_of_squares += static_cast<std::uint32_t>(value) * value;
    }
  }
  const Moments gray = moments(sum, sum_of_squares, work.gray.n_pixels());
  work.values[kAvgBrightness] = static_cast<float>(gray.mean);
  work.values[kBrightnessRms] = static_cast<float>(std::sqrt(gray.mean_square));
  work.values[kContrast] = static_cast<float>(std::sqrt(gray.variance()));
}

void compute_perceived(FeatureWork& work) {
  if (work.working.channels == 1) {
    sum_perceived<1>(work.working, work);
  } else {
    sum_perceived<3>(work.working, work);
  }
}

// Variance of the 4-neighbour Laplacian; beyond the border the image is mirrored without repeating its edge.
void compute_laplacian(FeatureWork& work) {
  const PixelView& gray = work.gray;
  const auto mirror = [](int at, int size) {
    return size == 1 ? 0 : at < 0 ? 1 : at == size ? size - 2 : at;
  };
  std::int64_t sum = 0;
  std::uint64_t sum_of_squares = 0;
  for (int y = 0; y < gray.height; ++y) {
    const std::uint8_t* above = gray.row(mirror(y - 1, gray.height));
    const std::uint8_t* row = gray.row(y);
    const std::uint8_t* below = gray.row(mirror(y + 1, gray.height));
    const auto add = [&](int x, int left, int right) {
      const int value = above[x] + below[x] + row[left] + row[right] - 4 * row[x];
      sum += value;
      sum_of_squares += static_cast<std::uint32_t>(value * value);
    };
    for (int x = 1; x + 1 < gray.width; ++x) add(x, x - 1, x + 1);
    add(0, mirror(-1, gray.width), mirror(1, gray.width));
    if (gray.width > 1) add(gray.width - 1, gray.width - 2, mirror(gray.width, gray.width));
  }
  work.values[kLaplacianVariance] =
      static_cast<float>(moments(sum, sum_of_squares, gray.n_pixels()).variance());
}

}  // namespace triage
