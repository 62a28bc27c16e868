// Measuring with fake networks.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/files.h"
#include "profile/profile_fixture.h"
#include "triage/dataset.h"
#include "triage/profile.h"
#include "triage/runtime.h"

namespace triage {
namespace {

using testing::expect_same_content;
using testing::read_records;

struct Measuring : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path out = folder.path() / "out.profile";
  Zoo zoo;
  EngineSet engines;
  ProfileOptions options;

  void SetUp() override {
    zoo = load_zoo(
        testing::write_fake_zoo(folder.path() / "zoo", {{.name = "small", .accuracy = 0.6},
                                                        {.name = "medium", .accuracy = 0.8, .side = 14},
                                                        {.name = "large", .accuracy = 0.95}}));
    options.features = {"contrast", "edge_length1"};
    options.working_px = 28;
  }
  [[nodiscard]] std::unique_ptr<Dataset> idx(std::size_t n) const {
    const testing::FakeData data = testing::write_fake_data(folder.path() / "data", n);
    DatasetOptions request;
    request.data = {data.images};
    return open_dataset(request);
  }
  // Pictures in a folder, of which those in `bad` are truncated.
  [[nodiscard]] std::unique_ptr<Dataset> pictures(int n, const std::vector<int>& bad) const {
    const std::filesystem::path pictures = folder.path() / "pictures";
    std::string csv;
    for (int i = 0; i < n; ++i) {
      const std::string name = "p" + std::to_string(i) + ".pgm";
      const Label label = testing::fake_label(static_cast<std::size_t>(i));
      testing::write_pnm(pictures / name, testing::fake_image(label, static_cast<std::uint64_t>(i)));
      csv += name + "," + std::to_string(label) + "\n";
    }
    for (const int i : bad) {
      const std::filesystem::path file = pictures / ("p" + std::to_string(i) + ".pgm");
      const std::string text = read_text(file);
      write_text_atomic(file, text.substr(0, text.size() / 2));
    }
    write_text_atomic(folder.path() / "labels.csv", csv);
    DatasetOptions request;
    request.data = {pictures};
    request.labels = {folder.path() / "labels.csv"};
    return open_dataset(request);
  }
  ProfileSummary measure(const Dataset& data) { return measure_profile(zoo, engines, data, options, out); }
  Table load() { return load_table({&out, 1}); }
};

TEST_F(Measuring, RecordsWhatTheModelsSay) {
  const auto data = idx(60);
  const ProfileSummary summary = measure(*data);
  EXPECT_EQ(summary.progress.done, 60U);
  EXPECT_EQ(summary.progress.total, 60U);
  EXPECT_EQ(summary.progress.failed, 0U);
  EXPECT_GT(summary.wall_ms, summary.network_ms);
  const Table table = load();
  ASSERT_EQ(table.n_inputs(), 60U);
  ASSERT_EQ(table.n_models(), 3U);
  EXPECT_EQ(table.n_recipes(), 2U);
  EXPECT_EQ(table.recipe_of, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(table.label_names.size(), 10U);
  EXPECT_EQ(table.models[0].fingerprint, zoo.models[0].fingerprint());
  // Against a backend that looks at each input by itself.
  ModelPool pool(zoo, engines);
  LiveBackend backend(pool, {0, 1, 2}, table.schema, steady_clock());
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(table.ids[i], data->id(i));
    EXPECT_EQ(table.labels[i], data->label(i));
    const Image image = data->load(i, {});
    backend.begin(image);
    std::vector<float> features(2);
    backend.extract(3, features);
    EXPECT_TRUE(std::equal(features.begin(), features.end(), table.feature_row(i).begin()));
    for (const ModelIndex m : {2, 1, 0}) {
      EXPECT_TRUE(testing::same_output(backend.run(m).output, table.outputs[table.at(i, m)]));
      EXPECT_EQ(table.ranks[table.at(i, m)], rank_of(backend.last_probabilities(), table.labels[i]));
    }
  }
}

TEST_F(Measuring, CountsBadPicturesAndGoesOn) {
  const auto data = pictures(12, {3, 7});
  const ProfileSummary summary = measure(*data);
  EXPECT_EQ(summary.progress.done, 12U);
  EXPECT_EQ(summary.progress.failed, 2U);
  const auto failed = failed_inputs(out);
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].id, "p3.pgm");
  EXPECT_NE(failed[0].message.find("p3.pgm"), std::string::npos) << failed[0].message;
  EXPECT_EQ(load().n_inputs(), 10U);
  EXPECT_EQ(load().n_failed, 2U);
}

TEST_F(Measuring, PicturesAboveTheLimitFail) {
  const auto data = pictures(3, {});
  options.decode.max_pixels = 100;
  EXPECT_EQ(measure(*data).progress.failed, 3U);
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "has no usable input (3 failed)");
}

