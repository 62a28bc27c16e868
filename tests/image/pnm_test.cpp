#include <gtest/gtest.h>

#include "image/damage.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::FileBytes;
using Pixels = std::vector<std::uint8_t>;

Image decode(const std::string& text) { return decode_image(FileBytes(text.begin(), text.end()), "x"); }

void expect_image(const std::string& text, int width, int height, int channels, const Pixels& pixels) {
  const Image image = decode(text);
  EXPECT_EQ(image.width, width);
  EXPECT_EQ(image.height, height);
  EXPECT_EQ(image.channels, channels);
  EXPECT_EQ(image.pixels, pixels);
}

using namespace std::string_literals;

TEST(Pnm, BinaryGrayAndColour) {
  expect_image("P5 3 1 255\n\0\x64\xFF"s, 3, 1, 1, {0, 100, 255});
  expect_image("P6\n1\n2\n255\nabcdef", 1, 2, 3, {'a', 'b', 'c', 'd', 'e', 'f'});
}

TEST(Pnm, PlainGrayAndColour) {
  expect_image("P2\n# made by hand\n3 1\n255\n0 100\n255\n", 3, 1, 1, {0, 100, 255});
  expect_image("P3 1 1 255 1 2 3 ", 1, 1, 3, {1, 2, 3});
}

TEST(Pnm, OtherRangesAreScaledAndRounded) {
  expect_image("P2 3 1 1 0 1 1\n", 3, 1, 1, {0, 255, 255});
  expect_image("P2 3 1 15 0 7 15\n", 3, 1, 1, {0, 119, 255});
  expect_image("P2 2 1 1000 500 499\n", 2, 1, 1, {128, 127});
  expect_image("P5 2 1 65535\n\x80\x80\xFF\xFF"s, 2, 1, 1, {0x80, 255});
  expect_image("P6 1 1 256\n\x01\x00\0\x80\0\0"s, 1, 1, 3, {255, 128, 0});
}

TEST(Pnm, ToleratesWhatFollows) { expect_image("P5 1 1 255\nabc", 1, 1, 1, {'a'}); }

TEST(Pnm, RejectsEachKindOfDamage) {
  const auto reject = [](const std::string& text, std::string_view found, std::string_view expected) {
    EXPECT_TRIAGE_ERROR(decode(text), ErrorCode::kImageDamaged, "x: ", found, expected);
  };
  reject("P5 ", "ends within its width", "a whole image");
  reject("P5 3", "ends within its width", "a whole image");
  reject("P5 3 1 25", "ends within its largest value", "a whole image");
  reject("P5 3x 1 255\n", "has byte 120 in its width", "a decimal number");
  reject("P5 -3 1 255\n", "has byte 45 in its width", "a decimal number");
  reject("P5 99999999999999999999 1 255\n", "width is above", "sane");
  reject("P5 0 1 255\n", "is 0 x 1 pixels", "at least 1 x 1");
  EXPECT_TRIAGE_ERROR(decode("P5 100000 100000 255\n"), ErrorCode::kImageTooLarge,
                      "x: ", "100000 x 100000 pixels", "max_pixels 100000000");
  reject("P5 1 1 0\n1", "largest value of 0", "1 to 65535");
  reject("P5 1 1 65536\n11", "largest value of 65536", "1 to 65535");
  reject("P5 3 1 255\nab", "2 bytes of pixels", "3 or more");
  reject("P5 1 1 256\na", "1 bytes of pixels", "2 or more");
  reject("P5 1 1 100\n\x65", "the value 101", "at most 100");
  reject("P2 3 1 255\n1 2 ", "4 bytes of pixels", "6 or more");
  reject("P2 2 1 255\n100 200", "ends within its pixels", "a whole image");
  reject("P2 2 1 255\n100 #comment", "ends within its pixels", "a whole image");
}

TEST(Pnm, EveryTruncationFails) {
  for (const std::string& text : {"P2 3 2 255\n0 100 255 1 22 133\n"s, "P6 2 1 255\nabcdef"s}) {
    testing::expect_every_truncation_fails(FileBytes(text.begin(), text.end()));
  }
}

TEST(Pnm, DamageIsSurvived) {
  const std::string text = "P3 2 2 200\n0 100 200 1 22 133 7 8 9 10 11 12\n";
  testing::expect_damage_is_survived(FileBytes(text.begin(), text.end()), 3000);
}

}  // namespace
}  // namespace triage
