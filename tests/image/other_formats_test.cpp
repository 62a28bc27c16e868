// BMP, GIF, TIFF, AVIF and HEIC.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <tiff.h>

#include <algorithm>
#include <string>

#include "image/damage.h"
#include "image/encode.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;
using namespace std::string_literals;
using testing::busy;
using testing::FileBytes;
using Pixels = std::vector<std::uint8_t>;

// Gray as three equal channels.
Pixels in_colour(const Image& gray) {
  Pixels pixels;
  for (const std::uint8_t value : gray.pixels) pixels.insert(pixels.end(), 3, value);
  return pixels;
}

TEST(Bmp, IsReadFromTheBottom) {
  const Image picture = busy(7, 5, 3);
  EXPECT_EQ(decode_image(testing::encode_bmp(picture), "x").pixels, picture.pixels);
}

TEST(Bmp, AlphaIsLaidOverWhite) {
  const Image picture{2, 1, 4, {10, 20, 30, 255, 0, 100, 255, 51}};
  EXPECT_EQ(decode_image(testing::encode_bmp(picture), "x").pixels, (Pixels{10, 20, 30, 204, 224, 255}));
}

TEST(Bmp, EveryTruncationFailsAndDamageIsSurvived) {
  testing::expect_every_truncation_fails(testing::encode_bmp(busy(7, 5, 3)));
  testing::expect_damage_is_survived(testing::encode_bmp(busy(7, 5, 3)), 1000);
}

TEST(Gif, GivesItsFirstFrame) {
  const Image gray = busy(9, 11, 1);
  EXPECT_EQ(decode_image(testing::encode_gif(gray), "x").pixels, in_colour(gray));
  EXPECT_EQ(decode_image(testing::encode_gif(gray, {.interlaced = true}), "x").pixels, in_colour(gray));
}

TEST(Gif, IsWhereTheFrameIsTransparentOrMissing) {
  const Image gray{2, 1, 1, {7, 9}};
  const Image image = decode_image(
      testing::encode_gif(gray, {.canvas_width = 3, .canvas_height = 2, .x = 1, .y = 1, .transparent = 7}),
      "x");
  EXPECT_EQ(image.width, 3);
  Pixels expected(18, 255);
  for (std::size_t i = 15; i < 18; ++i) expected[i] = 9;
  EXPECT_EQ(image.pixels, expected);
}

TEST(Gif, AFrameOutsideItsPictureIsDamage) {
  EXPECT_TRIAGE_ERROR(
      decode_image(testing::encode_gif(busy(4, 4, 1), {.canvas_width = 4, .canvas_height = 3}), "x.gif"),
      kImageDamaged, "x.gif: ", "leaves the picture");
}

TEST(Gif, LosesNoPixelsAndSurvivesDamage) {
  const FileBytes whole = testing::encode_gif(busy(9, 11, 1));
  const Pixels pixels = decode_image(whole, "x").pixels;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      // What follows the first frame may be missing.
      EXPECT_EQ(decode_image({whole.data(), size}, "x").pixels, pixels) << size;
    } catch (const Error& error) {
      EXPECT_TRUE(is_image_error(error.code())) << error.what();
    }
  }
  testing::expect_damage_is_survived(whole, 1500);
}

TEST(Tiff, ColoursGrayAndSixteenBits) {
  const Image picture = busy(7, 9, 3);
  for (const int compression :
       {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    EXPECT_EQ(
        decode_image(testing::encode_tiff(7, 9, 3, picture.pixels, {.compression = compression}), "x").pixels,
        picture.pixels)
        << compression;
  }
  const Image gray = busy(7, 9, 1);
  EXPECT_EQ(decode_image(testing::encode_tiff(7, 9, 1, gray.pixels), "x").pixels, in_colour(gray));
  // 0, half and all of 65,535: no clipping of what is above 255.
  const Image deep =
      decode_image(testing::encode_tiff(3, 1, 1, {0, 0, 0x80, 0x00, 0xFF, 0xFF}, {.bits = 16}), "x");
  EXPECT_EQ(deep.pixels[0], 0);
  EXPECT_NEAR(deep.pixels[3], 128, 1);
  EXPECT_EQ(deep.pixels[6], 255);
}

TEST(Tiff, AlphaIsLaidOverWhite) {
  const Image image =
      decode_image(testing::encode_tiff(2, 1, 4, {10, 20, 30, 255, 0, 100, 255, 51}, {.alpha = true}), "x");
  const Pixels expected{10, 20, 30, 204, 224, 255};
  ASSERT_EQ(image.pixels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(image.pixels[i], expected[i], 1) << i;
}

TEST(Tiff, OrientationTurnsUpright) {
  const Image picture = busy(6, 4, 3);
  // Which stored pixel is seen top left.
  const std::vector<std::pair<int, int>> corner{{0, 0}, {5, 0}, {5, 3}, {0, 3},
                                                {0, 0}, {0, 3}, {5, 3}, {5, 0}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image image =
        decode_image(testing::encode_tiff(6, 4, 3, picture.pixels, {.orientation = orientation}), "x");
    EXPECT_EQ(image.width, orientation <= 4 ? 6 : 4) << orientation;
    const auto [x, y] = corner[static_cast<std::size_t>(orientation - 1)];
    EXPECT_EQ(image.pixels[0], picture.pixels[static_cast<std::size_t>((y * 6 + x) * 3)]) << orientation;
  }
}

TEST(Tiff, OfSeveralPagesTheFirstIsTaken) {
  const Image image = decode_image(testing::encode_tiff(7, 9, 3, busy(7, 9, 3).pixels, {.pages = 3}), "x");
  EXPECT_NE(image.remark.find("several pages"), std::string::npos);
}

TEST(Tiff, FloatsAreRefusedByName) {
  EXPECT_TRIAGE_ERROR(
      decode_image(testing::encode_tiff(7, 9, 1, busy(7, 9, 1).pixels, {.floats = true}), "x.tif"),
      kImageDamaged, "x.tif: ", "32-bit", "16 bits a channel");
}

TEST(Tiff, LosesNoPixelsAndSurvivesDamage) {
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE}) {
    const FileBytes whole =
        testing::encode_tiff(17, 19, 3, busy(17, 19, 3).pixels, {.compression = compression});
    const Pixels pixels = decode_image(whole, "x").pixels;
    for (std::size_t size = 0; size < whole.size(); size += 7) {
      try {
        EXPECT_EQ(decode_image({whole.data(), size}, "x").pixels, pixels) << size;
      } catch (const Error& error) {
        EXPECT_TRUE(is_image_error(error.code())) << error.what();
      }
    }
    testing::expect_damage_is_survived(whole, 700);
  }
}

