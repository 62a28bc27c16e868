// Differences of frames by hand, and which frames take an earlier answer.
#include "runtime/frame_reuse.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/expect_error.h"
#include "triage/error.h"

namespace triage {
namespace {

Image plain(int width, int height, const std::vector<std::uint8_t>& pixel) {
  Image image{width, height, static_cast<int>(pixel.size()), {}};
  for (int i = 0; i < width * height; ++i)
    image.pixels.insert(image.pixels.end(), pixel.begin(), pixel.end());
  return image;
}
Thumbnail gray(std::uint8_t level) {
  Thumbnail thumbnail;
  thumbnail.fill(level);
  return thumbnail;
}

TEST(FrameDifference, IsTheMeanOfGrayLevelsWhateverTheSizes) {
  EXPECT_EQ(frame_difference(thumbnail_of(plain(40, 30, {10})), thumbnail_of(plain(500, 375, {13}))), 3);
  EXPECT_EQ(frame_difference(gray(0), gray(255)), 255);
  EXPECT_EQ(frame_difference(gray(255), gray(0)), 255);
  Image half = plain(32, 32, {10});
  for (std::size_t i = 0; i < half.pixels.size(); ++i) half.pixels[i] = i % 32 < 16 ? 20 : 10;
  EXPECT_EQ(frame_difference(thumbnail_of(half), gray(10)), 5);
  half.pixels[0] = 10;
  EXPECT_EQ(frame_difference(thumbnail_of(half), gray(10)), (512 - 1) * 10 / 1024.0);
}

TEST(FrameDifference, TakesMeansOfLargerPictures) {
  Image stripes = plain(64, 64, {0});
  for (std::size_t i = 0; i < stripes.pixels.size(); ++i) stripes.pixels[i] = i % 2 == 0 ? 0 : 8;
  EXPECT_EQ(thumbnail_of(stripes), gray(4)) << "finer than the thumbnail";
}

TEST(FrameDifference, WeighsColoursInEitherOrder) {
  const Image red = plain(8, 8, {200, 0, 0});
  EXPECT_EQ(thumbnail_of(red), gray(60));  // (200 * 77 + 128) / 256
  EXPECT_EQ(thumbnail_of(plain(8, 8, {0, 200, 0})), gray(117));
  EXPECT_EQ(thumbnail_of(plain(8, 8, {0, 0, 200})), gray(23));
  EXPECT_EQ(thumbnail_of(plain(8, 8, {255, 255, 255})), gray(255));
  EXPECT_EQ(thumbnail_of(ImageView(red.pixels, 8, 8, 0, Colour::kBgr)), gray(23));
}

TEST(FrameDifference, LeavesPaddingOut) {
  std::vector<std::uint8_t> rows(std::size_t{32} * 40, 255);
  for (std::size_t y = 0; y < 32; ++y) std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(40 * y), 32, 7);
  EXPECT_EQ(thumbnail_of(ImageView(rows, 32, 32, 40, Colour::kGray)), gray(7));
  EXPECT_TRIAGE_ERROR(thumbnail_of(ImageView()), ErrorCode::kUsage, "frame");
}

// 'r': reuses, 'a': answered.
std::string run(const ReuseRule& rule, const std::vector<std::uint8_t>& levels) {
  FrameReuse reuse(rule);
  std::string done;
  for (const std::uint8_t level : levels) {
    const bool reuses = reuse.compare(gray(level)).reuses;
    if (!reuses) reuse.answered(gray(level));
    done += reuses ? 'r' : 'a';
  }
  return done;
}

TEST(FrameReuse, BeginsAnewAfterACut) { EXPECT_EQ(run({5, 10}, {10, 12, 90, 91, 90, 10}), "ararra"); }

// Each frame differs by 1 from the one before.
TEST(FrameReuse, ASlowDriftIsAnsweredAnew) { EXPECT_EQ(run({3, 100}, {0, 1, 2, 3, 4, 5, 6, 7}), "arrarrar"); }

TEST(FrameReuse, NoAnswerGetsTooOld) {
  EXPECT_EQ(run({5, 2}, {9, 9, 9, 9, 9, 9, 9}), "arrarra");
  EXPECT_EQ(run({5, 1}, {9, 9, 9, 9}), "arar");
}

TEST(FrameReuse, ALimitOf0ReusesNothing) { EXPECT_EQ(run({0, 5}, {9, 9, 9}), "aaa"); }

TEST(FrameReuse, SaysAgeAndDifference) {
  FrameReuse reuse({5, 2});
  const Reuse first = reuse.compare(gray(9));
  EXPECT_FALSE(first.reuses);
  EXPECT_EQ(first.age, 0);
  EXPECT_TRUE(std::isnan(first.difference));
  reuse.answered(gray(9));
  const Reuse second = reuse.compare(gray(13));
  EXPECT_TRUE(second.reuses);
  EXPECT_EQ(second.age, 1);
  EXPECT_EQ(second.difference, 4);
  // A frame without an answer of its own is not compared with.
  EXPECT_FALSE(reuse.compare(gray(30)).reuses);
  const Reuse fourth = reuse.compare(gray(9));
  EXPECT_FALSE(fourth.reuses) << "too old";
  EXPECT_EQ(fourth.age, 3);
  EXPECT_EQ(fourth.difference, 0);
}

TEST(FrameReuse, RefusesRulesOutOfRange) {
  EXPECT_TRIAGE_ERROR(check_reuse({-1, 5}), ErrorCode::kUsage, "reuse_limit: -1, expected 0 to 255");
  EXPECT_TRIAGE_ERROR(check_reuse({256, 5}), ErrorCode::kUsage, "reuse_limit: 256");
  EXPECT_TRIAGE_ERROR(check_reuse({std::nan(""), 5}), ErrorCode::kUsage, "reuse_limit: nan");
  EXPECT_TRIAGE_ERROR(check_reuse({5, 0}), ErrorCode::kUsage, "max_age: 0, expected 1 or more");
  EXPECT_NO_THROW(check_reuse({255, 1}));
}

}  // namespace
}  // namespace triage
