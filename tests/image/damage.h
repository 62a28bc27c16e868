// What every decoder must withstand.
#pragma once

#include <gtest/gtest.h>

#include "base/hash.h"
#include "image/encode.h"
#include "triage/error.h"

namespace triage::testing {

// No part of a file that lacks its end is a picture, unless nothing but the end marker is missing, which is
// said; of the first few bytes the format cannot be told.
inline void expect_every_truncation_fails(const FileBytes& whole) {
  Image all;
  ASSERT_NO_THROW(all = decode_image(whole, "whole"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of its own size, so that the address sanitizer sees reads beyond the end.
    const FileBytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    try {
      const Image image = decode_image(part, "part");
      EXPECT_EQ(image.pixels, all.pixels) << "a picture from " << size << " of " << whole.size() << " bytes";
      EXPECT_NE(image.remark, "") << size << " of " << whole.size() << " bytes";
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kImageDamaged || error.code() == ErrorCode::kImageFormat)
          << error.what();
    }
  }
}

// A damaged file gives an error of the image or, where the format has no checksum, some picture within the
// limit; never a crash or another exception.
inline void expect_damage_is_survived(const FileBytes& whole, int n_trials) {
  constexpr std::int64_t kMaxPixels = 100'000;
  Random random(7);
  for (int trial = 0; trial < n_trials; ++trial) {
    FileBytes damaged = whole;
    const std::uint64_t n_bytes = 1 + random.below(4);
    for (std::uint64_t i = 0; i < n_bytes; ++i)
      damaged[random.below(damaged.size())] = static_cast<std::uint8_t>(random.below(256));
    try {
      const Image image = decode_image(damaged, "damaged", {.max_pixels = kMaxPixels});
      EXPECT_LE(std::int64_t{image.width} * image.height, kMaxPixels);
      EXPECT_EQ(image.pixels.size(), image.size_bytes());
      EXPECT_TRUE(image.channels == 1 || image.channels == 3);
    } catch (const Error& error) {
      EXPECT_TRUE(is_image_error(error.code())) << error.what();
    }
  }
}

// A busy picture, so that files have some hundred bytes of pixels.
inline Image busy(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  Random random(3);
  for (std::size_t i = 0; i < image.size_bytes(); ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(i % 97 + random.below(60)));
  return image;
}

}  // namespace triage::testing
