// Hand-computed values, and what holds for every picture.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "features/pictures.h"
#include "support/expect_error.h"
#include "support/ticking_clock.h"

namespace triage {
namespace {

using enum ErrorCode;

using testing::constant;
using testing::extract_all;
using testing::extract_one;
using Names = std::vector<std::string_view>;

// Black and white fields of `field` px.
Image checkerboard(int size, int field) {
  Image image = constant(size, size, {0});
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      if ((x / field + y / field) % 2 == 1) image.pixels[static_cast<std::size_t>(y * size + x)] = 255;
    }
  }
  return image;
}

float sum_of(const Image& image, const std::string& prefix) {
  float sum = 0;
  for (int i = 1; i <= 7; ++i) sum += extract_one(image, prefix + std::to_string(i));
  return sum;
}

TEST(Brightness, OfAConstant) {
  for (const Image& image : {constant(1, 1, {100}), constant(5, 3, {100}), constant(4, 4, {100, 100, 100})}) {
    EXPECT_EQ(extract_one(image, "avg_brightness"), 100);
    EXPECT_EQ(extract_one(image, "brightness_rms"), 100);
    EXPECT_FLOAT_EQ(extract_one(image, "avg_perceived_brightness"), 100);
    EXPECT_FLOAT_EQ(extract_one(image, "perceived_brightness_rms"), 100);
    EXPECT_EQ(extract_one(image, "contrast"), 0);
    EXPECT_EQ(extract_one(image, "laplacian_variance"), 0);
  }
}

TEST(Brightness, OfACheckerboard) {
  const Image image = checkerboard(8, 1);
  EXPECT_FLOAT_EQ(extract_one(image, "avg_brightness"), 127.5F);
  EXPECT_FLOAT_EQ(extract_one(image, "brightness_rms"), 255.0F * std::sqrt(0.5F));
  EXPECT_FLOAT_EQ(extract_one(image, "avg_perceived_brightness"), 127.5F);
  EXPECT_FLOAT_EQ(extract_one(image, "perceived_brightness_rms"), 255.0F * std::sqrt(0.5F));
  EXPECT_FLOAT_EQ(extract_one(image, "contrast"), 127.5F);
  // Every neighbour has the other colour: the Laplacian is +-4 * 255.
  EXPECT_FLOAT_EQ(extract_one(image, "laplacian_variance"), 1020.0F * 1020.0F);
  EXPECT_FLOAT_EQ(extract_one(image, "saturated_share"), 0.5F);
}

TEST(Brightness, PerceivedWeighsTheChannels) {
  EXPECT_FLOAT_EQ(extract_one(constant(2, 2, {100, 0, 0}), "avg_perceived_brightness"),
                  100 * std::sqrt(0.241F));
  EXPECT_FLOAT_EQ(extract_one(constant(2, 2, {0, 100, 0}), "avg_perceived_brightness"),
                  100 * std::sqrt(0.691F));
  EXPECT_FLOAT_EQ(extract_one(constant(2, 2, {0, 0, 100}), "perceived_brightness_rms"),
                  100 * std::sqrt(0.068F));
  // 0.299 R rounded, as OpenCV does.
  EXPECT_EQ(extract_one(constant(2, 2, {100, 0, 0}), "avg_brightness"), 30);
}

TEST(Hue, GoesToItsBin) {
  // Hues 0, 30, 60, 90, 120, 150 of 180: bins floor(7 H / 180) = 0, 1, 2, 3, 4, 5.
  const std::vector<std::vector<std::uint8_t>> colours{{200, 0, 0},   {200, 200, 0}, {0, 200, 0},
                                                       {0, 200, 200}, {0, 0, 200},   {200, 0, 200}};
  for (std::size_t i = 0; i < colours.size(); ++i)
    EXPECT_EQ(extract_one(constant(3, 2, colours[i]), "hue" + std::to_string(i + 1)), 1) << i;
  // A red with a little blue turns backwards to hue 177: bin 6.
  EXPECT_EQ(extract_one(constant(1, 1, {200, 0, 20}), "hue7"), 1);
}

TEST(Hue, LeavesOutPixelsWithoutColour) {
  EXPECT_EQ(sum_of(constant(3, 3, {90, 90, 90}), "hue"), 0);
  EXPECT_EQ(sum_of(constant(3, 3, {0, 0, 0}), "hue"), 0);
  EXPECT_EQ(sum_of(constant(3, 3, {90}), "hue"), 0);
  Image image = constant(2, 2, {90, 90, 90});
  image.pixels[0] = 200;  // one red pixel is all of the histogram
  EXPECT_EQ(extract_one(image, "hue1"), 1);
}

