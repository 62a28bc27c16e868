// FAST corners.
#include <algorithm>
#include <opencv2/features2d.hpp>

#include "features/graph.h"

namespace triage {

void compute_keypoints(FeatureWork& work) {
  constexpr int kThreshold = 20;
  constexpr int kCirclePx = 7;  // smaller images have no room for FAST's circle
  constexpr double kPerPixels = 10000;
  const PixelView& gray = work.gray;
  std::vector<cv::KeyPoint> corners;
  if (std::min(gray.width, gray.height) >= kCirclePx) {
    const cv::Mat y(gray.height, gray.width, CV_8UC1, const_cast<std::uint8_t*>(gray.data));
    cv::FAST(y, corners, kThreshold, true, cv::FastFeatureDetector::TYPE_9_16);
  }
  work.values[kNKeypoints] = static_cast<float>(static_cast<double>(corners.size()) * kPerPixels /
                                                static_cast<double>(gray.n_pixels()));
}

}  // namespace triage
