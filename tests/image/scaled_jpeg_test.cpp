// JPEG decoded at the size that is needed.
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "image/damage.h"
#include "image/encode.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::encode_jpeg;
using testing::FileBytes;

// Soft waves, of another wavelength in each channel, as smooth as photographs are.
Image waves(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double value = 128 + 60 * std::sin(x / (9.0 + c)) + 50 * std::cos(y / (13.0 - c));
        image.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return image;
}

// The mean over each by x by pixels; those that a part of a block would cover are left out.
Image block_means(const Image& image, int by) {
  Image means{image.width / by, image.height / by, image.channels, {}};
  for (int y = 0; y < means.height; ++y) {
    for (int x = 0; x < means.width * means.channels; ++x) {
      int sum = 0;
      for (int i = 0; i < by * by; ++i) {
        const int from_x = (x / means.channels * by + i % by) * means.channels + x % means.channels;
        sum +=
            image.pixels[static_cast<std::size_t>((y * by + i / by) * image.width * image.channels + from_x)];
      }
      means.pixels.push_back(static_cast<std::uint8_t>((sum + by * by / 2) / (by * by)));
    }
  }
  return means;
}

void expect_near(const Image& scaled, const Image& means, int tolerance) {
  for (int y = 0; y < means.height; ++y) {
    for (int x = 0; x < means.width * means.channels; ++x) {
      ASSERT_NEAR(scaled.pixels[static_cast<std::size_t>(y * scaled.width * scaled.channels + x)],
                  means.pixels[static_cast<std::size_t>(y * means.width * means.channels + x)], tolerance)
          << x << ", " << y;
    }
  }
}

// The largest reduction of 1, 2, 4 and 8 that leaves what is needed, whatever the sides and orientation.
TEST(ScaledJpeg, NoSideIsBelowWhatIsNeeded) {
  for (const auto& [width, height] : {std::pair{64, 48}, {65, 47}, {63, 129}, {16, 16}, {7, 200}, {1, 1}}) {
    for (const int orientation : {1, 2, 3, 4, 5, 6, 7, 8}) {
      const FileBytes file =
          encode_jpeg(waves(width, height, 1), {.app1 = testing::exif_segment(orientation, false)});
      const Image full = decode_image(file, "x");
      EXPECT_EQ(full.original, Extent{});
      EXPECT_EQ(full.original_size(), (Extent{full.width, full.height}));
      for (const Extent needed :
           {Extent{1, 1}, {8, 6}, {6, 8}, {9, 5}, {16, 16}, {33, 1}, {32, 24}, {500, 9}}) {
        const Image image = decode_image(file, "x", {.needed = needed});
        EXPECT_EQ(image.original_size(), full.original_size());
        EXPECT_EQ(image.pixels.size(), image.size_bytes());
        int by = 8;
        while (by > 1 && (full.width / by < needed.width || full.height / by < needed.height)) by /= 2;
        EXPECT_EQ(image.width, (full.width + by - 1) / by) << width << "x" << height << " " << orientation;
        EXPECT_EQ(image.height, (full.height + by - 1) / by) << width << "x" << height << " " << orientation;
      }
    }
  }
}

TEST(ScaledJpeg, IsTheOriginalWhereNothingIsNeededOrItIsWanted) {
  const FileBytes file = encode_jpeg(waves(64, 64, 3));
  const auto whole = decode_image(file, "x").pixels;
  EXPECT_EQ(decode_image(file, "x", {.needed = {0, 8}}).pixels, whole);
  EXPECT_EQ(decode_image(file, "x", {.needed = {8, 0}}).pixels, whole);
  const Image asked = decode_image(file, "x", {.needed = {8, 8}, .original_size = true});
  EXPECT_EQ(asked.pixels, whole);
  EXPECT_EQ(asked.original, Extent{});
}

// Within 3 of 255 where colours are stored at half the resolution, within 2 in gray.
TEST(ScaledJpeg, IsCloseToTheMeansOfTheFullPicture) {
  for (const bool progressive : {false, true}) {
    for (const int channels : {1, 3}) {
      const FileBytes file = encode_jpeg(waves(131, 97, channels), {.progressive = progressive});
      const Image full = decode_image(file, "x");
      for (const int by : {2, 4, 8}) {
        const Image scaled = decode_image(file, "x", {.needed = {131 / by, 97 / by}});
        ASSERT_EQ(scaled.width, (131 + by - 1) / by);
        expect_near(scaled, block_means(full, by), channels == 1 ? 2 : 3);
      }
    }
  }
}

