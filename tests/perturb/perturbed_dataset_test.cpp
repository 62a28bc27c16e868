// Perturbed copies as a data set, measured into a profile.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/tools/perturb.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

class PerturbedCopies : public ::testing::Test {
 protected:
  PerturbedCopies() {
    zoo_ = load_zoo(testing::write_fake_zoo(
        dir_ / "zoo", {{.name = "small", .accuracy = 0.6, .side = 18}, {.name = "large", .accuracy = 0.9}}));
    files_ = testing::write_fake_data(dir_ / "data", 12);
    options_.features = {"contrast"};
  }
  [[nodiscard]] std::unique_ptr<Dataset> plain() const {
    return open_dataset({.data = {files_.images}, .labels = {files_.labels}});
  }
  [[nodiscard]] std::unique_ptr<Dataset> copies(std::string_view list) const {
    return perturbed_dataset(plain(), parse_perturbations(list));
  }
  ProfileSummary measure(const Dataset& data, const std::string& name,
                         const std::function<void(const ProfileProgress&)>& on_progress = {}) {
    return measure_profile(zoo_, engines_, data, options_, dir_ / name, on_progress);
  }
  [[nodiscard]] Table load(const std::vector<std::string>& names) const {
    std::vector<std::filesystem::path> paths;
    for (const std::string& name : names) paths.push_back(dir_ / name);
    return load_table(paths);
  }

  testing::TempFolder dir_;
  Zoo zoo_;
  EngineSet engines_;
  testing::FakeData files_;
  ProfileOptions options_;
};

TEST_F(PerturbedCopies, FollowEachInput) {
  const auto data = copies("brightness:0.5,left:1,resample:area");
  ASSERT_EQ(data->size(), 36U);
  EXPECT_EQ(data->id(0), "fake-images-idx3-ubyte#0~brightness:0.5");
  EXPECT_EQ(data->id(4), "fake-images-idx3-ubyte#1~left:1");
  EXPECT_EQ(data->group(4), "fake-images-idx3-ubyte#1");
  EXPECT_EQ(data->label(4), plain()->label(1));
  EXPECT_EQ(data->label_names(), plain()->label_names());
  EXPECT_EQ(data->perturbations(), "brightness:0.5,left:1,resample:area");
  EXPECT_EQ(data->resampling(4), std::nullopt);
  EXPECT_EQ(data->resampling(5), Resampling::kArea);
  const Image image = plain()->load(1, {});
  EXPECT_EQ(data->load(3, {}).pixels[30], (image.pixels[30] + 1) / 2);
  EXPECT_EQ(data->load(4, {}).width, image.width - 1);
  EXPECT_EQ(data->load(5, {}).pixels, image.pixels);
}

TEST_F(PerturbedCopies, NeedAPerturbation) {
  EXPECT_TRIAGE_ERROR(perturbed_dataset(plain(), {}), ErrorCode::kUsage, "perturbations: none",
                      "expected at least one");
}

TEST_F(PerturbedCopies, WhatCannotBePerturbedFails) {
  const auto data = copies("left:28,left:1");
  EXPECT_TRIAGE_ERROR((void)data->load(2, {}), ErrorCode::kImageFormat,
                      "fake-images-idx3-ubyte#1~left:28: cannot be made of 28x28 pixels");
  const ProfileSummary summary = measure(*data, "b.profile");
  EXPECT_EQ(summary.progress.done, 24U);
  EXPECT_EQ(summary.progress.failed, 12U);
  EXPECT_EQ(load({"b.profile"}).n_inputs(), 12U);
}

TEST_F(PerturbedCopies, AreGroupedWithTheirOriginals) {
  measure(*plain(), "a.profile");
  measure(*copies("brightness:0.5,left:1"), "b.profile");
  const Table table = load({"a.profile", "b.profile"});
  ASSERT_EQ(table.n_inputs(), 36U);
  EXPECT_EQ(table.group_of(3), table.ids[3]);
  EXPECT_EQ(table.groups[12 + 7], table.ids[3]);
  EXPECT_EQ(table.ids[12 + 7], table.ids[3] + "~left:1");
  EXPECT_EQ(table.labels[12 + 7], table.labels[3]);
  EXPECT_EQ(copies_of(table, std::vector<std::uint32_t>{3}), (std::vector<std::uint32_t>{18, 19}));
  EXPECT_TRUE(load({"a.profile"}).groups.empty());
}

// The fake networks answer by the bytes of their tensor.
TEST_F(PerturbedCopies, AreResizedAsTheySay) {
  measure(*copies("resample:area,resample:bilinear"), "b.profile");
  const Table table = load({"b.profile"});
  std::size_t n_other = 0;
  for (std::size_t i = 0; i < 24; i += 2) {
    const auto sure = [&](std::size_t input, ModelIndex model) {
      return table.outputs[table.at(input, model)].entries()[0].probability;
    };
    EXPECT_EQ(sure(i, 1), sure(i + 1, 1)) << "large takes the picture as it is";
    n_other += table.outputs[table.at(i, 0)].best() != table.outputs[table.at(i + 1, 0)].best() ||
                       sure(i, 0) != sure(i + 1, 0)
                   ? 1
                   : 0;
  }
  EXPECT_GT(n_other, 0U);
}

TEST_F(PerturbedCopies, AProfileOfThemIsGoneOnWith) {
  const auto data = copies("brightness:0.5,left:1");
  std::stop_source stop;
  options_.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(measure(*data, "b.profile",
                              [&](const ProfileProgress& progress) {
                                if (progress.done >= 7) stop.request_stop();
                              }),
                      ErrorCode::kInterrupted, "7 of 24 inputs done");
  options_.stop = {};
  for (const auto& [list, found] : {std::pair("brightness:0.5,left:2", "brightness:0.5,left:2"),
                                    std::pair("left:1,brightness:0.5", "left:1,brightness:0.5")}) {
    EXPECT_TRIAGE_ERROR(measure(*copies(list), "b.profile"), ErrorCode::kProfile, "holds another profile",
                        "perturbations brightness:0.5,left:1, expected ", found);
  }
  EXPECT_TRIAGE_ERROR(measure(*plain(), "b.profile"), ErrorCode::kProfile, "expected none");
  EXPECT_EQ(measure(*data, "b.profile").progress.resumed, 7U);
  EXPECT_EQ(load({"b.profile"}).n_inputs(), 24U);
}

TEST_F(PerturbedCopies, ShardsMergeToTheWhole) {
  const auto data = copies("brightness:0.5,left:1");
  for (const std::uint32_t i : {0U, 1U}) {
    options_.shard = {i, 2};
    measure(*data, "b" + std::to_string(i));
  }
  const std::vector<std::filesystem::path> shards{dir_ / "b0", dir_ / "b1"};
  merge_profiles(shards, dir_ / "b.profile");
  const Table table = load({"b.profile"});
  ASSERT_EQ(table.n_inputs(), 24U);
  EXPECT_EQ(table.groups[7], "fake-images-idx3-ubyte#3");
  options_.shard = {};
  EXPECT_EQ(measure(*data, "b.profile").progress.resumed, 24U);
}

}  // namespace
}  // namespace triage
