// Profiles whose labels are a model's answers: measured, resumed, merged, loaded.
#include <gtest/gtest.h>

#include <stop_token>

#include "profile/profile_fixture.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using testing::expect_same_content;
using testing::made_up_header;
using testing::read_records;
using testing::write_made_up;

struct LabelsFrom : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path out = folder.path() / "out.profile";
  Zoo zoo = load_zoo(testing::write_fake_zoo(
      folder.path() / "zoo", {{.name = "small", .accuracy = 0.6}, {.name = "large", .accuracy = 0.9}}));
  testing::FakeData data = testing::write_fake_data(folder.path() / "data", 60);
  EngineSet engines;
  ProfileOptions options;

  void SetUp() override {
    options.features = {"contrast"};
    options.working_px = 28;
    options.labels_from = "large";
  }
  // `labels` may be none.
  [[nodiscard]] std::unique_ptr<Dataset> open(const std::vector<std::filesystem::path>& labels = {}) const {
    DatasetOptions request;
    request.data = {data.images};
    request.labels = labels;
    request.require_labels = false;
    return open_dataset(request);
  }
  void measure(const std::filesystem::path& to) { measure_profile(zoo, engines, *open(), options, to); }
  static Table load(const std::filesystem::path& path) { return load_table({&path, 1}); }
};

TEST_F(LabelsFrom, EqualsAProfileThatIsGivenTheModelsAnswers) {
  std::filesystem::remove(data.labels);
  measure(out);
  const Table table = load(out);
  EXPECT_EQ(table.labels_from, "large");
  const std::filesystem::path answers = folder.path() / "answers-idx1-ubyte";
  testing::write_idx_labels(answers, table.labels);
  const std::filesystem::path given = folder.path() / "given.profile";
  options.labels_from.clear();
  measure_profile(zoo, engines, *open({answers}), options, given);
  const Table same = load(given);
  EXPECT_EQ(same.labels_from, "");
  EXPECT_EQ(table.ids, same.ids);
  EXPECT_EQ(table.labels, same.labels);
  EXPECT_EQ(table.ranks, same.ranks);
  EXPECT_EQ(table.features, same.features);
  Table again = load(given);
  label_by_model(again, "large");
  EXPECT_EQ(again.ranks, table.ranks);
}

TEST_F(LabelsFrom, LabelsThatAreThereAreNotLookedAt) {
  measure(out);
  std::vector<Label> wrong(60, 0);
  wrong[0] = 99;  // no class of the models
  testing::write_idx_labels(data.labels, wrong);
  const std::filesystem::path other = folder.path() / "other.profile";
  measure(other);
  expect_same_content(read_records(out), read_records(other));
  EXPECT_EQ(load(out).labels, load(other).labels);
}

TEST_F(LabelsFrom, AStoppedRunGoesOnWithTheSameLabelsAlone) {
  measure(folder.path() / "whole.profile");
  std::stop_source stop;
  options.stop = stop.get_token();
  const auto stop_at_15 = [&](const ProfileProgress& progress) {
    if (progress.done >= 15) stop.request_stop();
  };
  EXPECT_TRIAGE_ERROR(measure_profile(zoo, engines, *open(), options, out, stop_at_15),
                      ErrorCode::kInterrupted, "with 15 of 60 inputs done");
  stop = std::stop_source();
  options.stop = stop.get_token();
  options.labels_from = "small";
  EXPECT_TRIAGE_ERROR(measure(out), ErrorCode::kProfile, "holds another profile",
                      "labels from model 'large', expected from model 'small'");
  options.labels_from.clear();
  EXPECT_TRIAGE_ERROR(measure(out), ErrorCode::kProfile,
                      "labels from model 'large', expected from the data set");
  options.labels_from = "large";
  EXPECT_EQ(measure_profile(zoo, engines, *open(), options, out).progress.resumed, 15U);
  EXPECT_EQ(load(out).labels, load(folder.path() / "whole.profile").labels);
}

