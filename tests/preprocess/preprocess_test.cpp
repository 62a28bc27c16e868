// Preprocessing against hand-computed tensors and a plain reference in loops.
#include "preprocess/preprocess.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <opencv2/imgproc.hpp>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

Image noise(int width, int height, int channels, std::uint64_t seed) {
  Image image{width, height, channels, {}};
  image.pixels.resize(image.size_bytes());
  Random random(seed);
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  return image;
}

Recipe recipe_of(int width, int height, Colour colour, Layout layout, ElementType type) {
  Recipe recipe;
  recipe.width = width;
  recipe.height = height;
  recipe.colour = colour;
  recipe.layout = layout;
  recipe.type = type;
  return recipe;
}

std::vector<float> floats(const Image& image, const Recipe& recipe) {
  std::vector<std::byte> tensor(recipe.size_bytes());
  preprocess(image, recipe, tensor);
  std::vector<float> values;
  if (recipe.type == ElementType::kU8) {
    for (const std::byte b : tensor) values.push_back(static_cast<float>(b));
  } else if (recipe.type == ElementType::kI8) {
    for (const std::byte b : tensor) values.push_back(static_cast<float>(static_cast<std::int8_t>(b)));
  } else {
    values.resize(tensor.size() / sizeof(float));
    std::memcpy(values.data(), tensor.data(), tensor.size());
  }
  return values;
}

const Image kTwoPixels{2, 1, 3, {10, 20, 30, 40, 50, 60}};

TEST(Preprocess, LayoutsAndColours) {
  const auto values = [](Colour colour, Layout layout, ElementType type) {
    return floats(kTwoPixels, recipe_of(2, 1, colour, layout, type));
  };
  using V = std::vector<float>;
  for (const ElementType type : {ElementType::kU8, ElementType::kF32}) {
    EXPECT_EQ(values(Colour::kRgb, Layout::kNhwc, type), (V{10, 20, 30, 40, 50, 60}));
    EXPECT_EQ(values(Colour::kBgr, Layout::kNhwc, type), (V{30, 20, 10, 60, 50, 40}));
    EXPECT_EQ(values(Colour::kRgb, Layout::kNchw, type), (V{10, 40, 20, 50, 30, 60}));
    EXPECT_EQ(values(Colour::kBgr, Layout::kNchw, type), (V{30, 60, 20, 50, 10, 40}));
    // 0.299 * 10 + 0.587 * 20 + 0.114 * 30 = 18.15
    EXPECT_EQ(values(Colour::kGray, Layout::kNchw, type), (V{18, 48}));
  }
}

TEST(Preprocess, GrayBecomesThreeEqualChannels) {
  const Image gray{2, 1, 1, {7, 9}};
  EXPECT_EQ(floats(gray, recipe_of(2, 1, Colour::kRgb, Layout::kNchw, ElementType::kF32)),
            (std::vector<float>{7, 9, 7, 9, 7, 9}));
}

TEST(Preprocess, MeanAndScaleFollowTheModelsChannels) {
  Recipe recipe = recipe_of(2, 1, Colour::kBgr, Layout::kNhwc, ElementType::kF32);
  recipe.mean = {30, 0, 10};
  recipe.scale = {2, 10, 5};
  EXPECT_EQ(floats(kTwoPixels, recipe), (std::vector<float>{0, 2, 0, 15, 5, 6}));
}

TEST(Preprocess, MeanAndScaleDoNotTouchBytes) {
  Recipe recipe = recipe_of(2, 1, Colour::kRgb, Layout::kNhwc, ElementType::kU8);
  recipe.mean = {5, 5, 5};
  recipe.scale = {9, 9, 9};
  EXPECT_EQ(floats(kTwoPixels, recipe), (std::vector<float>{10, 20, 30, 40, 50, 60}));
}

// As networks of whole numbers take them, in every order of channels.
TEST(Preprocess, SignedBytesAreLessBy128) {
  const Image image{2, 1, 3, {0, 1, 127, 128, 254, 255}};
  const auto values = [&](Colour colour, Layout layout) {
    Recipe recipe = recipe_of(2, 1, colour, layout, ElementType::kI8);
    recipe.scale = {2, 3, 4};
    EXPECT_EQ(recipe.size_bytes(), 6U);
    return floats(image, recipe);
  };
  EXPECT_EQ(values(Colour::kRgb, Layout::kNhwc), (std::vector<float>{-128, -127, -1, 0, 126, 127}));
  EXPECT_EQ(values(Colour::kBgr, Layout::kNhwc), (std::vector<float>{-1, -127, -128, 127, 126, 0}));
  EXPECT_EQ(values(Colour::kRgb, Layout::kNchw), (std::vector<float>{-128, 0, -127, 126, -1, 127}));
}

TEST(Preprocess, CropsTheMiddle) {
  // 4x4 with value 10 y + x; half of each side is the inner 2x2.
  Image image{4, 4, 1, {}};
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 4; ++x) image.pixels.push_back(static_cast<std::uint8_t>(10 * y + x));
  Recipe recipe = recipe_of(2, 2, Colour::kGray, Layout::kNchw, ElementType::kF32);
  recipe.crop.fraction = 0.5;
  EXPECT_EQ(floats(image, recipe), (std::vector<float>{11, 12, 21, 22}));
  recipe = recipe_of(1, 1, Colour::kGray, Layout::kNchw, ElementType::kF32);
  recipe.crop.fraction = 0.001;  // at least one pixel is left
  EXPECT_EQ(floats(image, recipe), (std::vector<float>{11}));
}

