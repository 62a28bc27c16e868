// Resizing against OpenCV, against the definition, and each kernel against the others.
#include "preprocess/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/hash.h"

namespace triage {
namespace {

struct Picture {
  int width, height, channels;
  std::vector<std::uint8_t> data;
  [[nodiscard]] std::size_t stride() const { return static_cast<std::size_t>(width * channels); }
  [[nodiscard]] Pixels pixels() const { return {data.data(), stride(), width, height, channels}; }
};

Picture noise(int width, int height, int channels) {
  Picture picture{width, height, channels, {}};
  Random random(static_cast<std::uint64_t>(width * 1000 + height));
  for (std::size_t i = 0; i < picture.stride() * static_cast<std::size_t>(height); ++i) {
    picture.data.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return picture;
}

Picture resized(const Picture& from, int width, int height,
                const ResizeKernel& kernel = resize_kernels().front(),
                Resampling resampling = Resampling::kBySize) {
  Resizer resizer;
  resizer.set(from.pixels(), width, height, resampling, kernel);
  Picture to{width, height, from.channels, {}};
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = resizer.row(y);
    to.data.insert(to.data.end(), row, row + to.stride());
  }
  return to;
}

Picture resized_by_opencv(const Picture& from, int width, int height) {
  const int type = CV_8UC(from.channels);
  const cv::Mat source(from.height, from.width, type, const_cast<std::uint8_t*>(from.data.data()));
  Picture to{width, height, from.channels, {}};
  to.data.resize(to.stride() * static_cast<std::size_t>(height));
  cv::Mat target(height, width, type, to.data.data());
  const bool shrinks = width < from.width || height < from.height;
  cv::resize(source, target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return to;
}

struct Difference {
  int largest = 0;
  double share = 0;  // of the values that differ at all
};

Difference between(const Picture& a, const Picture& b) {
  Difference difference;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    const int here = std::abs(int{a.data[i]} - int{b.data[i]});
    difference.largest = std::max(difference.largest, here);
    difference.share += here > 0 ? 1.0 / static_cast<double>(a.data.size()) : 0;
  }
  return difference;
}

// Source and result: photographs, icons, strips, single pixels; shrinking, growing and both.
constexpr std::array<std::array<int, 4>, 16> kSizes{{{227, 227, 224, 224},
                                                     {500, 375, 224, 224},
                                                     {640, 480, 160, 120},
                                                     {375, 500, 128, 96},
                                                     {227, 227, 256, 256},
                                                     {100, 60, 288, 320},
                                                     {28, 28, 29, 28},
                                                     {28, 28, 32, 24},
                                                     {300, 100, 224, 224},
                                                     {3, 2, 50, 40},
                                                     {2, 3, 7, 9},
                                                     {1, 1, 5, 4},
                                                     {1, 40, 8, 8},
                                                     {40, 1, 8, 8},
                                                     {31, 17, 1, 1},
                                                     {5, 7, 4, 7}}};

TEST(Resize, IsOpenCvsButForItsFixedPoint) {
  for (const int channels : {1, 3}) {
    for (const auto& [from_w, from_h, width, height] : kSizes) {
      const Picture from = noise(from_w, from_h, channels);
      const Difference difference =
          between(resized(from, width, height), resized_by_opencv(from, width, height));
      EXPECT_LE(difference.largest, 1) << from_w << "x" << from_h << " to " << width << "x" << height;
      // Its area weights are floats as ours are; its cubic ones have 11 bits, its linear ones too.
      const bool by_area = width <= from_w && height <= from_h;
      const double few = 2.0 / static_cast<double>(width * height * channels);
      EXPECT_LE(difference.share, by_area ? std::max(0.001, few) : std::max(0.2, few))
          << from_w << "x" << from_h << " to " << width << "x" << height;
    }
  }
}

TEST(Resize, WithoutAntialiasingIsOpenCvs) {
  const std::array ways{std::pair(Resampling::kBilinear, int{cv::INTER_LINEAR}),
                        std::pair(Resampling::kBicubic, int{cv::INTER_CUBIC})};
  for (const auto& [resampling, interpolation] : ways) {
    for (const auto& [from_w, from_h, width, height] : kSizes) {
      const Picture from = noise(from_w, from_h, 3);
      Picture theirs{width, height, 3, {}};
      theirs.data.resize(theirs.stride() * static_cast<std::size_t>(height));
      const cv::Mat source(from.height, from.width, CV_8UC3, const_cast<std::uint8_t*>(from.data.data()));
      cv::Mat target(height, width, CV_8UC3, theirs.data.data());
      cv::resize(source, target, target.size(), 0, 0, interpolation);
      const Picture ours = resized(from, width, height, resize_kernels().front(), resampling);
      EXPECT_LE(between(ours, theirs).largest, 1)
          << to_string(resampling) << " " << from_w << "x" << from_h << " to " << width << "x" << height;
    }
  }
}

TEST(Resize, EachWayHandComputed) {
  const Picture from{4, 1, 1, {0, 70, 140, 210}};
  const auto halved = [&](Resampling resampling) {
    return resized(from, 2, 1, resize_kernels().front(), resampling).data;
  };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(halved(Resampling::kArea), (Bytes{35, 175}));
  EXPECT_EQ(halved(Resampling::kBilinear), (Bytes{35, 175}));
  // Positions -1 to 2 at distances 1.5, 0.5, 0.5 and 1.5, the first clamped: -0.09375, 0.59375 (a = -0.75).
  EXPECT_EQ(halved(Resampling::kBicubic), (Bytes{28, 182}));
  // Distances 0.25, 0.25 and 0.75 of a triangle: (0.75 * 70 + 0.25 * 140) / 1.75.
  EXPECT_EQ(halved(Resampling::kBilinearAntialias), (Bytes{50, 160}));
  // 0.86719, 0.86719, 0.22656 and -0.07031 (a = -0.5), of their sum: 77.656 / 1.8906.
  EXPECT_EQ(halved(Resampling::kBicubicAntialias), (Bytes{41, 169}));
  // By area a growing picture is a mosaic.
  EXPECT_EQ(resized({2, 1, 1, {0, 90}}, 3, 1, resize_kernels().front(), Resampling::kArea).data,
            (Bytes{0, 45, 90}));
}

TEST(Resize, EachWayLeavesAConstantPictureConstant) {
  for (const Resampling resampling : all_resamplings()) {
    for (const auto& [from_w, from_h, width, height] : kSizes) {
      Picture from = noise(from_w, from_h, 3);
      std::fill(from.data.begin(), from.data.end(), std::uint8_t{77});
      const Picture to = resized(from, width, height, resize_kernels().front(), resampling);
      EXPECT_EQ(std::count(to.data.begin(), to.data.end(), 77), static_cast<std::ptrdiff_t>(to.data.size()))
          << to_string(resampling);
    }
  }
}

TEST(Resize, KernelsAgreeToTheLastBit) {
  for (const int channels : {1, 3}) {
    for (const auto& [from_w, from_h, width, height] : kSizes) {
      const Picture from = noise(from_w, from_h, channels);
      const Picture first = resized(from, width, height);
      for (const ResizeKernel& kernel : resize_kernels()) {
        EXPECT_EQ(resized(from, width, height, kernel).data, first.data)
            << kernel.name << " " << from_w << "x" << from_h << " to " << width << "x" << height;
      }
    }
  }
}

TEST(Resize, LeavesAConstantPictureConstant) {
  for (const auto& [from_w, from_h, width, height] : kSizes) {
    Picture from = noise(from_w, from_h, 3);
    std::fill(from.data.begin(), from.data.end(), std::uint8_t{201});
    const Picture to = resized(from, width, height);
    EXPECT_EQ(std::count(to.data.begin(), to.data.end(), 201), static_cast<std::ptrdiff_t>(to.data.size()));
  }
}

TEST(Resize, HandComputed) {
  // By area, 3 to 2: (0 + 30/2) / 1.5 and (30/2 + 90) / 1.5.
  EXPECT_EQ(resized({3, 1, 1, {0, 30, 90}}, 2, 1).data, (std::vector<std::uint8_t>{10, 70}));
  // Bicubic, 2 to 4: centres at -0.25, 0.25, 0.75 and 1.25 with weights of a = -0.75; clamped at both ends.
  // At 0.25 the weights of positions -1..2 are -0.10547, 0.87891, 0.26172, -0.03516.
  const double inside = 255 * (0.26172 - 0.03516);
  EXPECT_EQ(resized({2, 1, 1, {0, 255}}, 4, 1).data,
            (std::vector<std::uint8_t>{0, static_cast<std::uint8_t>(std::lround(inside)),
                                       static_cast<std::uint8_t>(std::lround(255 - inside)), 255}));
}

TEST(Resize, IsUsedAgainForAnotherSize) {
  Resizer resizer;
  const Picture large = noise(64, 48, 3);
  const Picture small = noise(9, 9, 1);
  resizer.set(large.pixels(), 80, 60);
  (void)resizer.row(59);
  resizer.set(small.pixels(), 4, 4);
  const std::uint8_t* row = resizer.row(3);
  const Picture expected = resized(small, 4, 4);
  EXPECT_TRUE(std::equal(row, row + 4, expected.data.end() - 4));
}

}  // namespace
}  // namespace triage
