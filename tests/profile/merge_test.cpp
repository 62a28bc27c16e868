#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "profile/profile_fixture.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using testing::expect_same_content;
using testing::made_up_header;
using testing::read_records;
using testing::write_made_up;
using Paths = std::vector<std::filesystem::path>;

struct Merging : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path out = path("out");

  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return folder.path() / (name + ".profile");
  }
  // Profile of `n` inputs; returns its path.
  std::filesystem::path write(const std::string& name, const ProfileHeader& header,
                              const std::string& prefix = "in") const {
    write_made_up(path(name), header, prefix);
    return path(name);
  }
};

TEST_F(Merging, ShardsGiveTheWhole) {
  write("whole", made_up_header(50));
  Paths shards;
  for (const std::uint32_t i : {2U, 0U, 1U}) {
    shards.push_back(write("shard" + std::to_string(i), made_up_header(50, {i, 3})));
  }
  const MergeSummary summary = merge_profiles(shards, out);
  EXPECT_EQ(summary.inputs, 50U);
  EXPECT_EQ(summary.failed, 7U);
  const std::vector<InputRecord> whole = read_records(path("whole"));
  const std::vector<InputRecord> merged = read_records(out);
  expect_same_content(whole, merged);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (!whole[i].error.empty()) continue;
    EXPECT_EQ(whole[i].infer_ms, merged[i].infer_ms);
    EXPECT_EQ(whole[i].preprocess_ms, merged[i].preprocess_ms);
    EXPECT_EQ(whole[i].node_ms, merged[i].node_ms);
  }
  // It is what a run over the whole would have made, so that run finds only failures left to do.
  const ProfileWriter writer(out, made_up_header(50));
  EXPECT_EQ(writer.n_done(), 43U);
  EXPECT_EQ(writer.n_to_retry(), 7U);
}

TEST_F(Merging, SomeShardsAreAProfileToo) {
  const Paths shards = {write("a", made_up_header(50, {0, 3})), write("b", made_up_header(50, {2, 3}))};
  EXPECT_EQ(merge_profiles(shards, out).inputs, 33U);
  const Table table = load_table({&out, 1});
  EXPECT_EQ(table.n_inputs() + table.n_failed, 33U);
  // And can be completed by a further merge.
  const Paths rest = {out, write("c", made_up_header(50, {1, 3}))};
  EXPECT_EQ(merge_profiles(rest, path("all")).inputs, 50U);
  write("whole", made_up_header(50));
  expect_same_content(read_records(path("whole")), read_records(path("all")));
}

TEST_F(Merging, OtherDataFollows) {
  const Paths two = {write("a", made_up_header(5)), write("b", made_up_header(4, {}, "0ther"), "other")};
  EXPECT_EQ(merge_profiles(two, out).inputs, 9U);
  const std::vector<InputRecord> records = read_records(out);
  EXPECT_EQ(records[5].id, "other0.png");
  EXPECT_EQ(records[5].input, 5);
  EXPECT_TRUE(ProfileReader(out).finished());
}

TEST_F(Merging, MachinesAreKeptApart) {
  const Paths two = {write("a", made_up_header(5)), path("b")};
  {
    ProfileWriter writer(two[1], made_up_header(1, {}, "0ther"));
    InputRecord record = testing::made_up_record(made_up_header(1), 0, "other");
    record.machine = writer.machine("another machine");
    writer.add(record);
    writer.finish();
  }
  // Refused with the ways out, in the library's words, and nothing is left behind.
  for (const auto& refused : {std::function<void()>([&] { (void)merge_profiles(two, out); }),
                              std::function<void()>([&] { (void)load_table(two); })}) {
    EXPECT_TRIAGE_ERROR(refused(), ErrorCode::kProfile, "b.profile: was timed on 'another machine'",
                        "expected 'a machine' as ", "a.profile", "`times`", "`machines` apart");
  }
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(merge_profiles(two, out, {.machines_apart = true}).machines,
            (std::vector<std::string>{"a machine", "another machine"}));
  EXPECT_EQ(load_table({&out, 1}).machine, "a machine | another machine");
  EXPECT_NE(load_table({&out, 1}).times_note.find("times of 2 machines"), std::string::npos);
  // It goes on mixing when it is joined with more of either.
  const Paths more = {out, write("c", made_up_header(5, {}, "more"), "more")};
  EXPECT_TRIAGE_ERROR(merge_profiles(more, path("all")), ErrorCode::kProfile, "was timed on 'a machine'",
                      "expected 'a machine | another machine'");
  EXPECT_EQ(read_records(out).back().machine, 1);
}

