// The store: what is written comes back; damage and misuse are said, never a crash.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>

#include "base/files.h"
#include "profile/profile_fixture.h"
#include "support/expect_error.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage {
namespace {

using testing::made_up_header;
using testing::made_up_record;
using testing::read_records;
using testing::write_made_up;

struct Store : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path path = folder.path() / "a.profile";
  ProfileHeader header = made_up_header(50);

  [[nodiscard]] Table load(bool allow_partial = false) const { return load_table({&path, 1}, allow_partial); }
  void write(std::int64_t limit = INT64_MAX) const { write_made_up(path, header, "in", limit); }
  void sql(const std::string& text) const { Database(path, Database::Mode::kWrite).exec(text.c_str()); }
};

TEST_F(Store, EveryFieldComesBack) {
  write();
  std::vector<InputRecord> expected;
  for (std::int64_t i = 0; i < 50; ++i) expected.push_back(made_up_record(header, i));
  const std::vector<InputRecord> found = read_records(path);
  testing::expect_same_content(expected, found);
  for (std::size_t i = 0; i < 50; ++i) {
    if (!expected[i].error.empty()) continue;
    EXPECT_EQ(expected[i].decode_ms, found[i].decode_ms);
    EXPECT_EQ(expected[i].node_ms, found[i].node_ms);
    EXPECT_EQ(expected[i].preprocess_ms, found[i].preprocess_ms);
    EXPECT_EQ(expected[i].infer_ms, found[i].infer_ms);
    EXPECT_EQ(expected[i].infer_spread[2].runs, found[i].infer_spread[2].runs);
    EXPECT_EQ(expected[i].infer_spread[2].m2, found[i].infer_spread[2].m2);
    EXPECT_EQ(expected[i].preprocess_spread[1].m2, found[i].preprocess_spread[1].m2);
    EXPECT_EQ(expected[i].pixel_hash, found[i].pixel_hash);
    EXPECT_EQ(expected[i].feature_runs, found[i].feature_runs);
    EXPECT_EQ(expected[i].capped, found[i].capped);
  }
}

// Files of before, in which all models ran in f32, are no different from those of today in which they do.
TEST_F(Store, OtherPrecisionsComeBack) {
  write();
  const auto has_table = [&] {
    return Database(path, Database::Mode::kRead)
        .integer("SELECT count(*) FROM sqlite_master WHERE name = 'model_precision'");
  };
  EXPECT_EQ(has_table(), 0);
  EXPECT_EQ(load().models[1].precision, Precision::kF32);
  std::filesystem::remove(path);
  header.models[1].precision = Precision::kBf16;
  header.models[2].precision = Precision::kI8;
  write();
  EXPECT_EQ(has_table(), 1);
  EXPECT_EQ(load().models[0].precision, Precision::kF32);
  EXPECT_EQ(load().models[1].precision, Precision::kBf16);
  EXPECT_EQ(load().models[2].precision, Precision::kI8);
  for (const char* word : {"auto", "f64"}) {
    sql(fmt::format("UPDATE model_precision SET precision = '{}' WHERE model = 1", word));
    EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "precision of model 'medium' is '", word,
                        "expected one that networks run in");
  }
  sql("UPDATE model_precision SET model = 7 WHERE model = 1");
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, path.string());
}

