// Gradient, Canny edges, and the histograms of their lengths and angles.
//
// The edges are those of cv::Canny(Y, 100, 200, 3, L2gradient=false), to the pixel. OpenCV's own starts
// threads even for tiny images and does not return the gradient, which the angles need.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "features/graph.h"

namespace triage {
namespace {

constexpr int kLow = 100;
constexpr int kHigh = 200;

// Padded by one pixel on each side, so that neighbours need no bounds checks.
struct Padded {
  explicit Padded(const PixelView& image) : stride(static_cast<std::size_t>(image.width) + 2) {}
  std::size_t stride;
  [[nodiscard]] std::size_t at(int x, int y) const {
    return (static_cast<std::size_t>(y) + 1) * stride + static_cast<std::size_t>(x) + 1;
  }
  [[nodiscard]] std::size_t size(int height) const { return (static_cast<std::size_t>(height) + 2) * stride; }
};

// Whether the pixel with magnitude *m is a ridge across its gradient, whose direction is rounded to a
// multiple of 45 degrees. On plateaus the first of equal pixels wins, on one of the two sides.
bool is_ridge(const std::int16_t* m, std::ptrdiff_t stride, int gx, int gy) {
  constexpr int kShift = 15;
  constexpr int kTan22 = 13573;  // tan(22.5 degrees) << kShift
  const int ax = std::abs(gx);
  const int ay = std::abs(gy) << kShift;
  const int tan22_x = ax * kTan22;
  if (ay < tan22_x) return m[0] > m[-1] && m[0] >= m[1];
  const int tan67_x = tan22_x + (ax << (kShift + 1));
  if (ay > tan67_x) return m[0] > m[-stride] && m[0] >= m[stride];
  const std::ptrdiff_t side = (gx ^ gy) < 0 ? -1 : 1;
  return m[0] > m[-stride - side] && m[0] > m[stride + side];
}

std::vector<std::int16_t> magnitudes(const FeatureWork& work, const Padded& pad) {
  std::vector<std::int16_t> magnitude(pad.size(work.gray.height));  // 0 outside the image
  const auto width = static_cast<std::size_t>(work.gray.width);
  for (int y = 0; y < work.gray.height; ++y) {
    const std::int16_t* gx = work.gx.data() + static_cast<std::size_t>(y) * width;
    const std::int16_t* gy = work.gy.data() + static_cast<std::size_t>(y) * width;
    std::int16_t* out = magnitude.data() + pad.at(0, y);
    for (std::size_t x = 0; x < width; ++x)
      out[x] = static_cast<std::int16_t>(std::abs(gx[x]) + std::abs(gy[x]));
  }
  return magnitude;
}

enum EdgeMark : std::uint8_t { kNoEdge, kWeak, kStrong };

// Makes every weak pixel that touches a strong one, directly or through others, strong.
void grow_strong(std::vector<std::uint8_t>& marks, std::vector<std::size_t>& strong, std::size_t stride) {
  while (!strong.empty()) {
    const std::size_t at = strong.back();
    strong.pop_back();
    for (const std::size_t first : {at - stride - 1, at - 1, at + stride - 1}) {
      for (std::size_t neighbour = first; neighbour < first + 3; ++neighbour) {
        if (marks[neighbour] != kWeak) continue;
        marks[neighbour] = kStrong;
        strong.push_back(neighbour);
      }
    }
  }
}

}  // namespace

// 3x3 Sobel; beyond the border the image repeats its edge.
void compute_gradient(FeatureWork& work) {
  const PixelView& gray = work.gray;
  const auto width = static_cast<std::size_t>(gray.width);
  work.gx.resize(gray.n_pixels());
  work.gy.resize(gray.n_pixels());
  // Column sums of the three rows around y: smoothed (1 2 1) and differenced (-1 0 1), padded by one on each
  // side.
  std::vector<std::int16_t> smooth(width + 2), difference(width + 2);
  for (int y = 0; y < gray.height; ++y) {
    const std::uint8_t* above = gray.row(std::max(0, y - 1));
    const std::uint8_t* row = gray.row(y);
    const std::uint8_t* below = gray.row(std::min(gray.height - 1, y + 1));
    for (std::size_t x = 0; x < width; ++x) {
      smooth[x + 1] = static_cast<std::int16_t>(above[x] + 2 * row[x] + below[x]);
      difference[x + 1] = static_cast<std::int16_t>(below[x] - above[x]);
    }
    smooth[0] = smooth[1];
    smooth[width + 1] = smooth[width];
    difference[0] = difference[1];
    difference[width + 1] = difference[width];
    std::int16_t* gx = work.gx.data() + static_cast<std::size_t>(y) * width;
    std::int16_t* gy = work.gy.data() + static_cast<std::size_t>(y) * width;
    for (std::size_t x = 0; x < width; ++x) {
      gx[x] = static_cast<std::int16_t>(smooth[x + 2] - smooth[x]);
      gy[x] = static_cast<std::int16_t>(difference[x] + 2 * difference[x + 1] + difference[x + 2]);
    }
  }
}

void compute_edges(FeatureWork& work) {
  const PixelView& gray = work.gray;
  const Padded pad(gray);
  const std::vector<std::int16_t> magnitude = magnitudes(work, pad);
  std::vector<std::uint8_t> marks(pad.size(gray.height), kNoEdge);
  std::vector<std::size_t> strong;
  std::size_t i = 0;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x, ++i) {
      const std::size_t at = pad.at(x, y);
      const int m = magnitude[at];
      if (m <= kLow) continue;
      if (!is_ridge(&magnitude[at], static_cast<std::ptrdiff_t>(pad.stride), work.gx[i], work.gy[i]))
        continue;
      marks[at] = m > kHigh ? kStrong : kWeak;
      if (m > kHigh) strong.push_back(at);
    }
  }
  grow_strong(marks, strong, pad.stride);
  work.edges.resize(gray.n_pixels());
  i = 0;
  for (int y = 0; y < gray.height; ++y) {
    const std::uint8_t* mark = marks.data() + pad.at(0, y);
    for (int x = 0; x < gray.width; ++x, ++i) work.edges[i] = mark[x] == kStrong ? 255 : 0;
  }
}

void compute_edge_length(FeatureWork& work) {
  const cv::Mat edges(work.gray.height, work.gray.width, CV_8UC1, work.edges.data());
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(edges, contours, cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
  constexpr std::array<std::size_t, kHistogramBins> kFrom{1, 8, 16, 32, 64, 128, 256};
  std::array<std::uint32_t, kHistogramBins> counts{};
  for (const std::vector<cv::Point>& contour : contours) {
    const auto above = std::upper_bound(kFrom.begin(), kFrom.end(), contour.size());
    ++counts[static_cast<std::size_t>(above - kFrom.begin()) - 1];
  }
  to_shares(counts, work.histogram(kEdgeLength1));
}

void compute_edge_angle(FeatureWork& work) {
  std::array<std::uint32_t, kHistogramBins> counts{};
  for (std::size_t i = 0; i < work.edges.size(); ++i) {
    if (work.edges[i] == 0) continue;
    double x = work.gx[i];
    double y = work.gy[i];
    if (y < 0 || (y == 0 && x < 0)) {  // angles count modulo 180 degrees
      x = -x;
      y = -y;
    }
    const auto bin = static_cast<std::size_t>(std::atan2(y, x) / std::numbers::pi * kHistogramBins);
    ++counts[std::min(bin, kHistogramBins - 1)];
  }
  to_shares(counts, work.histogram(kEdgeAngle1));
}

}  // namespace triage
