// Names of perturbations, and what each does to pixels that are computed by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/expect_error.h"
#include "triage/tools/perturb.h"

namespace triage {
namespace {

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> names;
  for (const Perturbation& each : parse_perturbations(list)) names.push_back(to_string(each));
  return names;
}

Image only(std::string_view name, const Image& image) {
  return perturb(image, parse_perturbations(name).front()).value();
}

const Image kPicture{3, 2, 1, {10, 20, 30, 40, 50, 255}};

TEST(Perturbation, NamesAreReadAndWritten) {
  EXPECT_EQ(names_of("jpeg:75,crop:2,brightness:0.8,resample:area"),
            (std::vector<std::string>{"jpeg:75", "left:2", "top:2", "right:2", "bottom:2", "brightness:0.8",
                                      "resample:area"}));
  EXPECT_EQ(names_of("right:12"), (std::vector<std::string>{"right:12"}));
}

TEST(Perturbation, AloneMeansTheUsualOnes) {
  EXPECT_EQ(names_of(""),
            (std::vector<std::string>{"jpeg:90", "jpeg:75", "jpeg:50", "left:1", "top:1", "right:1",
                                      "bottom:1", "brightness:0.8", "brightness:1.25", "resample:by_size",
                                      "resample:area", "resample:bilinear", "resample:bicubic",
                                      "resample:bilinear_antialias", "resample:bicubic_antialias"}));
}

TEST(Perturbation, WhatIsWrongIsRefused) {
  const auto refuses = [](std::string_view list, std::initializer_list<std::string_view> parts) {
    testing::expect_error([&] { (void)parse_perturbations(list); }, ErrorCode::kUsage, parts);
  };
  refuses("jpg:75", {"'jpg:75'", "jpeg:QUALITY", "resample:all"});
  refuses("jpeg", {"'jpeg'", "not known"});
  refuses("jpeg:75,", {"''", "not known"});
  refuses("jpeg:0", {"'jpeg:0'", "1 to 100"});
  refuses("jpeg:101", {"1 to 100"});
  refuses("jpeg:7.5", {"'7.5'", "whole number"});
  refuses("jpeg:75x", {"'75x'"});
  refuses("crop:0", {"'crop:0'", "1 to 1000"});
  refuses("left:1001", {"1 to 1000"});
  refuses("brightness:0", {"above 0 and up to 10"});
  refuses("brightness:11", {"above 0 and up to 10"});
  refuses("brightness:nan", {"above 0 and up to 10"});
  refuses("resample:lanczos", {"'lanczos'", "bicubic_antialias"});
  refuses("jpeg:75,crop:1,left:1", {"'left:1'", "twice"});
}

TEST(Perturbation, CropsCutTheirSideAlone) {
  EXPECT_EQ(only("left:1", kPicture).pixels, (std::vector<std::uint8_t>{20, 30, 50, 255}));
  EXPECT_EQ(only("right:2", kPicture).pixels, (std::vector<std::uint8_t>{10, 40}));
  EXPECT_EQ(only("top:1", kPicture).pixels, (std::vector<std::uint8_t>{40, 50, 255}));
  const Image bottom = only("bottom:1", kPicture);
  EXPECT_EQ(bottom.pixels, (std::vector<std::uint8_t>{10, 20, 30}));
  EXPECT_EQ(bottom.width, 3);
  EXPECT_EQ(bottom.height, 1);
  const Image colour{2, 1, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(only("left:1", colour).pixels, (std::vector<std::uint8_t>{4, 5, 6}));
}

TEST(Perturbation, ACropThatLeavesNothingIsNone) {
  EXPECT_FALSE(perturb(kPicture, parse_perturbations("left:3").front()));
  EXPECT_FALSE(perturb(kPicture, parse_perturbations("top:2").front()));
}

TEST(Perturbation, APictureTooLargeForAJpegIsNone) {
  const Image wide{65501, 1, 1, std::vector<std::uint8_t>(65501)};
  EXPECT_FALSE(perturb(wide, parse_perturbations("jpeg:75").front()));
}

TEST(Perturbation, BrightnessMultipliesRoundsAndClamps) {
  EXPECT_EQ(only("brightness:1.25", kPicture).pixels, (std::vector<std::uint8_t>{13, 25, 38, 50, 63, 255}));
  EXPECT_EQ(only("brightness:0.5", kPicture).pixels, (std::vector<std::uint8_t>{5, 10, 15, 20, 25, 128}));
}

TEST(Perturbation, JpegKeepsAConstantPictureAndLosesNoise) {
  const Image flat{16, 8, 3, std::vector<std::uint8_t>(16 * 8 * 3, 128)};
  const Image kept = only("jpeg:75", flat);
  EXPECT_EQ(kept.pixels, flat.pixels);
  EXPECT_EQ(kept.channels, 3);
  Image noise{16, 16, 1, {}};
  for (int i = 0; i < 256; ++i) noise.pixels.push_back(static_cast<std::uint8_t>(i * 97 % 256));
  EXPECT_NE(only("jpeg:50", noise).pixels, noise.pixels);
  EXPECT_EQ(only("jpeg:50", noise).pixels, only("jpeg:50", noise).pixels);
}

TEST(Perturbation, ResamplingIsUpToTheRecipe) {
  EXPECT_EQ(only("resample:bicubic", kPicture).pixels, kPicture.pixels);
}

TEST(Perturbation, JpegsThatCannotBeWrittenAreRefused) {
  EXPECT_TRIAGE_ERROR(encode_jpeg(kPicture, 0), ErrorCode::kUsage, "quality: 0", "1 to 100");
  EXPECT_TRIAGE_ERROR(encode_jpeg(kPicture, 101), ErrorCode::kUsage, "1 to 100");
  EXPECT_TRIAGE_ERROR(encode_jpeg(Image{0, 0, 1, {}}, 75), ErrorCode::kUsage, "cannot be written");
  EXPECT_TRIAGE_ERROR(encode_jpeg(Image{2, 2, 1, {0}}, 75), ErrorCode::kUsage, "cannot be written");
  EXPECT_TRIAGE_ERROR(encode_jpeg(Image{70000, 1, 1, std::vector<std::uint8_t>(70000)}, 75),
                      ErrorCode::kUsage, "65500");
}

}  // namespace
}  // namespace triage