TEST_F(Store, TheTableHoldsTheInputsThatSucceeded) {
  write();
  const Table table = load();
  EXPECT_EQ(table.n_inputs(), 43U);
  EXPECT_EQ(table.n_failed, 7U);
  EXPECT_EQ(table.n_classes, 20);
  EXPECT_EQ(table.machine, "a machine");
  EXPECT_EQ(table.schema, header.schema);
  EXPECT_EQ(table.label_names, header.label_names);
  EXPECT_EQ(table.recipe_of, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(table.models[1].name, "medium");
  EXPECT_EQ(table.models[1].fingerprint, "2222");
  EXPECT_EQ(table.models[1].recipe, "recipe b");
  const InputRecord fourth = made_up_record(header, 4);  // row 3, since input 3 failed
  EXPECT_EQ(table.ids[3], "in4.png");
  EXPECT_EQ(table.labels[3], fourth.label);
  for (ModelIndex m = 0; m < 3; ++m) {
    const auto at = static_cast<std::size_t>(m);
    EXPECT_EQ(table.ranks[table.at(3, m)], fourth.ranks[at]);
    EXPECT_TRUE(testing::same_output(table.outputs[table.at(3, m)], fourth.outputs[at]));
    EXPECT_FLOAT_EQ(table.infer_ms[table.at(3, m)], static_cast<float>(fourth.infer_ms[at]));
  }
  EXPECT_FLOAT_EQ(static_cast<float>(table.preprocess(3, 1)), static_cast<float>(fourth.preprocess_ms[1]));
  EXPECT_EQ(table.feature_row(3)[1], fourth.features[1]);
  EXPECT_FLOAT_EQ(table.decode_ms[3], static_cast<float>(fourth.decode_ms));
  EXPECT_EQ(table.node_ms.size(), 43 * feature_nodes().size());
}

TEST_F(Store, PictureHashesAreThereForAllOrNone) {
  write();
  Database(path, Database::Mode::kWrite).exec("UPDATE input SET pixel_hash = 7, width = 20, height = 10");
  Database(path, Database::Mode::kWrite).exec("UPDATE input SET width = 10, height = 20 WHERE input = 4");
  const Table table = load();
  ASSERT_EQ(table.picture_hashes.size(), table.n_inputs());
  EXPECT_EQ(table.picture_hashes[2], table.picture_hashes[1]);
  EXPECT_NE(table.picture_hashes[3], table.picture_hashes[1]) << "row 3 is input 4, of another shape";
  Database(path, Database::Mode::kWrite).exec("UPDATE input SET pixel_hash = NULL WHERE input = 4");
  EXPECT_TRUE(load().picture_hashes.empty());
}

TEST_F(Store, FailedInputsAreListed) {
  write();
  const auto failed = failed_inputs(path);
  ASSERT_EQ(failed.size(), 7U);
  EXPECT_EQ(failed[1].id, "in10.png");
  EXPECT_EQ(failed[1].message, "in10.png: is truncated");
}

TEST_F(Store, OneFileIsLeft) {
  write();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files += entry.exists() ? 1U : 0U;
  EXPECT_EQ(files, 1U);
}

TEST_F(Store, GoesOnWhereItStopped) {
  write(20);
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "has 20 of 50 inputs",
                      "run the same 'triage profile' again");
  EXPECT_EQ(load(true).n_inputs(), 17U);
  write();
  const std::vector<InputRecord> resumed = read_records(path);
  std::filesystem::remove(path);
  write();
  testing::expect_same_content(resumed, read_records(path));
}

TEST_F(Store, AFailureIsReplacedByWhatComesNext) {
  write();
  {
    ProfileWriter writer(path, header);
    EXPECT_EQ(writer.n_done(), 43U);
    EXPECT_EQ(writer.n_failed(), 0U);
    EXPECT_EQ(writer.n_to_retry(), 7U);
    EXPECT_FALSE(writer.has(3));
    InputRecord record = made_up_record(header, 3);
    record.error = "in3.png: fails otherwise now";
    writer.add(record);
    EXPECT_TRUE(writer.has(3));
    record = made_up_record(header, 11);  // any that is well
    record.input = 10;
    record.id = "in10.png";
    writer.add(record);
    EXPECT_EQ(writer.n_done(), 45U);
    EXPECT_EQ(writer.n_failed(), 1U);
    EXPECT_EQ(writer.n_to_retry(), 5U);
    writer.commit();
    writer.add(made_up_record(header, 17));  // never committed, as when the process is killed
  }
  const auto failed = failed_inputs(path);
  ASSERT_EQ(failed.size(), 6U);
  EXPECT_EQ(failed[0].message, "in3.png: fails otherwise now");
  EXPECT_EQ(failed[1].id, "in17.png");
  EXPECT_EQ(failed[1].message, "in17.png: is truncated");
  EXPECT_EQ(load().n_inputs(), 44U);  // and it is still whole
  EXPECT_EQ(load().ids[9], "in10.png");
}