class Heif : public ::testing::TestWithParam<bool> {};

TEST_P(Heif, IsCloseToThePicture) {
  Image picture{64, 48, 3, {}};
  for (int i = 0; i < 64 * 48; ++i) {
    for (const int value : {i % 64 * 4, i / 64 * 5, 90})
      picture.pixels.push_back(static_cast<std::uint8_t>(value));
  }
  const FileBytes file = testing::encode_heif(picture, GetParam());
  if (file.empty()) GTEST_SKIP() << "libheif or its encoder is missing";
  const Image image = decode_image(file, "x");
  ASSERT_EQ(image.width, 64);
  ASSERT_EQ(image.height, 48);
  ASSERT_EQ(image.channels, 3);
  double difference = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    difference += std::abs(static_cast<double>(image.pixels[i]) - picture.pixels[i]);
  }
  EXPECT_LT(difference / static_cast<double>(image.pixels.size()), 3);
  EXPECT_TRIAGE_ERROR(decode_image(file, "x", {.max_bytes = 1000}), kImageTooLarge, "max_bytes");
  EXPECT_TRIAGE_ERROR(decode_image({file.data(), file.size() / 2}, "x.heic"), kImageDamaged, "x.heic: ");
  testing::expect_damage_is_survived(file, 100);
}

// The file with `to` in the place of each `from`.
FileBytes replaced(FileBytes file, const std::string& from, const std::string& to) {
  EXPECT_EQ(from.size(), to.size());
  for (auto at = file.begin(); (at = std::search(at, file.end(), from.begin(), from.end())) != file.end();) {
    at = std::copy(to.begin(), to.end(), at);
  }
  return file;
}

TEST_P(Heif, OfMorePixelsThanItsHeaderStatesIsRefused) {
  const FileBytes file =
      testing::encode_heif(Image{512, 512, 3, Pixels(std::size_t{512} * 512 * 3, 7)}, GetParam());
  if (file.empty()) GTEST_SKIP() << "libheif or its encoder is missing";
  const FileBytes small = replaced(file, "\0\0\2\0\0\0\2\0"s, "\0\0\0\x10\0\0\0\x10"s);  // sizes in 'ispe'
  ASSERT_NE(small, file);
  EXPECT_TRIAGE_ERROR(decode_image(small, "x", {.max_pixels = 1000}), kImageTooLarge, "512 x 512");
}

// A HEIC picture of 16 x 16 is a grid of one tile. libheif decodes without end where the tile is the grid.
FileBytes grid_of_itself() {
  const FileBytes file = testing::encode_heif(busy(16, 16, 3), false);
  return replaced(file, "dimg\0\2\0\1\0\1"s, "dimg\0\2\0\1\0\2"s);
}

long children_mb() {
  struct rusage usage {};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(HeifGrid, OfItselfIsRefusedWithinTheLimits) {
  FileBytes file = grid_of_itself();
  if (file.empty()) GTEST_SKIP() << "libheif or its encoder is missing";
  ASSERT_NE(file, testing::encode_heif(busy(16, 16, 3), false));
  // A reader of boxes does not see it where the box is larger than the one that it is in; libheif does.
  FileBytes out_of_box = file;
  const std::string type = "dimg";
  *(std::search(out_of_box.begin(), out_of_box.end(), type.begin(), type.end()) - 4) = 0x57;
  for (const FileBytes& each : {file, out_of_box}) {
    try {
      (void)decode_image(each, "x", {.max_bytes = 10'000'000, .max_work = 200'000'000});
      ADD_FAILURE() << "was read";
    } catch (const Error& error) {
      EXPECT_TRUE(is_image_error(error.code())) << error.what();
    }
  }
  EXPECT_LT(children_mb(), 400) << "2,654 MB without a limit";
}

INSTANTIATE_TEST_SUITE_P(Both, Heif, ::testing::Bool(), [](const auto& test) {
  return test.param ? std::string("Avif") : std::string("Heic");
});

}  // namespace
}  // namespace triage
