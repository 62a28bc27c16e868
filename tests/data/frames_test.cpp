// Frames out of folders and out of streams of bytes, however these arrive.
#include "triage/tools/frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/error.h"

namespace triage {
namespace {

using Bytes = std::vector<std::uint8_t>;

// At most `step` bytes at a time.
ReadBytes reader(Bytes stream, std::size_t step = 1 << 20) {
  return [stream = std::move(stream), step, at = std::size_t{0}](std::span<std::uint8_t> out) mutable {
    const std::size_t n = std::min({step, out.size(), stream.size() - at});
    std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
    at += n;
    return n;
  };
}

Image plain(int width, int height, std::uint8_t level) {
  return {width, height, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}
Bytes jpeg(std::uint8_t level, int width = 16) { return encode_jpeg(plain(width, 8, level), 90); }
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
Bytes without_end(Bytes image, std::size_t n) {
  image.resize(image.size() - n);
  return image;
}
// With a segment that holds a whole other image, as previews do.
Bytes with_preview(const Bytes& image, const Bytes& preview) {
  const std::size_t length = preview.size() + 2;
  return Bytes(image.begin(), image.begin() + 2) +
         Bytes{0xFF, 0xED, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)} +
         preview + Bytes(image.begin() + 2, image.end());
}

// The gray level of each frame, or "!" for one that fails.
std::string levels(FrameReader& frames) {
  std::string text;
  for (;;) {
    text += text.empty() ? "" : " ";
    try {
      const auto frame = frames.next({});
      if (!frame) return text + ".";
      text += std::to_string(frame->pixels[0]);
    } catch (const Error&) {
      text += "!";
    }
  }
}

TEST(MjpegFrames, AreCutByTheirMarkersHoweverTheyArrive) {
  const Bytes stream = jpeg(10) + with_preview(jpeg(20), jpeg(99)) + Bytes{0, 0} +
                       bytes("\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n") + jpeg(30) +
                       bytes("\r\n--frame--\r\n");
  for (const std::size_t step : {1U, 2U, 3U, 7U, 100U, 1U << 20}) {
    const auto frames = mjpeg_frames(reader(stream, step));
    EXPECT_EQ(levels(*frames), "10 20 30 .") << step;
  }
  const auto frames = mjpeg_frames(reader(stream));
  const auto first = frames->next({});
  ASSERT_TRUE(first);
  EXPECT_EQ(frames->name(), "frame 1");
  EXPECT_EQ(first->width, 16);
  EXPECT_EQ(first->height, 8);
}

TEST(MjpegFrames, OneThatEndsEarlyIsAnError) {
  for (const std::size_t missing : {1U, 2U, 50U}) {
    const auto frames = mjpeg_frames(reader(jpeg(10) + without_end(jpeg(20), missing), 64));
    ASSERT_TRUE(frames->next({}));
    EXPECT_TRIAGE_ERROR((void)frames->next({}), ErrorCode::kImageDamaged, "frame 2: after ",
                        "the stream ends, expected the end marker of a JPEG image");
    EXPECT_FALSE(frames->next({}));
  }
  // Within a segment's header, too.
  const auto frames = mjpeg_frames(reader(Bytes{0xFF, 0xD8, 0xFF, 0xE0, 0}));
  EXPECT_TRIAGE_ERROR((void)frames->next({}), ErrorCode::kImageDamaged, "frame 1: after 5 bytes");
}

TEST(MjpegFrames, ADamagedOneDoesNotTakeTheNextAlong) {
  EXPECT_EQ(levels(*mjpeg_frames(reader(without_end(jpeg(10), 2) + jpeg(20)))), "! 20 .")
      << "the next begins before its end";
  EXPECT_EQ(levels(*mjpeg_frames(reader(Bytes{0xFF, 0xD8, 0xFF, 0xD9} + jpeg(20)))), "! 20 .")
      << "nothing in it";
}

TEST(MjpegFrames, SomethingElseIsAnError) {
  for (const Bytes& other : {Bytes{}, bytes("\x89PNG and so on"), Bytes(100'000, 7)}) {
    const auto frames = mjpeg_frames(reader(other));
    EXPECT_TRIAGE_ERROR((void)frames->next({}), ErrorCode::kImageFormat, "frame 1: no JPEG image begins in",
                        "expected JPEG images one after the other");
    EXPECT_FALSE(frames->next({}));
  }
  EXPECT_EQ(levels(*mjpeg_frames(reader(jpeg(10) + Bytes(60'000, 7) + jpeg(20)))), "10 20 .");
  EXPECT_EQ(levels(*mjpeg_frames(reader(jpeg(10) + Bytes(70'000, 7) + jpeg(20)))), "10 ! .");
}

TEST(MjpegFrames, OneWithoutEndDoesNotFillTheMemory) {
  DecodeOptions options;
  options.max_bytes = 100'000;
  std::size_t given = 0;
  const Bytes start = without_end(jpeg(10), 2);
  const auto frames = mjpeg_frames([&](std::span<std::uint8_t> out) {
    std::fill(out.begin(), out.end(), std::uint8_t{7});
    if (given == 0) std::copy(start.begin(), start.end(), out.begin());
    given += out.size();
    return out.size();
  });
  EXPECT_TRIAGE_ERROR((void)frames->next(options), ErrorCode::kImageTooLarge, "frame 1: no end marker",
                      "max_bytes 100000");
  EXPECT_LT(given, 300'000U);
  EXPECT_FALSE(frames->next(options));
}

TEST(MjpegFrames, EndWhereReadingFails) {
  const auto frames = mjpeg_frames(
      [](std::span<std::uint8_t>) -> std::size_t { throw Error(ErrorCode::kIo, "stdin: broken"); });
  EXPECT_TRIAGE_ERROR((void)frames->next({}), ErrorCode::kIo, "broken");
  EXPECT_FALSE(frames->next({}));
}

TEST(RawFrames, AreTheirPixels) {
  const auto gray = raw_frames(reader({1, 2, 3, 4, 5, 6, 7, 8}, 3), {{2, 2}, Colour::kGray});
  EXPECT_EQ(gray->next({})->pixels, (Bytes{1, 2, 3, 4}));
  const auto second = gray->next({});
  EXPECT_EQ(second->pixels, (Bytes{5, 6, 7, 8}));
  EXPECT_EQ(second->channels, 1);
  EXPECT_EQ(gray->name(), "frame 2");
  EXPECT_FALSE(gray->next({}));
  EXPECT_FALSE(gray->next({}));
  EXPECT_EQ(raw_frames(reader({1, 2, 3, 4, 5, 6}), {{1, 2}, Colour::kRgb})->next({})->pixels,
            (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(raw_frames(reader({1, 2, 3, 4, 5, 6}), {{1, 2}, Colour::kBgr})->next({})->pixels,
            (Bytes{3, 2, 1, 6, 5, 4}));
}

TEST(RawFrames, OfAWrongLengthAreAnError) {
  const auto frames = raw_frames(reader({1, 2, 3, 4, 5, 6, 7}), {{2, 2}, Colour::kGray});
  ASSERT_TRUE(frames->next({}));
  EXPECT_TRIAGE_ERROR((void)frames->next({}), ErrorCode::kImageDamaged,
                      "frame 2: the stream ends after 3 bytes of it, expected 4 (2 x 2, channels: 1)");
  EXPECT_FALSE(frames->next({}));
  const auto none = raw_frames(reader({}), {{2, 2}, Colour::kRgb});
  EXPECT_TRIAGE_ERROR((void)none->next({}), ErrorCode::kImageDamaged, "frame 1", "after 0 bytes of it");
  EXPECT_FALSE(none->next({}));
}

TEST(RawFrames, OfNoSizeOrTooLargeAreRefused) {
  for (const Extent size : {Extent{0, 2}, Extent{2, 0}, Extent{-1, -1}}) {
    EXPECT_TRIAGE_ERROR((void)raw_frames(reader({}), {size, Colour::kRgb}), ErrorCode::kUsage,
                        "raw size: ", "expected at least 1 x 1");
  }
  const auto huge = raw_frames(reader({1}), {{100'000, 100'000}, Colour::kRgb});
  EXPECT_TRIAGE_ERROR((void)huge->next({}), ErrorCode::kImageTooLarge, "frame 1", "max_pixels");
  EXPECT_FALSE(huge->next({}));
}

TEST(FolderFrames, AreInTheOrderOfTheirNames) {
  const testing::TempFolder dir;
  testing::write_pnm(dir / "b.pgm", plain(4, 4, 2));
  testing::write_pnm(dir / "a.pgm", plain(4, 4, 1));
  testing::write_pnm(dir / "d.pgm", plain(4, 4, 4));
  dir.write("c.pgm", std::string_view("P5 no"));
  dir.write("notes.txt", std::string_view("none"));
  const auto frames = folder_frames(dir.path());
  EXPECT_EQ(levels(*frames), "1 2 ! 4 .");
  EXPECT_EQ(frames->name(), (dir.path() / "d.pgm").string());
}

TEST(FolderFrames, OfAFolderWithoutPicturesAreAnError) {
  const testing::TempFolder dir;
  dir.write("notes.txt", std::string_view("none"));
  EXPECT_TRIAGE_ERROR((void)folder_frames(dir.path()), ErrorCode::kData, dir.path().string(),
                      "no image files (left out: 1 .txt), expected frames");
  EXPECT_TRIAGE_ERROR((void)folder_frames(dir.path() / "none"), ErrorCode::kIo, "none");
}

}  // namespace
}  // namespace triage