TEST_F(Store, AReaderSeesWhatIsCommittedWhileAWriterWorks) {
  ProfileWriter writer(path, header);
  const std::int32_t machine = writer.machine("a machine");
  const auto add = [&](std::int64_t input) {
    InputRecord record = made_up_record(header, input);
    record.machine = machine;
    writer.add(record);
  };
  add(0);
  writer.commit();
  ProfileReader reader(path);
  add(1);
  EXPECT_EQ(load(true).n_inputs(), 1U);
  writer.commit();
  EXPECT_EQ(load(true).n_inputs(), 2U);
  EXPECT_EQ(reader.n_done(), 1);  // it sees one state
  writer.finish();
}

TEST_F(Store, ASecondWriterIsToldAtOnce) {
  ProfileWriter writer(path, header);
  EXPECT_TRIAGE_ERROR(ProfileWriter(path, header), ErrorCode::kProfile, "another process is writing it",
                      path.string());
}

TEST_F(Store, ALockThatNobodyHoldsIsNoObstacle) {
  std::ofstream(path.string() + ".lock") << "";
  write();
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".lock"));
}

TEST_F(Store, TheLogOfARemovedProfileIsNotReplayed) {
  write();
  std::ofstream(path.string() + "-wal") << "left behind";
  std::filesystem::remove(path);
  write(5);
  EXPECT_EQ(load(true).n_inputs() + load(true).n_failed, 5U);
}

TEST_F(Store, AnotherRequestIsToldWhatDiffers) {
  write(20);
  const std::vector<std::uint8_t> before = read_file(path);
  const auto expect_difference = [&](std::string_view text, const ProfileHeader& other) {
    EXPECT_TRIAGE_ERROR(ProfileWriter(path, other), ErrorCode::kProfile, "holds another profile: ", text);
  };
  ProfileHeader other = header;
  other.models.pop_back();
  expect_difference("number of models 3, expected 2", other);
  other = header;
  other.models[1].name = "other";
  expect_difference("model 'medium', expected 'other'", other);
  other = header;
  other.models[1].fingerprint = "4444";
  expect_difference("model 'medium': fingerprint 2222, expected 4444", other);
  other = header;
  other.models[1].precision = Precision::kBf16;
  other.models[1].fingerprint = "4444";
  expect_difference("model 'medium': precision f32, expected bf16", other);
  other = header;
  other.models[1].device = "GPU";
  expect_difference("model 'medium': device CPU, expected GPU", other);
  other = header;
  other.models[1].threads = 2;
  expect_difference("model 'medium': threads 1, expected 2", other);
  other = header;
  other.recipes[0] = "recipe c";
  expect_difference("recipe recipe a, expected recipe c", other);
  other = header;
  other.n_classes = 30;
  expect_difference("classes 20, expected 30", other);
  other = header;
  other.schema.features.pop_back();
  expect_difference("features hue1 v1, contrast v2, expected hue1 v1", other);
  other = header;
  other.schema.features[0].version = 2;
  expect_difference("expected hue1 v2", other);
  other = header;
  other.schema.working_px = 112;
  expect_difference("working size 64, expected 112", other);
  other = header;
  other.nodes.emplace_back("new");
  expect_difference("feature nodes", other);
  other = header;
  other.max_pixels = 2000;
  expect_difference("pixel limit 1000, expected 2000", other);
  other = header;
  other.times_only = true;
  expect_difference("contents scores and times, expected times alone", other);
  other = header;
  other.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 100};
  expect_difference("timing cheap, expected exhaustive (bound 0.05, 5 to 100 runs)", other);
  expect_difference("data: number of inputs 50, expected 60", made_up_header(60));
  expect_difference("data: fingerprint of names and labels da7a, expected 0ther",
                    made_up_header(50, {}, "0ther"));
  expect_difference("shard 0/1, expected 1/2", made_up_header(50, {1, 2}));
  EXPECT_EQ(read_file(path), before);  // left alone
}