TEST_F(Measuring, AModelThatFailsOnAnInputFailsThatInput) {
  zoo = load_zoo(
      testing::write_fake_zoo(folder.path() / "zoo", {{.name = "good"}, {.name = "moody", .fail_every = 5}}));
  const ProfileSummary summary = measure(*idx(60));
  EXPECT_GT(summary.progress.failed, 2U);
  EXPECT_LT(summary.progress.failed, 40U);
  EXPECT_EQ(load().n_inputs(), 60U - summary.progress.failed);
  EXPECT_NE(failed_inputs(out).at(0).message.find("model 'moody': "), std::string::npos);
}

TEST_F(Measuring, StopsAtOnceAndGoesOn) {
  const auto data = idx(40);
  std::atomic<bool> stop = false;
  options.stop = &stop;
  const auto stop_at_15 = [&](const ProfileProgress& progress) { stop = progress.done >= 15; };
  EXPECT_TRIAGE_ERROR(measure_profile(zoo, engines, *data, options, out, stop_at_15), ErrorCode::kInterrupted,
                      out.string(), "15 of 40 inputs done", "run the same command again");
  EXPECT_EQ(ProfileReader(out).n_done(), 15);
  stop = false;
  const ProfileSummary summary = measure(*data);
  EXPECT_EQ(summary.progress.resumed, 15U);
  EXPECT_EQ(summary.progress.done, 40U);
  const auto resumed = read_records(out);
  std::filesystem::remove(out);
  (void)measure(*data);
  expect_same_content(resumed, read_records(out));
  // Nothing is left to do: the models are not even loaded.
  std::filesystem::remove_all(folder.path() / "zoo");
  EXPECT_EQ(measure(*data).progress.resumed, 40U);
}

TEST_F(Measuring, ShardsMergeToTheWhole) {
  const auto data = idx(31);
  (void)measure(*data);
  std::vector<std::filesystem::path> shards;
  for (std::uint32_t i = 0; i < 3; ++i) {
    options.shard = {i, 3};
    shards.push_back(folder.path() / ("shard" + std::to_string(i)));
    const ProfileSummary summary = measure_profile(zoo, engines, *data, options, shards.back());
    EXPECT_EQ(summary.progress.total, i == 0 ? 11U : 10U);
  }
  EXPECT_EQ(merge_profiles(shards, folder.path() / "merged").inputs, 31U);
  expect_same_content(read_records(out), read_records(folder.path() / "merged"));
}

TEST_F(Measuring, ReportsLoadingThenProgress) {
  std::vector<std::string> loading;
  std::size_t last = 0;
  measure_profile(zoo, engines, *idx(5), options, out, [&](const ProfileProgress& progress) {
    if (!progress.loading.empty()) loading.push_back(progress.loading);
    EXPECT_GE(progress.done, last);
    last = progress.done;
    EXPECT_GT(progress.size_bytes, 0);
  });
  EXPECT_EQ(loading, (std::vector<std::string>{"small", "medium", "large"}));
  EXPECT_EQ(last, 5U);
}

TEST_F(Measuring, SelectorsAreLeftOut) {
  zoo.models[1].role = Role::kSelector;
  (void)measure(*idx(5));
  EXPECT_EQ(load().n_models(), 2U);
  EXPECT_EQ(load().find("medium"), kNoModel);
}

TEST_F(Measuring, RejectsWhatMakesNoSense) {
  const auto data = idx(5);
  const auto expect = [&](ErrorCode code, std::string_view text) {
    testing::expect_error([&] { (void)measure(*data); }, code, {text});
    EXPECT_FALSE(std::filesystem::exists(out)) << text;
  };
  const Zoo good = zoo;
  const ProfileOptions good_options = options;
  zoo.models.clear();
  expect(ErrorCode::kUsage, "has no classifier");
  zoo = good;
  zoo.models[1].output.n_classes = 20;
  expect(ErrorCode::kUsage, "'small' has 10 classes and 'medium' has 20");
  for (ModelSpec& model : zoo.models) model.output.n_classes = 70000;
  expect(ErrorCode::kUsage, "70000 classes, expected 1 to 65536");
  for (ModelSpec& model : zoo.models) model.output.n_classes = 3;
  expect(ErrorCode::kData, "expected 0 to 2 (the models' classes)");
  zoo = good;
  options.shard = {3, 3};
  expect(ErrorCode::kUsage, "shard: 3 of 3");
  options = good_options;
  options.decode.max_pixels = 0;
  expect(ErrorCode::kUsage, "pixel limit: 0");
  options = good_options;
  options.features = {"beauty"};
  expect(ErrorCode::kUsage, "beauty");
}

TEST_F(Measuring, AFolderThatCannotBeMadeIsAnError) {
  std::ofstream(folder.path() / "file") << "";
  out = folder.path() / "file" / "out.profile";
  EXPECT_TRIAGE_ERROR(measure(*idx(3)), ErrorCode::kIo, "folder cannot be made");
}

}  // namespace
}  // namespace triage