TEST_F(LabelsFrom, ShardsMergeAndKeepIt) {
  measure(out);
  std::vector<std::filesystem::path> shards;
  for (std::uint32_t i = 0; i < 2; ++i) {
    options.shard = {i, 2};
    shards.push_back(folder.path() / ("shard" + std::to_string(i)));
    measure(shards.back());
  }
  const std::filesystem::path merged = folder.path() / "merged.profile";
  merge_profiles(shards, merged);
  expect_same_content(read_records(out), read_records(merged));
  EXPECT_EQ(load(merged).labels_from, "large");
  EXPECT_EQ(load(merged).ranks, load(out).ranks);
}

TEST_F(LabelsFrom, BadNamesAreToldBeforeAnythingIsMeasured) {
  options.labels_from = "huge";
  EXPECT_TRIAGE_ERROR(measure(out), ErrorCode::kUsage, "labels from 'huge'", "one of: small, large");
  options.labels_from = "large";
  options.times_only = true;
  EXPECT_TRIAGE_ERROR(measure(out), ErrorCode::kUsage, "labels from 'large'", "times alone");
  EXPECT_FALSE(std::filesystem::exists(out));
}

// ---- made-up profiles, in which labels and ranks are what a file would not have ----

struct MadeUpLabels : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path path = folder.path() / "a.profile";
  std::filesystem::path other = folder.path() / "b.profile";
  std::filesystem::path out = folder.path() / "out.profile";
  ProfileHeader header = made_up_header(10);
};

TEST_F(MadeUpLabels, SourcesAreNotMixed) {
  header.labels_from = "large";
  write_made_up(path, header);
  for (const char* from : {"small", ""}) {
    ProfileHeader changed = made_up_header(10, {}, "0ther");
    changed.labels_from = from;
    std::filesystem::remove(other);
    write_made_up(other, changed, "other");
    const std::vector<std::filesystem::path> both = {path, other};
    EXPECT_TRIAGE_ERROR(merge_profiles(both, out), ErrorCode::kProfile, "b.profile: does not fit",
                        from[0] == 0 ? "labels from the data set" : "labels from model 'small'",
                        "expected from model 'large'");
    EXPECT_TRIAGE_ERROR(load_table(both), ErrorCode::kProfile, "b.profile: does not fit", "labels from");
  }
}

TEST_F(MadeUpLabels, TimesOfABoardThatHasAnotherNameForTheModel) {
  header.labels_from = "large";
  write_made_up(path, header);
  ProfileHeader board = made_up_header(4);
  board.times_only = true;
  board.models = {{{"s", "1111"}, 0, "CPU", 1},
                  {{"m", "2222"}, 1, "CPU", 1},
                  {{"l1", "3333"}, 0, "CPU", 1},
                  {{"l2", "3333"}, 0, "CPU", 2}};
  write_made_up(other, board);
  merge_times(other, path, out);
  const Table scores = load_table({&path, 1});
  const Table table = load_table({&out, 1});
  EXPECT_EQ(table.labels_from, "l1");
  EXPECT_EQ(table.labels, scores.labels);
  EXPECT_EQ(table.ranks[table.at(0, 3)], 1);
}

TEST_F(MadeUpLabels, ADamagedOrOlderHeader) {
  write_made_up(path, header);
  const Table before = load_table({&path, 1});
  Database(path, Database::Mode::kWrite).exec("UPDATE meta SET value = 'nobody' WHERE key = 'labels_from'");
  EXPECT_TRIAGE_ERROR(load_table({&path, 1}), ErrorCode::kProfile, "'labels_from' is 'nobody'");
  Database(path, Database::Mode::kWrite).exec("DELETE FROM meta WHERE key = 'labels_from'");
  EXPECT_EQ(load_table({&path, 1}).labels, before.labels);
}

}  // namespace
}  // namespace triage
