// Times of a board over a server's scores.
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

#include "base/files.h"
#include "profile/profile_fixture.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

using testing::made_up_header;
using testing::made_up_record;
using testing::read_records;

struct MergingTimes : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path board = folder.path() / "board.profile";
  std::filesystem::path server = folder.path() / "server.profile";
  std::filesystem::path out = folder.path() / "out.profile";
  // Of the board: other names, another order, and "large" in two ways.
  ProfileHeader board_header = made_up_header(8);
  ProfileHeader server_header = made_up_header(50);

  void SetUp() override {
    board_header.times_only = true;
    board_header.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 100};
    board_header.recipes = {"recipe b", "recipe a"};
    board_header.models = {{{"m", "2222"}, 0, "CPU", 1},
                           {{"l1", "3333"}, 1, "CPU", 1},
                           {{"l2", "3333"}, 1, "CPU", 2},
                           {{"s", "1111"}, 1, "CPU", 1}};
  }
  // Input i of the board; input 3 fails there and on the server.
  [[nodiscard]] InputRecord board_record(std::int64_t i) const {
    InputRecord record = made_up_record(board_header, i);
    record.label = kNoLabel;
    const double base = 100 * static_cast<double>(i + 1);
    for (std::size_t m = 0; m < record.infer_ms.size(); ++m)
      record.infer_ms[m] = base + static_cast<double>(m);
    return record;
  }
  void write_board(bool finish = true) const {
    ProfileWriter writer(board, board_header);
    const std::int32_t machine = writer.machine("a board");
    for (std::int64_t i = 0; i < board_header.parts[0].n_data - (finish ? 0 : 1); ++i) {
      InputRecord record = board_record(i);
      record.machine = machine;
      writer.add(record);
    }
    ProfileEnergy energy;
    energy.note = "measured: VDD_IN";
    energy.idle_w = 2;
    energy.infer.assign(4, {0.5, 10, 1});
    energy.preprocess.assign(2, {0.25, 10, 1});
    energy.node.resize(board_header.nodes.size());
    writer.set_energy(machine, energy);
    writer.finish();
  }
  void write_server() const { testing::write_made_up(server, server_header); }
};

TEST_F(MergingTimes, ScoresOfTheServerTimesOfTheBoard) {
  write_board();
  write_server();
  const TimesSummary summary = merge_times(board, server, out);
  EXPECT_EQ(summary.inputs, 50U);
  EXPECT_EQ(summary.failed, 7U);
  const Table table = load_table({&out, 1});
  EXPECT_EQ(table.machine, "a board");
  EXPECT_EQ(table.timing.mode, TimingMode::kExhaustive);
  EXPECT_EQ(table.energy.note, "measured: VDD_IN");
  EXPECT_EQ(mean_energy(table), std::vector<double>(4, 0.75));
  ASSERT_EQ(table.n_models(), 4U);
  EXPECT_EQ(table.models[2].name, "l2");
  EXPECT_EQ(table.models[2].threads, 2);
  EXPECT_EQ(table.models[2].recipe, "recipe a");
  const Table scores = load_table({&server, 1});
  ASSERT_EQ(table.n_inputs(), scores.n_inputs());
  EXPECT_EQ(table.ids, scores.ids);
  EXPECT_EQ(table.labels, scores.labels);
  EXPECT_EQ(table.features, scores.features);
  const std::vector<ModelIndex> server_model = {1, 2, 2, 0};
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (ModelIndex m = 0; m < 4; ++m) {
      const ModelIndex there = server_model[static_cast<std::size_t>(m)];
      EXPECT_EQ(table.ranks[table.at(i, m)], scores.ranks[scores.at(i, there)]);
      EXPECT_TRUE(testing::same_output(table.outputs[table.at(i, m)], scores.outputs[scores.at(i, there)]));
    }
  }
}

