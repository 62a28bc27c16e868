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

TEST(WebP, AnimationIsAnError) {
  // An extended header of a 2 x 2 canvas with the animation flag.
  const FileBytes animated{'R', 'I', 'F', 'F', 22, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8',
                           'X', 10,  0,   0,   0,  2, 0, 0, 0,   1,   0,   0,   1,   0,   0};
  EXPECT_TRIAGE_ERROR(decode_image(animated, "gif.webp"), ErrorCode::kImageFormat, "gif.webp", "animated");
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