TEST(ScaledJpeg, CmykBecomesRgb) {
  const FileBytes file = encode_jpeg(waves(64, 40, 4));
  const Image scaled = decode_image(file, "x", {.needed = {16, 10}});
  EXPECT_EQ(scaled.channels, 3);
  ASSERT_EQ(std::pair(scaled.width, scaled.height), std::pair(16, 10));
  expect_near(scaled, block_means(decode_image(file, "x"), 4), 4);
}

// Stored 64 x 32 with a bright left half; EXIF 6 turns it clockwise, so that the bright half is on top.
TEST(ScaledJpeg, IsUprightLikeTheFullPicture) {
  Image stored{64, 32, 1, {}};
  for (int i = 0; i < 64 * 32; ++i) stored.pixels.push_back(i % 64 < 32 ? 200 : 40);
  const FileBytes file = encode_jpeg(stored, {.app1 = testing::exif_segment(6, true)});
  const Image image = decode_image(file, "x", {.needed = {5, 10}});
  ASSERT_EQ(std::pair(image.width, image.height), std::pair(8, 16));
  EXPECT_EQ(image.original, (Extent{32, 64}));
  EXPECT_NEAR(image.pixels.front(), 200, 2);
  EXPECT_NEAR(image.pixels.back(), 40, 2);
}

// A cut file is no picture, however little of it is needed.
TEST(ScaledJpeg, EveryTruncationFails) {
  for (const bool progressive : {false, true}) {
    const FileBytes whole = encode_jpeg(testing::busy(48, 33, 3), {.progressive = progressive});
    const DecodeOptions small{.needed = {6, 4}};
    ASSERT_EQ(decode_image(whole, "x", small).width, 6);
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
      const FileBytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_THROW((void)decode_image(part, "part", small), Error) << size << " of " << whole.size();
    }
  }
}

// What counts is what is taken: 8 x 8 x 3 bytes at an eighth, twice where it is turned, and the coefficients
// of 64 x 64 pixels where there are passes; pixels and passes count as in the file.
TEST(ScaledJpeg, LimitsAreOnWhatIsTaken) {
  const Image picture = testing::busy(64, 64, 3);
  const FileBytes plain = encode_jpeg(picture), passes = encode_jpeg(picture, {.progressive = true});
  const FileBytes turned = encode_jpeg(picture, {.app1 = testing::exif_segment(6, false)});
  const auto expect_least = [](const FileBytes& file, std::int64_t bytes) {
    EXPECT_NO_THROW((void)decode_image(file, "x", {.max_bytes = bytes, .needed = {8, 8}}));
    EXPECT_TRIAGE_ERROR(decode_image(file, "x", {.max_bytes = bytes - 1, .needed = {8, 8}}),
                        ErrorCode::kImageTooLarge, "x: is 64 x 64 pixels", "max_bytes");
  };
  expect_least(plain, 8 * 8 * 3);
  expect_least(turned, 2 * 8 * 8 * 3);
  expect_least(passes, 8 * 8 * 3 + 64 * 64 * 6);
  EXPECT_TRIAGE_ERROR(decode_image(plain, "x", {.max_pixels = 64 * 64 - 1, .needed = {8, 8}}),
                      ErrorCode::kImageTooLarge, "max_pixels");
  EXPECT_TRIAGE_ERROR(decode_image(passes, "x", {.max_work = 64 * 64 * 9, .needed = {8, 8}}),
                      ErrorCode::kImageTooLarge, "max_work");
}

// Formats that cannot be decoded smaller are of their size.
TEST(ScaledJpeg, OtherFormatsKeepTheirSize) {
  const Image picture = waves(64, 64, 3);
  const Image image = decode_image(testing::encode_webp(64, 64, 3, picture.pixels), "x", {.needed = {8, 8}});
  EXPECT_EQ(image.pixels, picture.pixels);
  EXPECT_EQ(image.original, Extent{});
}

}  // namespace
}  // namespace triage