TEST_F(Store, FilesThatAreNoProfiles) {
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kIo, "does not exist", "triage profile");
  std::ofstream(path) << "";
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is empty");
  EXPECT_TRIAGE_ERROR(ProfileWriter(path, header), ErrorCode::kProfile, "is empty");
  std::ofstream(path) << "file,label\na.png,3\n";
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is not a profile");
  EXPECT_TRIAGE_ERROR(failed_inputs(path), ErrorCode::kProfile, "is not a profile");
  EXPECT_EQ(read_text(path), "file,label\na.png,3\n");
  std::ofstream(path) << std::string("SQLite format 3\0", 16) + std::string(5000, 'x');
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "expected");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is not a file");
}

TEST_F(Store, AnotherProgramsDatabase) {
  Database(path, Database::Mode::kCreate).exec("CREATE TABLE t (x)");
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is another program's SQLite file");
}

TEST_F(Store, AnotherVersion) {
  write();
  for (const char* version : {"0", "4"}) {
    sql(std::string("PRAGMA user_version = ") + version);
    EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "has format version ", version, "expected 1 to 3");
  }
}

// tests/profile/golden/profile_v1.sql is the dump of a profile as the first version wrote it.
struct Format1 : Store {
  void SetUp() override {
    const std::filesystem::path dump =
        std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/profile/golden/profile_v1.sql";
    Database(path, Database::Mode::kCreate).exec(read_text(dump).c_str());
  }
};