TEST(Colour, OfHandComputedPictures) {
  // One red, one green pixel: rg = +-255, yb = 127.5; deviation 255, mean 127.5.
  Image image = constant(2, 1, {255, 0, 0});
  image.pixels = {255, 0, 0, 0, 255, 0};
  EXPECT_FLOAT_EQ(extract_one(image, "colourfulness"), 255.0F + 0.3F * 127.5F);
  EXPECT_EQ(extract_one(image, "saturated_share"), 1);
  EXPECT_EQ(extract_one(constant(2, 2, {7, 7, 7}), "colourfulness"), 0);
  EXPECT_EQ(extract_one(constant(2, 2, {254, 7, 7}), "saturated_share"), 0);
}

TEST(Size, IsTheImagesOwn) {
  const Image image = constant(30, 20, {1});
  EXPECT_EQ(extract_one(image, "width", 8), 30);
  EXPECT_EQ(extract_one(image, "height", 8), 20);
}

// A bright bar of w x h px in the middle of a black image of 60 x 50. Its outline of edges is on both sides
// of each border or on one: what Canny makes of an ideal step decides, so the test derives the box from the
// definition: on a step the two middle pixels have equal magnitude, and the left (upper) one wins.
TEST(Object, OfARectangle) {
  Image image = constant(60, 50, {0});
  testing::fill(image, 10, 15, 40, 30, 255);
  // Edges at x = 9 and 39, y = 14 and 29: a box of 31 x 16 points, whose outline through the point centres is
  // 30 x 15 with its corners cut or not by the closing.
  EXPECT_FLOAT_EQ(extract_one(image, "aspect_ratio"), 31.0F / 16.0F);
  const float area_by_perim = extract_one(image, "area_by_perim");
  EXPECT_NEAR(area_by_perim, 30.0 * 15.0 / 90.0 / 50.0, 0.002);
  // One closed edge, seen from outside and inside: two contours of 64 points and more.
  EXPECT_EQ(extract_one(image, "edge_length5"), 1);
  // Horizontal and vertical sides alone: angles 90 and 0 degrees (bins 4 and 1), 31 and 16 points a side or a
  // corner fewer.
  EXPECT_NEAR(extract_one(image, "edge_angle4"), 60.0 / 90.0, 0.05);
  EXPECT_NEAR(extract_one(image, "edge_angle1"), 30.0 / 90.0, 0.05);
}

TEST(Object, IsTheLargestOfTwo) {
  Image image = constant(100, 100, {0});
  testing::fill(image, 5, 5, 25, 15, 255);
  testing::fill(image, 40, 40, 60, 90, 255);
  EXPECT_FLOAT_EQ(extract_one(image, "aspect_ratio"), 21.0F / 51.0F);
}

TEST(Object, AbsentGivesZeroAndOne) {
  EXPECT_EQ(extract_one(constant(20, 20, {50}), "area_by_perim"), 0);
  EXPECT_EQ(extract_one(constant(20, 20, {50}), "aspect_ratio"), 1);
  EXPECT_EQ(sum_of(constant(20, 20, {50}), "edge_length"), 0);
  EXPECT_EQ(sum_of(constant(20, 20, {50}), "edge_angle"), 0);
}

TEST(Keypoints, CountIsolatedDots) {
  // All 16 points of FAST's circle around a dot are darker; around its neighbours one point differs at most.
  Image image = constant(100, 50, {0});
  for (const int x : {20, 40, 60}) testing::fill(image, x, 25, x + 1, 26, 255);
  EXPECT_EQ(extract_one(image, "n_keypoints"), 6);  // 3 in 5,000 px
  EXPECT_EQ(extract_one(constant(100, 100, {9}), "n_keypoints"), 0);
  EXPECT_EQ(extract_one(constant(6, 100, {9}), "n_keypoints"), 0);
}

TEST(WorkingSize, ReducesAndNeverEnlarges) {
  const Image image = checkerboard(32, 1);  // halved, each 2 x 2 block is (0 + 255 + 255 + 0) / 4
  EXPECT_EQ(extract_one(image, "contrast", 16), 0);
  EXPECT_EQ(extract_one(image, "avg_brightness", 16), 128);
  EXPECT_EQ(extract_one(image, "contrast", 32), 127.5F);
  EXPECT_EQ(extract_one(image, "contrast", 64), 127.5F);
}

// Every picture, degenerate ones included, gives finite values, and a gray one the same as its RGB copy.
TEST(AllFeatures, FiniteAndTheSameForGrayAndReplicated) {
  std::vector<Image> images{checkerboard(8, 1), checkerboard(40, 5), constant(1, 1, {0}),
                            constant(1, 1, {255}), constant(2, 300, {7})};
  for (const int width : {1, 2, 3, 6, 7, 28, 61}) {
    for (const int height : {1, 5, 7, 28, 300}) {
      for (const int block : {1, 4, 9}) images.push_back(testing::blocks(width, height, 1, block, 5));
    }
  }
  for (const Image& image : images) {
    for (const int working_px : {8, 16, 25, 224}) {
      const std::vector<float> gray = extract_all(image, working_px);
      const std::vector<float> rgb = extract_all(testing::replicated(image), working_px);
      for (std::size_t i = 0; i < gray.size(); ++i) {
        ASSERT_TRUE(std::isfinite(gray[i])) << feature_registry()[i].name;
        ASSERT_EQ(gray[i], rgb[i]) << feature_registry()[i].name << ", " << image.width << " x "
                                   << image.height << " at " << working_px;
      }
    }
  }
}