TEST(Preprocess, ShrinkingAverages) {
  const Image image{4, 2, 1, {0, 10, 100, 100, 20, 30, 100, 104}};
  EXPECT_EQ(floats(image, recipe_of(2, 1, Colour::kGray, Layout::kNchw, ElementType::kU8)),
            (std::vector<float>{15, 101}));
}

// The whole recipe in plain loops, on a picture that OpenCV resized.
std::vector<float> reference(const Image& image, const Recipe& recipe) {
  const int crop_w = std::max(1, static_cast<int>(std::lround(image.width * recipe.crop.fraction)));
  const int crop_h = std::max(1, static_cast<int>(std::lround(image.height * recipe.crop.fraction)));
  cv::Mat picture(image.height, image.width, CV_8UC(image.channels),
                  const_cast<std::uint8_t*>(image.pixels.data()));
  picture =
      picture(cv::Rect((image.width - crop_w) / 2, (image.height - crop_h) / 2, crop_w, crop_h)).clone();
  const bool shrinks = recipe.width < crop_w || recipe.height < crop_h;
  if (recipe.width != crop_w || recipe.height != crop_h) {
    cv::resize(picture, picture, {recipe.width, recipe.height}, 0, 0,
               shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  }
  if (recipe.colour == Colour::kGray) {
    if (image.channels == 3) cv::cvtColor(picture, picture, cv::COLOR_RGB2GRAY);
  } else if (image.channels == 1) {
    cv::cvtColor(picture, picture, cv::COLOR_GRAY2RGB);
  } else if (recipe.colour == Colour::kBgr) {
    cv::cvtColor(picture, picture, cv::COLOR_RGB2BGR);
  }
  const int channels = recipe.channels();
  std::vector<float> values(static_cast<std::size_t>(recipe.width * recipe.height * channels));
  for (int y = 0; y < recipe.height; ++y) {
    for (int x = 0; x < recipe.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const auto channel = static_cast<std::size_t>(c);
        const auto value = static_cast<float>(picture.ptr(y)[x * channels + c]);
        const int at = recipe.layout == Layout::kNchw ? (c * recipe.height + y) * recipe.width + x
                                                      : (y * recipe.width + x) * channels + c;
        values[static_cast<std::size_t>(at)] =
            recipe.type == ElementType::kU8 ? value : (value - recipe.mean[channel]) / recipe.scale[channel];
      }
    }
  }
  return values;
}

// Equal but for one level of the resized picture here and there.
void expect_near(const std::vector<float>& values, const std::vector<float>& expected, const Recipe& recipe,
                 int channels) {
  ASSERT_EQ(values.size(), expected.size());
  const float level = recipe.type == ElementType::kU8
                          ? 1.0F
                          : 1.0F / *std::min_element(recipe.scale.begin(), recipe.scale.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], expected[i], 1.001F * level) << channels << " " << recipe_key(recipe) << " " << i;
  }
}

TEST(Preprocess, EqualsTheReferenceOnEveryCombination) {
  const std::pair<int, int> sizes[] = {{31, 17}, {16, 16}, {64, 48}, {20, 60}};
  for (const int channels : {1, 3}) {
    const Image image = noise(31, 17, channels, 5);
    for (const auto& [width, height] : sizes) {
      for (const Colour colour : {Colour::kRgb, Colour::kBgr, Colour::kGray}) {
        for (const Layout layout : {Layout::kNchw, Layout::kNhwc}) {
          for (const ElementType type : {ElementType::kU8, ElementType::kF32}) {
            for (const double fraction : {1.0, 0.875, 0.5}) {
              Recipe recipe = recipe_of(width, height, colour, layout, type);
              recipe.mean = {103.939F, 116.779F, 123.68F};
              recipe.scale = {57.1F, 58.2F, 59.3F};
              if (fraction == 0.5) {  // equal channels take a shorter way
                recipe.mean.fill(127);
                recipe.scale.fill(128);
              }
              recipe.crop.fraction = fraction;
              expect_near(floats(image, recipe), reference(image, recipe), recipe, channels);
            }
          }
        }
      }
    }
  }
}

TEST(Preprocess, RefusesWhatDoesNotFit) {
  const Recipe recipe = recipe_of(2, 1, Colour::kRgb, Layout::kNhwc, ElementType::kU8);
  std::vector<std::byte> tensor(recipe.size_bytes());
  EXPECT_TRIAGE_ERROR(preprocess(Image{}, recipe, tensor), ErrorCode::kUsage,
                      "image: 0 x 0 pixels of 0 channels");
  EXPECT_TRIAGE_ERROR(preprocess(Image{2, 1, 2, {1, 2, 3, 4}}, recipe, tensor), ErrorCode::kUsage,
                      "image: 2 x 1 pixels of 2 channels");
  EXPECT_TRIAGE_ERROR(preprocess(Image{2, 1, 1, {1}}, recipe, tensor), ErrorCode::kUsage,
                      "2 x 1 pixels of 1 channels in 1 bytes");
  tensor.pop_back();
  EXPECT_TRIAGE_ERROR(preprocess(kTwoPixels, recipe, tensor), ErrorCode::kUsage,
                      "tensor: 5 bytes, expected 6");
}

}  // namespace
}  // namespace triage