TEST_F(Format1, IsReadAsTimedOnceWithoutEnergy) {
  const Table table = load();
  EXPECT_EQ(table.n_inputs(), 4U);
  EXPECT_EQ(table.ids[3], "t10k-images-idx3-ubyte.gz#3");
  EXPECT_EQ(table.labels, (std::vector<Label>{9, 2, 1, 1}));
  EXPECT_EQ(table.ranks, (std::vector<std::int32_t>{2, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_FLOAT_EQ(table.infer_ms[0], 0.009766F);
  EXPECT_TRUE(table.picture_hashes.empty());
  EXPECT_EQ(table.timing.mode, TimingMode::kCheap);
  EXPECT_EQ(table.energy.note, "not measured: profiled by a version that recorded time alone");
  for (const double joules : mean_energy(table)) EXPECT_TRUE(std::isnan(joules));
}

TEST_F(Format1, BecomesThisFormatWhenItIsGoneOnWith) {
  const std::vector<InputRecord> before = read_records(path);
  const ProfileHeader found = ProfileReader(path).header();
  { const ProfileWriter writer(path, found); }
  EXPECT_EQ(Database(path, Database::Mode::kRead).integer("PRAGMA user_version"), 3);
  const std::vector<InputRecord> after = read_records(path);
  testing::expect_same_content(before, after);
  EXPECT_EQ(before[2].infer_ms, after[2].infer_ms);
  EXPECT_EQ(after[2].infer_spread[1].runs, 1);
  EXPECT_EQ(after[2].pixel_hash, std::nullopt);
}

// tests/profile/golden/profile_v2.sql is the dump of a profile as the last version of format 2 wrote it.
struct Format2 : Store {
  void SetUp() override {
    const std::filesystem::path dump =
        std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/profile/golden/profile_v2.sql";
    Database(path, Database::Mode::kCreate).exec(read_text(dump).c_str());
  }
};

TEST_F(Format2, HasNoGroupsAndBecomesThisFormatWhenItIsGoneOnWith) {
  const Table table = load();
  EXPECT_EQ(table.n_inputs(), 4U);
  EXPECT_EQ(table.labels, (std::vector<Label>{9, 2, 1, 1}));
  EXPECT_EQ(table.picture_hashes.size(), 4U);
  EXPECT_TRUE(table.groups.empty());
  const std::vector<InputRecord> before = read_records(path);
  ProfileHeader found = ProfileReader(path).header();
  EXPECT_EQ(found.parts.at(0).perturbations, "");
  { const ProfileWriter writer(path, found); }
  EXPECT_EQ(Database(path, Database::Mode::kRead).integer("PRAGMA user_version"), 3);
  testing::expect_same_content(before, read_records(path));
  EXPECT_TRUE(load().groups.empty());
  found.parts[0].perturbations = "jpeg:30";
  EXPECT_TRIAGE_ERROR(ProfileWriter(path, found), ErrorCode::kProfile, "holds another profile",
                      "perturbations none, expected jpeg:30");
}

TEST_F(Store, GroupsComeBack) {
  header.parts[0].perturbations = "jpeg:30,left:1";
  {
    ProfileWriter writer(path, header);
    const std::int32_t machine = writer.machine("a machine");
    for (std::int64_t i = 0; i < 50; ++i) {
      InputRecord record = made_up_record(header, i);
      record.machine = machine;
      if (i % 2 == 0) record.group = "pair" + std::to_string(i / 2);
      writer.add(record);
    }
    writer.finish();
  }
  EXPECT_EQ(ProfileReader(path).header().parts.at(0).perturbations, "jpeg:30,left:1");
  const Table table = load();
  ASSERT_EQ(table.groups.size(), table.n_inputs());
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    const int number = std::stoi(table.ids[i].substr(2));
    EXPECT_EQ(table.groups[i], number % 2 == 0 ? "pair" + std::to_string(number / 2) : "");
    EXPECT_EQ(table.group_of(i), number % 2 == 0 ? table.groups[i] : table.ids[i]);
  }
}

TEST_F(Store, EnergyComesBack) {
  write();
  ProfileEnergy energy;
  energy.note = "measured: package-0";
  energy.idle_w = 3.5;
  energy.node.resize(header.nodes.size());
  energy.node[0] = {0.001, 400, 0.5};
  energy.preprocess = {{0.002, 300, 0.51}, {0.004, 200, 0.52}};
  energy.infer = {{0.1, 30, 0.6}, {0.2, 20, 0.7}, {0.4, 10, 0.8}};
  {
    ProfileWriter writer(path, header);
    EXPECT_EQ(writer.energy(0).note, "");
    ProfileEnergy before;
    before.note = "not measured: no meter yet";
    writer.set_energy(0, before);
    EXPECT_EQ(writer.energy(0).note, before.note);
    EXPECT_FALSE(writer.energy(0).measured());
    writer.set_energy(0, energy);
    writer.finish();
  }
  const ProfileEnergy back = ProfileReader(path).energy(0);
  EXPECT_TRUE(back.measured());
  EXPECT_EQ(back.infer[2].runs, 10);
  EXPECT_EQ(back.infer[2].seconds, 0.8);
  const Table table = load();
  EXPECT_EQ(table.energy.note, "measured: package-0");
  EXPECT_EQ(table.energy.idle_w, 3.5);
  EXPECT_EQ(table.energy.node_j[0], 0.001);
  EXPECT_TRUE(std::isnan(table.energy.node_j[1]));
  const std::vector<double> expected = {0.102, 0.204, 0.402};  // recipes 0, 1, 0
  for (std::size_t m = 0; m < 3; ++m) EXPECT_NEAR(mean_energy(table)[m], expected[m], 1e-12);
  for (const auto& [change, message] : std::vector<std::pair<const char*, const char*>>{
           {"UPDATE energy SET kind = 'other' WHERE kind = 'infer' AND item = 0", "energy of kind 'other'"},
           {"UPDATE energy SET item = 3 WHERE kind = 'infer' AND item = 1",
            "column 'item' is 3, expected 0 to 2"},
           {"UPDATE energy SET mean_j = -1.0 WHERE kind = 'infer' AND item = 2", "column 'mean_j' is -1"}}) {
    SCOPED_TRACE(change);
    sql("DELETE FROM energy WHERE kind = 'other' OR item > 2 OR mean_j < 0");
    sql(change);
    EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, message);
  }
}

TEST_F(Store, NoProfilesGiven) { EXPECT_TRIAGE_ERROR(load_table({}), ErrorCode::kUsage, "none given"); }

// Every length of a truncated file is an error or, where only free space is missing, a good table.
TEST_F(Store, TruncatedFiles) {
  write();
  const std::vector<std::uint8_t> whole = read_file(path);
  std::size_t rejected = 0;
  for (std::size_t size = 0; size < whole.size(); size += 1024) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(whole.data()), static_cast<std::streamsize>(size));
    try {
      (void)load();
    } catch (const Error& error) {
      EXPECT_EQ(error_info(error.code()).name, "profile") << error.what();
      ++rejected;
    }
  }
  EXPECT_EQ(rejected, (whole.size() + 1023) / 1024);
}

