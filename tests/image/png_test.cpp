#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "image/damage.h"
#include "image/encode.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::encode_png;
using testing::FileBytes;
using Pixels = std::vector<std::uint8_t>;

void expect_image(const FileBytes& file, int width, int height, int channels, const Pixels& pixels) {
  const Image image = decode_image(file, "x");
  EXPECT_EQ(image.width, width);
  EXPECT_EQ(image.height, height);
  EXPECT_EQ(image.channels, channels);
  EXPECT_EQ(image.pixels, pixels);
}

TEST(Png, GrayStaysGray) {
  expect_image(encode_png(3, 2, 1, {0, 1, 2, 100, 200, 255}), 3, 2, 1, {0, 1, 2, 100, 200, 255});
}

TEST(Png, FewBitsSpreadOverTheRange) {
  expect_image(encode_png(8, 1, 1, {0b10110000}, {.bit_depth = 1}), 8, 1, 1, {255, 0, 255, 255, 0, 0, 0, 0});
  expect_image(encode_png(4, 1, 1, {0b00011011}, {.bit_depth = 2}), 4, 1, 1, {0, 85, 170, 255});
  expect_image(encode_png(2, 1, 1, {0x3F}, {.bit_depth = 4}), 2, 1, 1, {51, 255});
}

TEST(Png, SixteenBitsAreRounded) {
  // 0x80FF * 255 / 65535 = 128.49, 0x8100 * 255 / 65535 = 128.498, 0x8180 -> 128.996
  expect_image(encode_png(3, 1, 1, {0x00, 0x00, 0x81, 0x80, 0xFF, 0xFF}, {.bit_depth = 16}), 3, 1, 1,
               {0, 129, 255});
  expect_image(encode_png(1, 1, 3, {0x12, 0x12, 0x34, 0x34, 0xFF, 0xFF}, {.bit_depth = 16}), 1, 1, 3,
               {0x12, 0x34, 0xFF});
}

TEST(Png, ColourAndInterlacing) {
  const Image picture = testing::busy(19, 13, 3);
  expect_image(encode_png(19, 13, 3, picture.pixels), 19, 13, 3, picture.pixels);
  expect_image(encode_png(19, 13, 3, picture.pixels, {.interlaced = true}), 19, 13, 3, picture.pixels);
}

TEST(Png, AlphaIsLaidOverWhite) {
  // 100 at alpha 51 = a fifth: 20 + 204.
  expect_image(encode_png(3, 1, 2, {100, 255, 100, 51, 100, 0}, {.alpha = true}), 3, 1, 1, {100, 224, 255});
  expect_image(encode_png(2, 1, 4, {10, 20, 30, 255, 0, 100, 255, 51}, {.alpha = true}), 2, 1, 3,
               {10, 20, 30, 204, 224, 255});
  expect_image(encode_png(1, 1, 2, {100, 100, 51, 51}, {.bit_depth = 16, .alpha = true}), 1, 1, 1, {224});
}

TEST(Png, PaletteWithAndWithoutTransparency) {
  const Pixels colours{1, 2, 3, 40, 50, 60, 0, 0, 0};
  expect_image(encode_png(3, 1, 1, {1, 0, 2}, {.palette = true, .palette_rgb = colours}), 3, 1, 3,
               {40, 50, 60, 1, 2, 3, 0, 0, 0});
  expect_image(encode_png(3, 1, 1, {1, 0, 2},
                          {.palette = true, .palette_rgb = colours, .palette_alpha = {255, 0, 51}}),
               3, 1, 3, {255, 255, 255, 1, 2, 3, 204, 204, 204});
}

TEST(Png, ATransparentValueBecomesWhite) {
  expect_image(encode_png(3, 1, 1, {7, 8, 9}, {.transparent_value = 8}), 3, 1, 1, {7, 255, 9});
  expect_image(encode_png(2, 1, 3, {8, 8, 8, 8, 8, 9}, {.transparent_value = 8}), 2, 1, 3,
               {255, 255, 255, 8, 8, 9});
}

TEST(Png, TextIsSkippedHoweverLarge) {
  // Unpacks to far more than the memory that a chunk may take.
  expect_image(encode_png(1, 1, 1, {5}, {.text = std::string(20'000'000, 'a')}), 1, 1, 1, {5});
}

TEST(Png, EveryTruncationFails) {
  testing::expect_every_truncation_fails(encode_png(19, 13, 3, testing::busy(19, 13, 3).pixels));
  testing::expect_every_truncation_fails(
      encode_png(19, 13, 2, testing::busy(19, 13, 2).pixels, {.alpha = true, .interlaced = true}));
}

// Every chunk has a checksum, so no change goes unseen; one of the end marker leaves the picture whole.
TEST(Png, EveryChangedByteFailsOrIsSaid) {
  const FileBytes whole = encode_png(
      3, 1, 1, {1, 0, 2},
      {.palette = true, .palette_rgb = {1, 2, 3, 4, 5, 6, 7, 8, 9}, .palette_alpha = {255, 0, 51}});
  const Pixels pixels = decode_image(whole, "whole").pixels;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 5, 7}) {
      FileBytes changed = whole;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1 << bit));
      try {
        const Image image = decode_image(changed, "changed");
        EXPECT_EQ(image.pixels, pixels) << "byte " << i << ", bit " << bit;
        EXPECT_NE(image.remark, "") << "byte " << i << ", bit " << bit;
      } catch (const Error& error) {
        EXPECT_TRUE(is_image_error(error.code())) << error.what();
      }
    }
  }
}

