#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "image/damage.h"
#include "image/encode.h"
#include "image/exif.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::encode_jpeg;
using testing::FileBytes;

Image flat(int width, int height, const std::vector<std::uint8_t>& colour) {
  Image image{width, height, static_cast<int>(colour.size()), {}};
  for (int i = 0; i < width * height; ++i)
    image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
  return image;
}

void expect_flat(const Image& image, const std::vector<int>& colour, int tolerance) {
  ASSERT_EQ(image.channels, static_cast<int>(colour.size()));
  ASSERT_EQ(image.pixels.size(), image.size_bytes());
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    ASSERT_NEAR(image.pixels[i], colour[i % colour.size()], tolerance) << i;
}

TEST(Jpeg, GrayStaysGray) {
  const Image image = decode_image(encode_jpeg(flat(10, 7, {77})), "x");
  EXPECT_EQ(image.width, 10);
  EXPECT_EQ(image.height, 7);
  expect_flat(image, {77}, 1);
}

TEST(Jpeg, Colour) {
  expect_flat(decode_image(encode_jpeg(flat(9, 9, {200, 100, 30})), "x"), {200, 100, 30}, 2);
}

TEST(Jpeg, ProgressiveEqualsBaseline) {
  const Image picture = testing::busy(40, 24, 3);
  EXPECT_EQ(decode_image(encode_jpeg(picture, {.progressive = true}), "x").pixels,
            decode_image(encode_jpeg(picture), "x").pixels);
}

// As browsers show it: stored values are light, whether Adobe's marker says so or not.
TEST(Jpeg, CmykWithoutAdobesMarkerIsInvertedToo) {
  expect_flat(decode_image(encode_jpeg(flat(8, 8, {0, 255, 204, 153}), {.adobe_marker = false}), "x"),
              {0, 153, 122}, 1);
}

TEST(Jpeg, AdobesCmykAndYcckAreInverted) {
  expect_flat(decode_image(encode_jpeg(flat(8, 8, {0, 255, 204, 153})), "x"), {0, 153, 122}, 1);
  expect_flat(decode_image(encode_jpeg(flat(8, 8, {40, 200, 180, 153}), {.ycck = true}), "x"), {24, 120, 108},
              3);
}

// Quadrants of a stored picture: 40 80 above 120 200. EXIF says where its row 0 and column 0 are seen.
TEST(Jpeg, ExifOrientationTurnsUpright) {
  Image stored = flat(32, 16, {0});
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 32; ++x) {
      const std::array<std::uint8_t, 4> values{40, 80, 120, 200};
      stored.pixels[static_cast<std::size_t>(y * 32 + x)] =
          values[static_cast<std::size_t>(y / 8 * 2 + x / 16)];
    }
  }
  // What is seen top left and top right.
  const std::array<std::array<int, 2>, 8> seen{
      {{40, 80}, {80, 40}, {200, 120}, {120, 200}, {40, 120}, {120, 40}, {200, 80}, {80, 200}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const Image image =
          decode_image(encode_jpeg(stored, {.app1 = testing::exif_segment(orientation, big_endian)}), "x");
      EXPECT_EQ(image.width, orientation <= 4 ? 32 : 16);
      EXPECT_EQ(image.height, orientation <= 4 ? 16 : 32);
      const auto& expected = seen[static_cast<std::size_t>(orientation - 1)];
      EXPECT_NEAR(image.pixels.front(), expected[0], 2) << orientation;
      EXPECT_NEAR(image.pixels[static_cast<std::size_t>(image.width - 1)], expected[1], 2) << orientation;
    }
  }
}

TEST(Exif, MalformedMeansUpright) {
  const FileBytes good = testing::exif_segment(6, true);
  ASSERT_EQ(exif_orientation(good), 6);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const int orientation = exif_orientation({good.data(), size});
    EXPECT_TRUE(orientation == 1 || size >= good.size() - 8) << size;
  }
  for (const int bad : {0, 9, 255}) EXPECT_EQ(exif_orientation(testing::exif_segment(bad, false)), 1);
  Random random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    FileBytes damaged = good;
    damaged[random.below(damaged.size())] = static_cast<std::uint8_t>(random.below(256));
    const int orientation = exif_orientation(damaged);
    EXPECT_TRUE(orientation >= 1 && orientation <= 8);
  }
}

TEST(Jpeg, EveryTruncationFails) {
  testing::expect_every_truncation_fails(encode_jpeg(testing::busy(24, 17, 3)));
  testing::expect_every_truncation_fails(encode_jpeg(testing::busy(24, 17, 1), {.progressive = true}));
}