// Any bytes may be wrong: an error or a table that holds what check_table promises, never a crash.
TEST_F(Store, RandomDamage) {
  write();
  const std::vector<std::uint8_t> whole = read_file(path);
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<std::uint8_t> bytes = whole;
    for (int i = 0; i < 20; ++i) {
      bytes[static_cast<std::size_t>(random.below(bytes.size()))] = static_cast<std::uint8_t>(random.next());
    }
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    try {
      check_table(load(true));
    } catch (const Error& error) {
      EXPECT_EQ(error_info(error.code()).name, "profile") << error.what();
    }
  }
}

struct Damage {
  const char* sql;
  const char* message;
};

TEST_F(Store, ValuesThatCannotBe) {
  const std::vector<Damage> cases = {
      {"DELETE FROM meta WHERE key = 'zoo'", "meta 'zoo' is missing"},
      {"UPDATE meta SET value = '0' WHERE key = 'n_classes'", "meta 'n_classes' is '0'"},
      {"UPDATE meta SET value = '-5' WHERE key = 'n_classes'", "meta 'n_classes' is '-5'"},
      {"UPDATE meta SET value = '99999999999999999999' WHERE key = 'max_pixels'", "meta 'max_pixels'"},
      {"UPDATE meta SET value = 'sometimes' WHERE key = 'timing_mode'", "meta 'timing_mode' is 'sometimes'"},
      {"UPDATE meta SET value = '0' WHERE key = 'timing_min_runs'", "meta 'timing_min_runs' is '0'"},
      {"UPDATE meta SET value = 'no' WHERE key = 'contents'",
       "meta 'contents' is 'no', expected all or times"},
      {"UPDATE input_cost SET runs = 0 WHERE input = 1", "column 'runs' is 0"},
      {"UPDATE input_cost SET capped = 7 WHERE input = 1", "column 'capped' is 7, expected 0 to 6"},
      {"UPDATE infer_cost SET n = 0 WHERE input = 1 AND execution = 1", "column 'n' is 0"},
      {"UPDATE infer_cost SET m2 = -1.0 WHERE input = 1 AND execution = 1", "column 'm2' is -1"},
      {"UPDATE preprocess_cost SET n = 0 WHERE input = 1 AND recipe = 0", "column 'n' is 0"},
      {"DROP TABLE output", "no such table: output"},
      {"DELETE FROM model", "it has no models"},
      {"DELETE FROM model WHERE model = 0", "column 'model' is 1, expected 0 to 0"},
      {"UPDATE model SET recipe = 2 WHERE model = 0", "column 'recipe' is 2, expected 0 to 1"},
      {"DELETE FROM label WHERE label = 19", "it has 19 label names, expected 20"},
      {"UPDATE part SET shard_index = 1", "column 'shard_index' is 1, expected 0 to 0"},
      {"UPDATE part SET shard_count = 0", "column 'shard_count' is 0"},
      {"UPDATE part SET n_inputs = 20", "its part of 50 inputs states 20, expected 50"},
      {"UPDATE part SET n_data = 8589934592", "its part of 8589934592 inputs states 50, expected 8589934592"},
      {"UPDATE part SET n_data = 100, shard_count = 3", "column 'n_inputs' is 50, expected 0 to 34"},
      {"INSERT INTO part VALUES (1, 'x', 0, 0, 1, 0, 0, ''); UPDATE part SET n_inputs = 20 WHERE part = 0",
       "it has 50 inputs, expected at most 20"},
      {"UPDATE input SET label = 20 WHERE input = 0", "column 'label' is 20, expected -1 to 19"},
      {"UPDATE input SET label = -1 WHERE input = 0", "rank and label do not fit together"},
      {"UPDATE input SET status = 'fine' WHERE input = 0", "status 'fine', expected ok or failed"},
      {"UPDATE input SET status = 'failed' WHERE input = 0", "column 'message' has a value that is no text"},
      {"UPDATE input SET status = 'failed', message = '' WHERE input = 0", "failed without a message"},
      {"UPDATE input SET width = -1 WHERE input = 0", "column 'width' is -1"},
      {"UPDATE input SET id = 'in1.png' WHERE input = 0", "ids has 'in1.png' twice"},
      {"UPDATE input SET id = '' WHERE input = 0", "ids has an empty name"},
      {"DELETE FROM input_features WHERE input = 1", "its features are missing"},
      {"UPDATE input_features SET vals = x'00000000' WHERE input = 1",
       "its features are not 2 finite numbers"},
      {"UPDATE input_features SET vals = x'0000c07f0000c07f' WHERE input = 1", "not 2 finite numbers"},
      {"DELETE FROM output WHERE input = 1 AND model = 2", "the output of 'large' is missing"},
      {"UPDATE output SET rank = 21 WHERE input = 1 AND model = 0", "column 'rank' is 21, expected 0 to 20"},
      {"UPDATE output SET rank = 0 WHERE input = 1 AND model = 0", "rank and label do not fit together"},
      {"UPDATE output SET top = x'00' WHERE input = 1 AND model = 1",
       "the output of 'medium' is no list of classes"},
      // The same class twice, at probabilities 0.5 and 0.25.
      {"UPDATE output SET top = CAST(substr(top, 1, 2) || x'0000003F' || substr(top, 1, 2) || x'0000803E' || "
       "substr(top, 13) AS BLOB) WHERE input = 1 AND model = 1",
       "the output of 'medium' is no list"},
      {"UPDATE output SET residual = -1 WHERE input = 1 AND model = 1", "the output of 'medium' is no list"},
      {"DELETE FROM input_cost WHERE input = 1", "its cost is missing"},
      {"UPDATE input_cost SET decode_ms = -1 WHERE input = 1", "column 'decode_ms' is -1"},
      {"UPDATE input_cost SET machine = 1 WHERE input = 1", "column 'machine' is 1, expected 0 to 0"},
      {"UPDATE input_cost SET node_ms = x'' WHERE input = 1", "its feature costs are not"},
      {"DELETE FROM preprocess_cost WHERE input = 1 AND recipe = 1", "a preprocessing cost is missing"},
      {"UPDATE preprocess_cost SET mean_ms = 9e999 WHERE input = 1", "column 'mean_ms' is inf"},
      {"DELETE FROM infer_cost WHERE input = 1 AND execution = 0", "the cost of 'small' is missing"},
      {"INSERT INTO infer_cost VALUES (60, 0, 1, 1.0, 0.0)", "table 'infer_cost' has rows of no input"},
      {"INSERT INTO output VALUES (60, 0, 1, 0.0, x'')", "table 'output' has rows of no input"},
      {"UPDATE feature_node SET name = 'other' WHERE node = 0", "was made with feature nodes other"},
      {"UPDATE input SET status = 'failed', message = 'x'", "table 'input_features' has rows of no input"},
  };
  write();
  const std::vector<std::uint8_t> whole = read_file(path);
  for (const Damage& damage : cases) {
    SCOPED_TRACE(damage.sql);
    write_file_atomic(path, whole);
    sql(damage.sql);
    EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, damage.message, path.string());
  }
}

