// FAST corners: those of cv::FAST with suppression of all but the strongest of neighbours, of which only the
// number is wanted.
#include <algorithm>

#include "features/edge_kernels.h"
#include "features/graph.h"
#include "features/pixel_kernels.h"

namespace triage {
namespace {

constexpr std::size_t kCircle = 3;  // px that FAST's circle reaches

// All rows in one go; where the circle reaches over the sides of the image there is no corner.
void score_all(const PixelView& gray, std::vector<std::uint8_t>& scores) {
  const auto width = static_cast<std::size_t>(gray.width);
  const auto height = static_cast<std::size_t>(gray.height);
  scores.assign(gray.n_pixels(), 0);
  const std::size_t first = kCircle * width + kCircle;
  edge_kernels().front().score_corners(gray.data + first, gray.width, gray.n_pixels() - 2 * first,
                                       &scores[first]);
  for (std::size_t y = kCircle; y + 1 + kCircle < height; ++y)
    std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>((y + 1) * width - kCircle), 2 * kCircle, 0);
}

}  // namespace

void compute_keypoints(FeatureWork& work) {
  constexpr double kPerPixels = 10000;
  const PixelView& gray = work.gray;
  const std::size_t n = gray.n_pixels();
  PlaneSums corners;
  if (std::min(gray.width, gray.height) > static_cast<int>(2 * kCircle)) {
    score_all(gray, work.corner_scores);
    const std::size_t first = kCircle * static_cast<std::size_t>(gray.width);
    work.corner_peaks.resize(n);
    edge_kernels().front().find_peaks(&work.corner_scores[first], gray.width, n - 2 * first,
                                      work.corner_peaks.data());
    pixel_kernels().front().sum_plane(work.corner_peaks.data(), n - 2 * first, corners);
  }
  work.values[kNKeypoints] = static_cast<float>(static_cast<double>(corners.values) * kPerPixels /
                                                static_cast<double>(gray.n_pixels()));
}

}  // namespace triage
