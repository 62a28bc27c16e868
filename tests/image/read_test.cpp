// What holds for every format, and reading from files.
#include <gtest/gtest.h>

#include "image/damage.h"
#include "image/encode.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using testing::FileBytes;

struct Sample {
  std::string extension;
  FileBytes bytes;
};

// A 6 x 4 picture in every format.
std::vector<Sample> samples() {
  const Image picture = testing::busy(6, 4, 3);
  std::string ppm = "P6 6 4 255\n";
  ppm.append(picture.pixels.begin(), picture.pixels.end());
  return {{"jpg", testing::encode_jpeg(picture)},
          {"png", testing::encode_png(6, 4, 3, picture.pixels)},
          {"webp", testing::encode_webp(6, 4, 3, picture.pixels)},
          {"ppm", FileBytes(ppm.begin(), ppm.end())},
          {"bmp", testing::encode_bmp(picture)},
          {"gif", testing::encode_gif(testing::busy(6, 4, 1))},
          {"tif", testing::encode_tiff(6, 4, 3, picture.pixels)}};
}

TEST(ReadImage, EachFormatByItsExtensionAndWithout) {
  const testing::TempFolder folder;
  for (const Sample& sample : samples()) {
    for (const std::string& name : {"a." + sample.extension, "b-" + sample.extension, std::string("c.bin")}) {
      const Image image = read_image(folder.write(name, sample.bytes));
      EXPECT_EQ(image.width, 6) << name;
      EXPECT_EQ(image.height, 4) << name;
    }
  }
}

TEST(ReadImage, ContentOfAnotherFormatThanTheExtensionIsARemark) {
  const testing::TempFolder folder;
  for (const Sample& sample : samples()) {
    for (const std::string extension : {"jpg", "JPEG", "png", "webp", "pgm", "gif"}) {
      const Image image = read_image(folder.write("x." + extension, sample.bytes));
      const bool same = sample.extension == extension || (sample.extension == "jpg" && extension == "JPEG") ||
                        (sample.extension == "ppm" && extension == "pgm");
      EXPECT_EQ(image.width, 6);
      EXPECT_EQ(image.remark.empty(), same)
          << sample.extension << " as " << extension << ": " << image.remark;
      if (!same) {
        EXPECT_TRUE(image.remark.starts_with("content is ")) << image.remark;
      }
    }
  }
}

TEST(ReadImage, RejectsEmptyUnknownAndMissing) {
  const testing::TempFolder folder;
  EXPECT_TRIAGE_ERROR(read_image(folder.write("a.png", "")), ErrorCode::kImageDamaged, "a.png: is empty");
  EXPECT_TRIAGE_ERROR(read_image(folder.write("b.png", "<html>......")), ErrorCode::kImageFormat, "b.png",
                      "no known image format");
  EXPECT_TRIAGE_ERROR(read_image(folder / "none.png"), ErrorCode::kIo, "none.png");
  EXPECT_TRIAGE_ERROR(read_image(folder.path()), ErrorCode::kIo, "is a folder");
}

TEST(DecodeImage, ChecksThePixelLimitOnTheHeader) {
  for (const Sample& sample : samples()) {
    EXPECT_NO_THROW((void)decode_image(sample.bytes, "x", {.max_pixels = 24})) << sample.extension;
    EXPECT_TRIAGE_ERROR(decode_image(sample.bytes, "x", {.max_pixels = 23}), ErrorCode::kImageTooLarge,
                        "x: is 6 x 4 pixels", "max_pixels 23");
  }
}

TEST(DecodeImage, NeedsNoPixelsToSeeThatThereAreTooMany) {
  // Headers alone: a decoder that allocated or read on would fail otherwise.
  const std::string ppm = "P6 20000 20000 255\n";
  EXPECT_TRIAGE_ERROR(decode_image(FileBytes(ppm.begin(), ppm.end()), "x"), ErrorCode::kImageTooLarge,
                      "20000 x 20000 pixels");
  FileBytes jpeg = testing::encode_jpeg(testing::busy(8, 8, 1));
  for (std::size_t i = 0; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xFF || jpeg[i + 1] != 0xC0) continue;
    for (const std::size_t at : {i + 5, i + 6, i + 7, i + 8}) jpeg[at] = 0xFA;  // height, width
  }
  EXPECT_TRIAGE_ERROR(decode_image(jpeg, "x"), ErrorCode::kImageTooLarge, "64250 x 64250 pixels");
}

TEST(Extensions, AreListedForMessages) {
  EXPECT_TRUE(image_extensions().starts_with("jpg, jpeg, jpe, jfif")) << image_extensions();
  EXPECT_EQ(image_extensions().find(", ,"), std::string::npos);
}

TEST(Extensions, AreToldInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPEG", "a.Png", "a.webp", "a.ppm", "a.pgm", "a.pnm", "a.jfif", "a.jpe",
                           "a.bmp", "a.GIF", "a.tif", "a.tiff", "a.avif", "a.heic"})
    EXPECT_TRUE(has_image_extension(name)) << name;
  for (const char* name : {"a.psd", "jpg", ".jpg", "a.jpg.txt", "a.", "a"})
    EXPECT_FALSE(has_image_extension(name)) << name;
}

}  // namespace
}  // namespace triage