TEST(Jpeg, DamageIsSurvived) {
  testing::expect_damage_is_survived(encode_jpeg(testing::busy(32, 20, 3)), 1500);
  testing::expect_damage_is_survived(encode_jpeg(testing::busy(32, 20, 3), {.progressive = true}), 1500);
  testing::expect_damage_is_survived(encode_jpeg(testing::busy(16, 8, 4), {.ycck = true}), 500);
}

TEST(Jpeg, ToleratesWhatFollowsTheEndAndPaddingBeforeIt) {
  const FileBytes whole = encode_jpeg(flat(8, 8, {90}));
  FileBytes followed = whole;
  followed.insert(followed.end(), 100, 0x55);
  expect_flat(decode_image(followed, "x"), {90}, 1);
  FileBytes padded = whole;
  padded.insert(padded.end() - 2, 10, 0x00);
  expect_flat(decode_image(padded, "x"), {90}, 1);
}

// The end of image marker, and half of it.
TEST(Jpeg, AWholePictureWithoutAnEndMarkerHasARemark) {
  for (const bool progressive : {false, true}) {
    const FileBytes whole = encode_jpeg(testing::busy(40, 24, 3), {.progressive = progressive});
    EXPECT_EQ(decode_image(whole, "x").remark, "");
    for (const int lost : {1, 2}) {
      const Image image = decode_image({whole.data(), whole.size() - static_cast<std::size_t>(lost)}, "x");
      EXPECT_EQ(image.pixels, decode_image(whole, "x").pixels);
      EXPECT_EQ(image.remark, "the end marker is missing");
    }
  }
}

TEST(Jpeg, StrayBytesBetweenSegmentsAreARemark) {
  FileBytes stray = encode_jpeg(flat(8, 8, {90}));
  const std::size_t first_segment = 4 + stray[5];  // marker and length of APP0 stand in front of it
  stray.insert(stray.begin() + static_cast<std::ptrdiff_t>(first_segment), 5, 0x00);
  const Image image = decode_image(stray, "x");
  expect_flat(image, {90}, 1);
  EXPECT_EQ(image.remark, "there are stray bytes between its segments");
}

TEST(Jpeg, PassesOverThePictureAreLimited) {
  const FileBytes file = encode_jpeg(testing::busy(64, 64, 3), {.progressive = true});  // 10 passes
  EXPECT_NO_THROW((void)decode_image(file, "x", {.max_work = 64 * 64 * 10}));
  EXPECT_TRIAGE_ERROR(decode_image(file, "x.jpg", {.max_work = 64 * 64 * 9}), ErrorCode::kImageTooLarge,
                      "x.jpg: ", "more than 9 passes over 4096 pixels", "max_work");
}

// Coefficients of a picture in passes take two bytes each beside its pixels: 3 + 6 a pixel.
TEST(Jpeg, MemoryIsLimitedByWhatTheKindOfFileNeeds) {
  const Image picture = testing::busy(64, 64, 3);
  const FileBytes plain = encode_jpeg(picture), passes = encode_jpeg(picture, {.progressive = true});
  EXPECT_NO_THROW((void)decode_image(plain, "x", {.max_bytes = 64 * 64 * 3}));
  EXPECT_TRIAGE_ERROR(decode_image(plain, "x", {.max_bytes = 64 * 64 * 3 - 1}), ErrorCode::kImageTooLarge,
                      "max_bytes");
  EXPECT_NO_THROW((void)decode_image(passes, "x", {.max_bytes = 64 * 64 * 9}));
  EXPECT_TRIAGE_ERROR(decode_image(passes, "x", {.max_bytes = 64 * 64 * 9 - 1}), ErrorCode::kImageTooLarge,
                      "max_bytes");
}

TEST(Jpeg, ErrorsNameTheImageAndTheCause) {
  FileBytes cut = encode_jpeg(testing::busy(24, 17, 3));
  cut.resize(cut.size() / 2);
  EXPECT_TRIAGE_ERROR(decode_image(cut, "shoe.jpg"), ErrorCode::kImageDamaged,
                      "shoe.jpg: ", "corrupt or cut short", "replace or remove");
}

TEST(Jpeg, TooManyScansAreAnError) {
  // A progressive file whose last scan is repeated: each repetition costs a pass over the picture.
  const FileBytes whole = encode_jpeg(testing::busy(8, 8, 1), {.progressive = true});
  std::size_t last_scan = 0;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    if (whole[i] == 0xFF && whole[i + 1] == 0xDA) last_scan = i;
  }
  FileBytes many(whole.begin(), whole.end() - 2);
  for (int i = 0; i < 300; ++i)
    many.insert(many.end(), whole.begin() + static_cast<std::ptrdiff_t>(last_scan), whole.end() - 2);
  many.insert(many.end(), {0xFF, 0xD9});
  EXPECT_THROW((void)decode_image(many, "x"), Error);
}

}  // namespace
}  // namespace triage
