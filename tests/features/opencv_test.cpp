// Our own nodes against the OpenCV functions that define them, to the last bit.
#include <gtest/gtest.h>

#include <opencv2/features2d.hpp>
#include <opencv2/imgproc.hpp>

#include "features/graph.h"
#include "features/pictures.h"

namespace triage {
namespace {

struct Shape {
  int width, height, block;
};

std::vector<Image> pictures(int channels) {
  std::vector<Image> images;
  for (const Shape& shape : {Shape{1, 1, 1},
                             {2, 1, 1},
                             {1, 9, 1},
                             {3, 3, 1},
                             {28, 28, 1},
                             {28, 28, 4},
                             {31, 17, 3},
                             {64, 48, 5},
                             {113, 97, 7},
                             {224, 224, 11}}) {
    for (std::uint64_t seed = 0; seed < 4; ++seed)
      images.push_back(testing::blocks(shape.width, shape.height, channels, shape.block, seed));
  }
  return images;
}

FeatureWork start(const Image& image) {
  FeatureWork work;
  work.image = image;
  work.working_px = 224;
  compute_working(work);
  compute_gray(work);
  return work;
}

cv::Mat view(const Image& image) {
  return {image.height, image.width, CV_8UC(image.channels), const_cast<std::uint8_t*>(image.pixels.data())};
}

template <class T>
void expect_equal(const cv::Mat& expected, const T* found, const char* what) {
  for (int y = 0; y < expected.rows; ++y) {
    for (int x = 0; x < expected.cols; ++x)
      ASSERT_EQ(expected.at<T>(y, x), found[y * expected.cols + x]) << what << " at " << x << ", " << y;
  }
}

// The pixels of a padded plane.
template <class T>
std::vector<T> without_border(const Padded& pad, const std::vector<T>& plane) {
  std::vector<T> pixels;
  for (std::size_t y = 0; y < pad.height; ++y) {
    for (std::size_t x = 0; x < pad.width; ++x) pixels.push_back(plane[pad.at(x, y)]);
  }
  return pixels;
}

TEST(OpenCvParity, GrayOfAllColoursOnAGrid) {
  Image image{64 * 64, 64, 3, {}};
  for (int r = 0; r < 256; r += 4) {
    for (int g = 0; g < 256; g += 4) {
      for (int b = 0; b < 256; b += 4) {
        for (const int value : {r + b % 3, g + 1, b + r % 4})
          image.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  cv::Mat gray;
  cv::cvtColor(view(image), gray, cv::COLOR_RGB2GRAY);
  expect_equal(gray, start(image).gray.data, "gray");
}

TEST(OpenCvParity, GradientAndEdges) {
  for (const Image& image : pictures(3)) {
    FeatureWork work = start(image);
    compute_gradient(work);
    compute_edges(work);
    cv::Mat gray, gx, gy, edges;
    cv::cvtColor(view(image), gray, cv::COLOR_RGB2GRAY);
    cv::Sobel(gray, gx, CV_16S, 1, 0, 3, 1, 0, cv::BORDER_REPLICATE);
    cv::Sobel(gray, gy, CV_16S, 0, 1, 3, 1, 0, cv::BORDER_REPLICATE);
    cv::Canny(gray, edges, 100, 200, 3, false);
    edges /= 255;
    expect_equal(gx, without_border(work.padded(), work.gx).data(), "gx");
    expect_equal(gy, without_border(work.padded(), work.gy).data(), "gy");
    expect_equal(edges, without_border(work.padded(), work.edges).data(), "edges");
  }
}

// n points, area, perimeter, width, height, in the order of cv::findContours, which lists the last first.
std::vector<std::array<double, 5>> contours_of(const cv::Mat& set, int mode) {
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(set, contours, mode, cv::CHAIN_APPROX_NONE);
  std::vector<std::array<double, 5>> found;
  for (auto contour = contours.rbegin(); contour != contours.rend(); ++contour) {
    const cv::Rect box = cv::boundingRect(*contour);
    found.push_back({static_cast<double>(contour->size()), cv::contourArea(*contour),
                     cv::arcLength(*contour, true), static_cast<double>(box.width),
                     static_cast<double>(box.height)});
  }
  return found;
}

void expect_outlines(std::span<const Outline> found, const std::vector<std::array<double, 5>>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].n_points, expected[i][0]) << i;
    EXPECT_EQ(static_cast<double>(found[i].twice_area) / 2, expected[i][1]) << i;
    EXPECT_NEAR(found[i].perimeter(), expected[i][2], 1e-6 * expected[i][2]) << i;
    EXPECT_EQ(found[i].width, expected[i][3]) << i;
    EXPECT_EQ(found[i].height, expected[i][4]) << i;
  }
}

// Sparse and dense, so that there are single pixels, lines, holes, and regions in holes.
TEST(OpenCvParity, Outlines) {
  for (const Image& image : pictures(1)) {
    for (const double above : {40.0, 127.0, 215.0}) {
      const cv::Mat set = view(image) > above;
      const Padded pad(image.width, image.height);
      std::vector<std::uint8_t> padded(pad.size());
      for (std::size_t y = 0; y < pad.height; ++y) {
        for (std::size_t x = 0; x < pad.width; ++x)
          padded[pad.at(x, y)] = set.at<std::uint8_t>(static_cast<int>(y), static_cast<int>(x)) != 0 ? 1 : 0;
      }
      OutlineFinder finder;
      expect_outlines(finder.find(OutlineFinder::kAll, pad, padded.data()), contours_of(set, cv::RETR_LIST));
      expect_outlines(finder.find(OutlineFinder::kOutermost, pad, padded.data()),
                      contours_of(set, cv::RETR_EXTERNAL));
    }
  }
}

TEST(OpenCvParity, ClosedEdges) {
  for (const Image& image : pictures(3)) {
    FeatureWork work = start(image);
    compute_gradient(work);
    compute_edges(work);
    compute_object(work);
    const std::vector<std::uint8_t> edges = without_border(work.padded(), work.edges);
    const cv::Mat set(image.height, image.width, CV_8UC1, const_cast<std::uint8_t*>(edges.data()));
    cv::Mat closed;
    cv::morphologyEx(set, closed, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
    expect_equal(closed, without_border(work.padded(), work.closed).data(), "closed");
  }
}

TEST(OpenCvParity, Keypoints) {
  for (const Image& image : pictures(1)) {
    FeatureWork work = start(image);
    compute_keypoints(work);
    std::vector<cv::KeyPoint> corners;
    if (std::min(image.width, image.height) > 6)
      cv::FAST(view(image), corners, 20, true, cv::FastFeatureDetector::TYPE_9_16);
    EXPECT_EQ(work.values[kNKeypoints],
              static_cast<float>(static_cast<double>(corners.size()) * 10000 / (image.width * image.height)))
        << image.width << " x " << image.height;
  }
}

TEST(OpenCvParity, HueHistogram) {
  for (const Image& image : pictures(3)) {
    FeatureWork work = start(image);
    compute_hue(work);
    cv::Mat hsv;
    cv::cvtColor(view(image), hsv, cv::COLOR_RGB2HSV);
    std::array<std::uint32_t, kHistogramBins> counts{};
    for (int y = 0; y < hsv.rows; ++y) {
      for (int x = 0; x < hsv.cols; ++x) {
        const auto pixel = hsv.at<cv::Vec3b>(y, x);
        if (pixel[1] > 0 && pixel[2] > 0) ++counts[static_cast<std::size_t>(pixel[0] * 7 / 180)];
      }
    }
    std::array<float, kHistogramBins> shares{};
    to_shares(counts, shares);
    for (std::size_t i = 0; i < kHistogramBins; ++i) ASSERT_EQ(work.values[kHue1 + i], shares[i]) << i;
  }
}

TEST(OpenCvParity, LaplacianVariance) {
  for (const Image& image : pictures(1)) {
    FeatureWork work = start(image);
    compute_laplacian(work);
    cv::Mat laplacian;
    cv::Laplacian(view(image), laplacian, CV_64F);
    cv::Scalar mean, deviation;
    cv::meanStdDev(laplacian, mean, deviation);
    const double expected = deviation[0] * deviation[0];
    EXPECT_NEAR(static_cast<double>(work.values[kLaplacianVariance]), expected, 1e-6 * (1 + expected))
        << image.width << " x " << image.height;
  }
}

}  // namespace
}  // namespace triage