// Views and triggers are code of whoever made the file; a view may have rows without end.
TEST_F(Store, NothingThatTheFileDefinesRuns) {
  write();
  sql("ALTER TABLE input RENAME TO other; CREATE VIEW input AS SELECT * FROM other");
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is damaged", "view");
  sql("DROP VIEW input; CREATE VIEW input AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n) "
      "SELECT i AS input, 'x' AS id, 0 AS label, 'ok' AS status, NULL AS message, 1 AS width, 1 AS height, 1 "
      "AS "
      "channels, NULL AS pixel_hash FROM n");
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "is damaged");
}

TEST_F(Store, ProfilesThatDoNotFitTogether) {
  write();
  const std::filesystem::path other = folder.path() / "b.profile";
  ProfileHeader changed = made_up_header(10, {}, "0ther");
  changed.models[2].fingerprint = "4444";
  write_made_up(other, changed, "other");
  const std::vector<std::filesystem::path> both = {path, other};
  EXPECT_TRIAGE_ERROR(load_table(both), ErrorCode::kProfile, "b.profile: does not fit",
                      "model 'large': fingerprint 4444");
}

TEST_F(Store, SeveralProfilesGiveOneTable) {
  write();
  const std::filesystem::path other = folder.path() / "b.profile";
  write_made_up(other, made_up_header(3, {}, "0ther"), "other");
  const std::vector<std::filesystem::path> both = {path, other};
  const Table table = load_table(both);
  EXPECT_EQ(table.n_inputs(), 46U);
  EXPECT_EQ(table.ids[43], "other0.png");
  EXPECT_EQ(table.machine, "a machine");
}