TEST(AllFeatures, HistogramsSumToOneOrAreEmpty) {
  const Image image = testing::blocks(90, 70, 3, 6, 1);
  for (const char* histogram : {"edge_length", "edge_angle", "hue"})
    EXPECT_NEAR(sum_of(image, histogram), 1.0F, 1e-6F) << histogram;
}

TEST(Extraction, InStepsEqualsAtOnceAndLeavesOthersAlone) {
  const Image image = testing::blocks(50, 40, 3, 5, 2);
  const FeatureSchema schema = make_schema(testing::all_names());
  const std::vector<float> expected = extract_all(image);
  FakeClock clock;
  FeatureExtraction extraction(schema, image, clock);
  std::vector<float> values(schema.size(), -5);
  const FeatureMask first = 0x2AAAAAAAAULL & all_features(schema);
  extraction.extract(first, values);
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(values[i], (first >> i & 1U) != 0 ? expected[i] : -5) << i;
  extraction.extract(all_features(schema) & ~first, values);
  EXPECT_EQ(values, expected);
}

// Whatever it has seen before, larger or smaller, gray or not.
TEST(Extraction, OfOneImageAfterAnother) {
  const FeatureSchema schema = make_schema(testing::all_names());
  const std::vector<Image> images{testing::blocks(90, 70, 3, 6, 1),    testing::blocks(70, 90, 3, 6, 2),
                                  testing::blocks(7, 300, 1, 2, 3),    testing::blocks(1, 1, 3, 1, 4),
                                  testing::blocks(224, 1200, 3, 5, 5), testing::blocks(90, 70, 1, 4, 6)};
  FakeClock clock;
  FeatureExtraction extraction(schema, images.front(), clock);
  for (const Image& image : images) {
    extraction.begin(image);
    std::vector<float> values(schema.size());
    extraction.extract(all_features(schema), values);
    EXPECT_EQ(values, extract_all(image)) << image.width << " x " << image.height;
  }
  EXPECT_TRIAGE_ERROR(extraction.begin(Image{}), kUsage, "0 x 0 pixels");
}

// A stride and an order of channels are no other picture.
TEST(Extraction, OfPaddedRowsAndBgr) {
  const Image image = testing::blocks(31, 20, 3, 4, 1);
  constexpr std::size_t kStride = 31 * 3 + 5;
  std::vector<std::uint8_t> bytes(kStride * 20);
  for (std::size_t y = 0; y < 20; ++y) {
    for (std::size_t x = 0; x < 31; ++x) {
      for (std::size_t c = 0; c < 3; ++c)
        bytes[y * kStride + 3 * x + c] = image.pixels[(y * 31 + x) * 3 + 2 - c];
    }
  }
  const FeatureSchema schema = make_schema(testing::all_names());
  std::vector<float> values(schema.size());
  FakeClock clock;
  FeatureExtraction(schema, ImageView(bytes, 31, 20, kStride, Colour::kBgr), clock)
      .extract(all_features(schema), values);
  EXPECT_EQ(values, extract_all(image));
}

TEST(Extraction, RunsOnlyWhatIsNeededAndOnce) {
  const Image image = testing::blocks(50, 40, 3, 5, 2);
  const FeatureSchema schema = make_schema(Names{"contrast", "hue1", "aspect_ratio", "avg_brightness"});
  const testing::TickingClock clock;  // a node's time counts how often it ran
  FeatureExtraction extraction(schema, image, clock);
  std::vector<float> values(schema.size());
  NodeMask done = 0;
  for (const FeatureMask mask : {0b0000U, 0b0001U, 0b1001U, 0b0101U, 0b1101U}) {
    extraction.extract(mask, values);
    done |= nodes_of(schema, mask);
    ASSERT_EQ(extraction.node_ms().size(), feature_nodes().size());
    for (std::size_t i = 0; i < feature_nodes().size(); ++i)
      EXPECT_EQ(extraction.node_ms()[i], (done >> i & 1U) != 0 ? 1.0F : 0.0F) << feature_nodes()[i];
  }
}

TEST(Extraction, RejectsAnIncompleteImage) {
  const FeatureSchema schema = make_schema(paper_features());
  FakeClock clock;
  EXPECT_TRIAGE_ERROR(FeatureExtraction(schema, Image{}, clock), kUsage, "0 x 0 pixels");
  EXPECT_TRIAGE_ERROR(FeatureExtraction(schema, Image{2, 2, 1, {1, 2, 3}}, clock), kUsage, "3 bytes");
  EXPECT_TRIAGE_ERROR(FeatureExtraction(schema, Image{1, 1, 2, {1, 2}}, clock), kUsage, "2 channels");
}

}  // namespace
}  // namespace triage
