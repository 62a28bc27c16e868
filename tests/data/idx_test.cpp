#include <gtest/gtest.h>

#include "data/idx_bytes.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

using enum ErrorCode;

using testing::gzip;
using testing::idx_bytes;
namespace fs = std::filesystem;

const std::string kTwoImages = "abcdefABCDEF";  // two of 2 x 3

class Idx : public ::testing::Test {
 protected:
  // Writes `images` as the image file and `labels` beside it.
  [[nodiscard]] DatasetOptions data_set(const std::string& images, const std::string& labels) const {
    (void)folder_.write("x-labels-idx1-ubyte", labels);
    return {.data = {folder_.write("x-images-idx3-ubyte", images)}, .labels = {}, .range = {}};
  }
  testing::TempFolder folder_;
  std::string images_ = idx_bytes({2, 2, 3}, kTwoImages);
  std::string labels_ = idx_bytes({2}, "\x07\xFF");
};

TEST_F(Idx, ReadsImagesAndLabels) {
  const auto data = open_dataset(data_set(images_, labels_));
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->id(1), "x-images-idx3-ubyte#1");
  EXPECT_EQ(data->label(0), 7);
  EXPECT_EQ(data->label(1), 255);
  EXPECT_TRUE(data->label_names().empty());
  const Image image = data->load(1, {});
  EXPECT_EQ(image.width, 3);
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(std::string(image.pixels.begin(), image.pixels.end()), "ABCDEF");
}

TEST_F(Idx, ReadsGzip) {
  const auto data = open_dataset(data_set(gzip(images_), gzip(labels_)));
  EXPECT_EQ(data->size(), 2U);
  EXPECT_EQ(data->load(0, {}).pixels.front(), 'a');
}

TEST_F(Idx, ConcatenatesAndCutsARange) {
  DatasetOptions options{.data = {folder_.write("a", images_), folder_.write("b", images_)},
                         .labels = {folder_.write("al", labels_), folder_.write("bl", labels_)},
                         .range = {{1, 4}}};
  const auto data = open_dataset(options);
  ASSERT_EQ(data->size(), 3U);
  EXPECT_EQ(data->id(0), "a#1");
  EXPECT_EQ(data->id(1), "b#0");
  EXPECT_EQ(data->id(2), "b#1");
  EXPECT_EQ(data->label(1), 7);
  EXPECT_EQ(data->load(2, {}).pixels.front(), 'A');
}

TEST_F(Idx, NeedsLabelsOnlyWhenAsked) {
  DatasetOptions options{.data = {folder_.write("y-images-idx3-ubyte", images_)}, .labels = {}, .range = {}};
  EXPECT_TRIAGE_ERROR(open_dataset(options), kData, "no labels", "y-labels-idx1-ubyte");
  options.require_labels = false;
  EXPECT_EQ(open_dataset(options)->label(0), kNoLabel);
}

TEST_F(Idx, RejectsAnotherMagic) {
  EXPECT_TRIAGE_ERROR(open_dataset(data_set("hello, world", labels_)), kData, "starts with 68 65 6c 6c",
                      "00 00 08 03");
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(labels_, labels_)), kData, "00 00 08 01", "00 00 08 03");
}

TEST_F(Idx, RejectsACutHeader) {
  EXPECT_TRIAGE_ERROR(open_dataset(data_set("", labels_)), kData, "ends within its header");
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(images_.substr(0, 10), labels_)), kData,
                      "ends within its header");
}

TEST_F(Idx, RejectsSizesThatDoNotFitTheData) {
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(images_.substr(0, 20), labels_)), kData, "holds 4 values",
                      "12 (2 x 2 x 3)");
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(images_ + "!", labels_)), kData, "more than 12 values");
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(idx_bytes({0, 2, 3}, ""), labels_)), kData, "size of 0");
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(idx_bytes({0xFFFFFFFF, 0xFFFFFFFF, 2}, ""), labels_)), kData,
                      "size of 4294967295 in dimension 1");
}

TEST_F(Idx, AHeaderThatPromisesGigabytesIsAnErrorAndCostsNothing) {
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(gzip(idx_bytes({4000, 1000, 1000}, "abc")), labels_)), kData,
                      "holds 3 values", "4000000000");
}

TEST_F(Idx, RejectsCutAndCorruptGzip) {
  const std::string whole = gzip(images_);
  for (std::size_t size = 3; size < whole.size(); ++size)
    EXPECT_THROW((void)open_dataset(data_set(whole.substr(0, size), labels_)), Error) << size;
  std::string corrupt = whole;
  corrupt[whole.size() - 6] ^= 1;  // in the checksum
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(corrupt, labels_)), kData, "corrupt or cut short");
}

TEST_F(Idx, RejectsAnotherNumberOfLabelsNamingBoth) {
  EXPECT_TRIAGE_ERROR(open_dataset(data_set(images_, idx_bytes({3}, "abc"))), kData, "3 labels",
                      "expected 2");
}

TEST_F(Idx, RejectsMissingAndEqualNames) {
  EXPECT_TRIAGE_ERROR(open_dataset({.data = {folder_ / "none"}, .labels = {}, .range = {}}), kIo, "none");
  const fs::path a = folder_.write("1/x", images_);
  const fs::path b = folder_.write("2/x", images_);
  const fs::path labels = folder_.write("l", labels_);
  EXPECT_TRIAGE_ERROR(open_dataset({.data = {a, b}, .labels = {labels, labels}, .range = {}}), kData,
                      "a second file named x");
  EXPECT_TRIAGE_ERROR(open_dataset({.data = {a}, .labels = {folder_ / "none"}, .range = {}}), kIo, "none");
}

TEST_F(Idx, ChecksThePixelLimit) {
  const auto data = open_dataset(data_set(images_, labels_));
  EXPECT_TRIAGE_ERROR(data->load(0, {.max_pixels = 5}), kImageTooLarge, "3 x 2", "at most 5");
}

TEST(FashionMnist, HasTheKnownFirstImage) {
  const fs::path file = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  if (!fs::exists(file)) GTEST_SKIP() << file << " is absent (package dataset-fashion-mnist)";
  const auto data = open_dataset({.data = {file}, .labels = {}, .range = {{0, 10000}}});
  ASSERT_EQ(data->size(), 10000U);
  EXPECT_EQ(data->label(0), 9);  // an ankle boot
  EXPECT_EQ(data->load(0, {}).pixels.size(), 784U);
}

}  // namespace
}  // namespace triage