TEST_F(Store, AnInputOfTwoProfilesIsAnErrorThatNamesBoth) {
  write();
  const std::filesystem::path other = folder.path() / "b.profile";
  std::filesystem::copy_file(path, other);
  const std::vector<std::filesystem::path> both = {path, other};
  EXPECT_TRIAGE_ERROR((void)load_table(both), ErrorCode::kProfile, other.string() + ": has input '",
                      "of " + path.string() + " too", "triage merge");
}

// A file-size limit stands for a full disk: both fail the write.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &saved_), 0);
    struct rlimit tight = saved_;
    tight.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  }
  ~FileLimit() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &saved_), 0);
    std::signal(SIGXFSZ, ignored_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  struct rlimit saved_ {};
  void (*ignored_)(int);
};

TEST_F(Store, AFullDiskIsAnErrorAndKeepsWhatIsThere) {
  header = made_up_header(5000);
  write(100);
  {
    const FileLimit limit(400'000);
    EXPECT_TRIAGE_ERROR(write(), ErrorCode::kIo, "run the same command again");
  }
  EXPECT_EQ(load(true).n_inputs() + load(true).n_failed, 100U);
  write();
  EXPECT_EQ(load().n_inputs() + load().n_failed, 5000U);
}

TEST_F(Store, ADiskThatIsFullAtOnceLeavesNothingBehind) {
  {
    const FileLimit limit(10'000);
    EXPECT_TRIAGE_ERROR(write(), ErrorCode::kIo, "file-size limits");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace triage