TEST(Png, AWrongChecksumOfATextIsARemark) {
  FileBytes file = encode_png(3, 1, 1, {1, 2, 3}, {.text = "a comment"});
  EXPECT_EQ(decode_image(file, "x").remark, "");
  const std::string_view name = "zTXt";
  const auto at = std::search(file.begin(), file.end(), name.begin(), name.end());
  ASSERT_NE(at, file.end());
  *(at + 12) ^= 1;
  const Image image = decode_image(file, "x");
  EXPECT_EQ(image.pixels, (Pixels{1, 2, 3}));
  EXPECT_EQ(image.remark, "a checksum beside the pixels is wrong");
}

TEST(Png, AWholePictureWithoutItsEndHasARemark) {
  FileBytes file = encode_png(3, 1, 1, {1, 2, 3});
  file.resize(file.size() - 12);  // IEND
  const Image image = decode_image(file, "x");
  EXPECT_EQ(image.pixels, (Pixels{1, 2, 3}));
  EXPECT_EQ(image.remark, "the end of the file is missing");
}

TEST(Png, ExifOrientationTurnsUprightBeforeAndBehindThePixels) {
  const Image picture = testing::busy(6, 4, 3);
  const testing::FileBytes marked = testing::exif_segment(8, true);  // begins with "Exif", as JPEG has it
  const testing::FileBytes plain(marked.begin() + 6, marked.end());
  for (const bool before : {true, false}) {
    for (const testing::FileBytes& exif : {plain, marked}) {
      const FileBytes file = testing::png_with_exif(encode_png(6, 4, 3, picture.pixels), exif, before);
      const Image image = decode_image(file, "x");
      EXPECT_EQ(image.width, 4);
      EXPECT_EQ(image.height, 6);
      // Stored top right is seen top left.
      EXPECT_EQ(image.pixels[0], picture.pixels[static_cast<std::size_t>(5 * 3)]);
    }
  }
}

TEST(Png, ExifInATextTurnsUprightToo) {
  const Image picture = testing::busy(6, 4, 3);
  const FileBytes png = encode_png(6, 4, 3, picture.pixels);
  const testing::FileBytes marked = testing::exif_segment(8, true);
  const auto width_with = [&](const FileBytes& text, bool compressed) {
    return decode_image(testing::png_with_chunk(png, compressed ? "zTXt" : "tEXt", text, true), "x").width;
  };
  for (const bool compressed : {true, false}) {
    for (const char* kind : {"exif", "APP1"}) {
      EXPECT_EQ(width_with(testing::exif_text(kind, marked, compressed), compressed), 4) << kind;
    }
    EXPECT_EQ(width_with(testing::exif_text("xmp", marked, compressed), compressed), 6);
    const FileBytes whole = testing::exif_text("exif", marked, compressed);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const int width =
          width_with({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)}, compressed);
      EXPECT_TRUE(width == 4 || width == 6) << n;
    }
  }
  const FileBytes both = testing::png_with_exif(
      testing::png_with_chunk(png, "tEXt", testing::exif_text("exif", marked, false), true),
      testing::exif_segment(1, true), true);
  EXPECT_EQ(decode_image(both, "x").width, 6) << "PNG's own chunk counts";
}

// 65 bytes that state 40,000 x 1,000 pixels of eight bytes.
TEST(Png, AHeaderWithoutPixelsBehindItCostsNothing) {
  FileBytes bomb = encode_png(1, 1, 4, {1, 2, 3, 4, 5, 6, 7, 8}, {.bit_depth = 16, .alpha = true});
  testing::set_png_size(bomb, 40'000, 1'000);
  EXPECT_TRIAGE_ERROR(decode_image(bomb, "x"), ErrorCode::kImageDamaged, "cut short", "40000 x 1000 pixels");
  testing::set_png_size(bomb, 40'000, 100'000);
  EXPECT_TRIAGE_ERROR(decode_image(bomb, "x"), ErrorCode::kImageTooLarge, "max_pixels");
}

TEST(Png, DamageIsSurvived) {
  testing::expect_damage_is_survived(encode_png(19, 13, 3, testing::busy(19, 13, 3).pixels), 1000);
}

TEST(Png, ToleratesWhatFollowsTheEnd) {
  FileBytes followed = encode_png(1, 1, 1, {5});
  followed.insert(followed.end(), 50, 0x77);
  expect_image(followed, 1, 1, 1, {5});
}

TEST(Png, ErrorsNameTheImageAndTheCause) {
  FileBytes cut = encode_png(19, 13, 3, testing::busy(19, 13, 3).pixels);
  cut.resize(cut.size() / 2);
  EXPECT_TRIAGE_ERROR(decode_image(cut, "shoe.png"), ErrorCode::kImageDamaged,
                      "shoe.png: ", "the file ends early");
}

TEST(EncodePng, IsReadBackAsItWas) {
  for (const int channels : {1, 3}) {
    Image image{5, 3, channels, {}};
    for (std::size_t i = 0; i < image.size_bytes(); ++i)
      image.pixels.push_back(static_cast<std::uint8_t>(i * 37));
    const Image back = decode_image(encode_png(image), "again.png");
    EXPECT_EQ(back.width, 5);
    EXPECT_EQ(back.height, 3);
    EXPECT_EQ(back.channels, channels);
    EXPECT_EQ(back.pixels, image.pixels);
  }
  EXPECT_TRIAGE_ERROR(encode_png(Image{}), ErrorCode::kInternal, "0 x 0 x 0");
}

}  // namespace
}  // namespace triage
