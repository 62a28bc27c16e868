#include <gtest/gtest.h>

#include "image/damage.h"
#include "image/encode.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::encode_webp;
using testing::FileBytes;

TEST(WebP, LosslessIsExact) {
  const Image picture = testing::busy(21, 11, 3);
  const Image image = decode_image(encode_webp(21, 11, 3, picture.pixels), "x");
  EXPECT_EQ(image.width, 21);
  EXPECT_EQ(image.height, 11);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, picture.pixels);
}

TEST(WebP, AlphaIsLaidOverWhite) {
  const Image image = decode_image(encode_webp(2, 1, 4, {10, 20, 30, 255, 0, 100, 255, 51}), "x");
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{10, 20, 30, 204, 224, 255}));
}

TEST(WebP, LossyIsClose) {
  const std::vector<std::uint8_t> flat(16 * 16 * 3, 120);
  const Image image = decode_image(encode_webp(16, 16, 3, flat, 90), "x");
  for (const std::uint8_t value : image.pixels) ASSERT_NEAR(value, 120, 3);
}

TEST(WebP, EveryTruncationFails) {
  testing::expect_every_truncation_fails(encode_webp(21, 11, 3, testing::busy(21, 11, 3).pixels));
  testing::expect_every_truncation_fails(encode_webp(21, 11, 3, testing::busy(21, 11, 3).pixels, 80));
  testing::expect_every_truncation_fails(encode_webp(21, 11, 4, testing::busy(21, 11, 4).pixels, 80));
}

TEST(WebP, DamageIsSurvived) {
  testing::expect_damage_is_survived(encode_webp(21, 11, 3, testing::busy(21, 11, 3).pixels), 1000);
  testing::expect_damage_is_survived(encode_webp(21, 11, 4, testing::busy(21, 11, 4).pixels, 80), 1000);
}

TEST(WebP, AnAnimationGivesItsFirstFrame) {
  // A frame of 4 x 2 at (2, 2) of a canvas of 8 x 6, and another one.
  const Image first = testing::busy(4, 2, 3);
  const Image image =
      decode_image(testing::animated_webp(8, 6, {{2, 2, first}, {0, 0, testing::busy(8, 6, 3)}}), "x");
  EXPECT_EQ(image.width, 8);
  EXPECT_EQ(image.height, 6);
  EXPECT_NE(image.remark.find("first frame"), std::string::npos);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 8; ++x) {
      const bool inside = x >= 2 && x < 6 && y >= 2 && y < 4;
      for (int c = 0; c < 3; ++c) {
        const int expected =
            inside ? first.pixels[static_cast<std::size_t>(((y - 2) * 4 + x - 2) * 3 + c)] : 255;
        ASSERT_EQ(image.pixels[static_cast<std::size_t>((y * 8 + x) * 3 + c)], expected) << x << " " << y;
      }
    }
  }
}

TEST(WebP, ExifOrientationTurnsUpright) {
  const Image picture = testing::busy(6, 4, 3);
  for (const bool prefix : {true, false}) {
    testing::FileBytes exif = testing::exif_segment(6, false);
    if (!prefix) exif.erase(exif.begin(), exif.begin() + 6);
    const Image image = decode_image(testing::webp_with_exif(picture, exif), "x");
    EXPECT_EQ(image.width, 4);
    EXPECT_EQ(image.height, 6);
    // Stored bottom left is seen top left.
    EXPECT_EQ(image.pixels[0], picture.pixels[static_cast<std::size_t>(3 * 6 * 3)]);
  }
}

TEST(WebP, AHeaderWithoutPixelsBehindItCostsNothing) {
  // 16,383 x 16,383 lossless, in 42 bytes.
  FileBytes bomb = encode_webp(21, 11, 3, testing::busy(21, 11, 3).pixels);
  bomb.resize(42);
  bomb[4] = 34;
  bomb[5] = 0;
  bomb[16] = 22;
  bomb[17] = 0;
  for (const std::size_t at : {21U, 22U, 23U}) bomb[at] = 0xFF;
  bomb[24] |= 0x0F;
  EXPECT_TRIAGE_ERROR(decode_image(bomb, "x"), ErrorCode::kImageTooLarge, "expected at most");
}

TEST(WebP, ErrorsNameTheImageAndBothLengths) {
  FileBytes cut = encode_webp(21, 11, 3, testing::busy(21, 11, 3).pixels);
  const std::string whole = std::to_string(cut.size());
  cut.resize(100);
  EXPECT_TRIAGE_ERROR(decode_image(cut, "shoe.webp"), ErrorCode::kImageDamaged, "shoe.webp",
                      "100 bytes of " + whole);
}

}  // namespace
}  // namespace triage