TEST(SameMachine, IsTheProcessorAndItsCores) {
  constexpr std::string_view kHere = "AMD EPYC, 2 cores, 23.5 GiB, Linux 6.1.0 x86_64";
  EXPECT_TRUE(same_machine(kHere, "AMD EPYC, 2 cores, 23.4 GiB, Linux 6.1.1 x86_64"));
  EXPECT_FALSE(same_machine(kHere, "AMD EPYC, 4 cores, 23.5 GiB, Linux 6.1.0 x86_64"));
  EXPECT_FALSE(same_machine(kHere, "Raspberry Pi 4, 2 cores, 23.5 GiB, Linux 6.1.0 x86_64"));
  EXPECT_FALSE(same_machine(kHere, ""));
  EXPECT_FALSE(same_machine(kHere, std::string(kHere) + " | a board"));
  EXPECT_TRUE(same_machine("a board | " + std::string(kHere), std::string(kHere) + " | a board"));
  EXPECT_TRUE(same_machine("a board", "a board"));
  EXPECT_TRUE(same_machine(machine_description(), machine_description()));
}

TEST_F(Merging, TheSameInputsTwiceAreTakenOnce) {
  // The same pictures as part of another data set.
  const Paths two = {write("a", made_up_header(5)), write("b", made_up_header(8, {}, "0ther"))};
  EXPECT_EQ(merge_profiles(two, out).inputs, 8U);
  EXPECT_TRUE(ProfileReader(out).finished());
  EXPECT_EQ(load_table({&out, 1}).n_inputs(), 7U);
  const Paths same = {two[0], two[0]};
  EXPECT_EQ(merge_profiles(same, path("same")).inputs, 5U);
}

TEST_F(Merging, TheSameInputWithOtherContentIsAConflict) {
  const Paths two = {write("a", made_up_header(5)), write("b", made_up_header(5, {}, "0ther"))};
  for (const char* change : {"UPDATE input SET label = 1 - (label = 1) WHERE input = 2",
                             "UPDATE output SET rank = 1 + (rank = 1) WHERE input = 2",
                             "UPDATE input_features SET vals = x'0000000000000000' WHERE input = 2"}) {
    SCOPED_TRACE(change);
    std::filesystem::remove(two[1]);
    write("b", made_up_header(5, {}, "0ther"));
    Database(two[1], Database::Mode::kWrite).exec(change);
    EXPECT_TRIAGE_ERROR(merge_profiles(two, out), ErrorCode::kProfile, "input 'in2.png': differs between",
                        "a.profile", "b.profile");
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

TEST_F(Merging, ModelsMustBeTheSame) {
  ProfileHeader other = made_up_header(5, {}, "0ther");
  other.models[0].fingerprint = "4444";
  const Paths two = {write("a", made_up_header(5)), write("b", other, "other")};
  EXPECT_TRIAGE_ERROR(merge_profiles(two, out), ErrorCode::kProfile, "b.profile: does not fit",
                      "model 'small': fingerprint 4444, expected 1111");
}

TEST_F(Merging, UnfinishedProfilesAreRefused) {
  write_made_up(path("a"), made_up_header(5), "in", 3);
  const Paths one = {path("a")};
  EXPECT_TRIAGE_ERROR(merge_profiles(one, out), ErrorCode::kProfile, "has 3 of 5 inputs");
}

// Positions may be far apart, and nothing is made for each that there could be.
TEST_F(Merging, AStatedSizeTakesNoMemory) {
  ProfileHeader shard = made_up_header(5);
  shard.parts[0].n_data = std::int64_t{1} << 38;
  shard.parts[0].shard = {1, 1U << 31};
  shard.parts[0].n_inputs = 128;
  ProfileWriter writer(path("a"), shard);
  InputRecord record;
  record.error = "failed";
  for (int i = 0; i < 128; ++i) {
    record.input = 1 + (std::int64_t{i} << 31);
    record.id = std::to_string(i);
    EXPECT_FALSE(writer.has(record.input));
    writer.add(record);
  }
  writer.finish();
  const Paths one = {path("a")};
  EXPECT_EQ(merge_profiles(one, out).inputs, 128U);
}

TEST_F(Merging, NothingIsOverwritten) {
  const Paths one = {write("a", made_up_header(5))};
  EXPECT_TRIAGE_ERROR(merge_profiles(one, one[0]), ErrorCode::kUsage, "exists already");
  EXPECT_TRIAGE_ERROR(merge_profiles({}, out), ErrorCode::kUsage, "no profiles given");
  EXPECT_EQ(read_records(one[0]).size(), 5U);
}

TEST_F(Merging, AFailureLeavesNothingBehind) {
  const Paths two = {write("a", made_up_header(5)), write("b", made_up_header(5, {}, "0ther"))};
  Database(two[1], Database::Mode::kWrite).exec("DELETE FROM output WHERE input = 4");
  EXPECT_TRIAGE_ERROR(merge_profiles(two, out), ErrorCode::kProfile, "the output of 'small' is missing");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files += entry.exists() ? 1U : 0U;
  EXPECT_EQ(files, 2U);
}

TEST_F(Merging, ALeftoverOfAKilledMergeIsReplaced) {
  const Paths one = {write("a", made_up_header(5))};
  write_file_atomic(out.string() + ".merging", {});
  EXPECT_EQ(merge_profiles(one, out).inputs, 5U);
  EXPECT_FALSE(std::filesystem::exists(out.string() + ".merging"));
}

}  // namespace
}  // namespace triage