// The pixel hashes of made-up records follow from draws that the number of recipes and features comes before,
// so those of both profiles agree; sizes follow from the input's number.
TEST_F(MergingTimes, AnInputThatBothHaveKeepsItsOwnTimesAndTheOthersAreDealtEvenly) {
  write_board();
  write_server();
  const TimesSummary summary = merge_times(board, server, out);
  EXPECT_EQ(summary.own, 7U);  // 8 less the one that failed
  EXPECT_EQ(summary.dealt, 36U);
  std::map<double, int> uses;
  for (const InputRecord& record : read_records(out)) {
    if (!record.error.empty()) continue;
    const double base = record.infer_ms[0];
    ++uses[base];
    for (std::size_t m = 0; m < 4; ++m) EXPECT_EQ(record.infer_ms[m], base + static_cast<double>(m));
    const auto donor = static_cast<std::int64_t>(base / 100) - 1;
    const InputRecord expected = board_record(donor);
    EXPECT_EQ(record.node_ms, expected.node_ms);
    EXPECT_EQ(record.preprocess_ms, expected.preprocess_ms);
    EXPECT_EQ(record.decode_ms, expected.decode_ms);
    EXPECT_EQ(record.infer_spread[1].runs, expected.infer_spread[1].runs);
    EXPECT_EQ(record.capped, expected.capped);
    if (record.input < 8) {
      EXPECT_EQ(donor, record.input);
    }
  }
  ASSERT_EQ(uses.size(), 7U);
  for (const auto& [base, n] : uses) EXPECT_TRUE(n == 6 || n == 7) << base;  // itself, and 36 / 7 others
  EXPECT_EQ(load_table({&out, 1}).times_note,
            "7 of 43 inputs timed on this machine, the others have the times of one that was");
}

TEST_F(MergingTimes, AnotherPictureOfTheSameNameIsAnotherInput) {
  write_board();
  write_server();
  Database(server, Database::Mode::kWrite)
      .exec("UPDATE input SET pixel_hash = pixel_hash + 1 WHERE input = 1");
  Database(server, Database::Mode::kWrite).exec("UPDATE input SET width = width + 1 WHERE input = 2");
  EXPECT_EQ(merge_times(board, server, out).own, 5U);
}

TEST_F(MergingTimes, WhereNoPixelsAreKnownSizesTell) {
  write_board();
  write_server();
  Database(server, Database::Mode::kWrite).exec("UPDATE input SET pixel_hash = NULL");
  EXPECT_EQ(merge_times(board, server, out).own, 7U);
}

TEST_F(MergingTimes, AModelThatOneOfThemLacksIsNamed) {
  write_server();
  board_header.models.pop_back();
  write_board();
  EXPECT_TRIAGE_ERROR(merge_times(board, server, out), ErrorCode::kProfile,
                      "board.profile: has no times of model 'small' (fingerprint 1111, in f32)",
                      "server.profile");
  std::filesystem::remove(board);
  board_header.models.push_back({{"s", "1111"}, 1, "CPU", 1});
  board_header.models.push_back({{"new", "4444"}, 1, "CPU", 1});
  write_board();
  EXPECT_TRIAGE_ERROR(merge_times(board, server, out), ErrorCode::kProfile,
                      "server.profile: has no scores of model 'new' (fingerprint 4444, in f32)");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(MergingTimes, FeaturesMustBeTheSame) {
  write_server();
  board_header.schema.working_px = 32;
  write_board();
  EXPECT_TRIAGE_ERROR(merge_times(board, server, out), ErrorCode::kProfile,
                      "working size 32, features hue1v1 contrastv2, expected 20 classes, working size 64",
                      "the same features");
}

TEST_F(MergingTimes, UnfinishedProfilesAreRefused) {
  write_server();
  write_board(false);
  EXPECT_TRIAGE_ERROR(merge_times(board, server, out), ErrorCode::kProfile,
                      "board.profile: has 7 of 8 inputs");
}

TEST_F(MergingTimes, WhatHoldsTimesAloneHasNoScores) {
  write_board();
  EXPECT_TRIAGE_ERROR(merge_times(board, board, out), ErrorCode::kProfile,
                      "holds times alone, expected scores");
}

TEST_F(MergingTimes, ABoardOnWhichEverythingFailedHasNoTimes) {
  write_server();
  board_header.parts = made_up_header(8).parts;
  {
    ProfileWriter writer(board, board_header);
    for (std::int64_t i = 0; i < 8; ++i) {
      InputRecord record = made_up_record(board_header, 3);
      record.input = i;
      record.label = kNoLabel;
      writer.add(record);
    }
    writer.finish();
  }
  EXPECT_TRIAGE_ERROR(merge_times(board, server, out), ErrorCode::kProfile, "has no input that succeeded");
}

TEST_F(MergingTimes, NothingIsOverwritten) {
  write_board();
  write_server();
  EXPECT_TRIAGE_ERROR(merge_times(board, server, server), ErrorCode::kUsage, "exists already");
}

}  // namespace
}  // namespace triage
