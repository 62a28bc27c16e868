// Measuring with fake networks.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <stop_token>

#include "base/files.h"
#include "profile/profile_fixture.h"
#include "runtime/live.h"
#include "support/fake_sysfs.h"
#include "triage/tools/dataset.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"

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

// A mount that was missing, a file that has been repaired since.
TEST_F(Measuring, WhatFailedIsTriedAgain) {
  (void)measure(*pictures(12, {3, 7}));
  const auto repaired = pictures(12, {7});
  std::size_t last = 0;
  const ProfileSummary summary =
      measure_profile(zoo, engines, *repaired, options, out, [&](const ProfileProgress& progress) {
        EXPECT_GE(progress.done, last);
        last = progress.done;
      });
  EXPECT_EQ(summary.progress.resumed, 10U);
  EXPECT_EQ(summary.progress.retried, 2U);
  EXPECT_EQ(summary.progress.done, 12U);
  EXPECT_EQ(summary.progress.total, 12U);
  EXPECT_EQ(summary.progress.failed, 1U);
  EXPECT_EQ(last, 12U);
  ASSERT_EQ(failed_inputs(out).size(), 1U);
  EXPECT_EQ(failed_inputs(out)[0].id, "p7.pgm");
  EXPECT_EQ(load().n_inputs(), 11U);
  // As if it had never failed.
  const auto retried = read_records(out);
  std::filesystem::remove(out);
  (void)measure(*repaired);
  expect_same_content(retried, read_records(out));
  EXPECT_EQ(measure(*pictures(12, {})).progress.retried, 1U);
  EXPECT_EQ(measure(*pictures(12, {})).progress.retried, 0U);
}

TEST_F(Measuring, AFinishedProfileOfChangedWeightsNamesTheModel) {
  const auto data = idx(5);
  (void)measure(*data);
  EXPECT_EQ(measure(*data).progress.resumed, 5U);
  std::ofstream(folder.path() / "zoo" / "medium.fake", std::ios::app) << "\n";
  EXPECT_TRIAGE_ERROR(measure(*data), ErrorCode::kManifest, "model 'medium'", "restore the file",
                      "out.profile", "profile into another file");
  EXPECT_EQ(load().n_inputs(), 5U) << "it is left alone";
  std::filesystem::remove(folder.path() / "zoo" / "medium.fake");
  EXPECT_EQ(measure(*data).progress.resumed, 5U) << "weights that are gone";
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
  std::stop_source stop;
  options.stop = stop.get_token();
  const auto stop_at_15 = [&](const ProfileProgress& progress) {
    if (progress.done >= 15) stop.request_stop();
  };
  EXPECT_TRIAGE_ERROR(measure_profile(zoo, engines, *data, options, out, stop_at_15), ErrorCode::kInterrupted,
                      out.string(), "15 of 40 inputs done", "run the same command again");
  EXPECT_EQ(ProfileReader(out).n_done(), 15);
  stop = std::stop_source();
  options.stop = stop.get_token();
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

TEST_F(Measuring, SelectorsThatSayWhatTheyChooseStandApart) {
  for (const std::size_t i : {1U, 2U}) {
    zoo.models[i].role = Role::kSelector;
    zoo.models[i].chooses.assign(10, "small");
    zoo.models[i].chooses[3].clear();
  }
  zoo.models[2].fold = SelectorFold{"medium", 1, 4, 7, "abc"};
  (void)measure(*idx(5));
  const Table table = load();
  EXPECT_EQ(table.n_models(), 1U);
  EXPECT_EQ(table.find("medium"), kNoModel);
  ASSERT_EQ(table.selectors.size(), 2U);
  EXPECT_EQ(table.find_selector("medium"), 0);
  EXPECT_EQ(table.selectors[0].chooses, zoo.models[1].chooses);
  EXPECT_EQ(table.selectors[0].fingerprint, zoo.models[1].fingerprint());
  EXPECT_EQ(table.selectors[0].fold_of, "");
  EXPECT_EQ(table.selectors[1].fold_of, "medium");
  EXPECT_EQ(table.selectors[1].fold_index, 1);
  EXPECT_EQ(table.selectors[1].fold_count, 4);
  EXPECT_EQ(table.selectors[1].fold_seed, 7U);
  EXPECT_EQ(table.selectors[1].fold_inputs, "abc");
  EXPECT_EQ(table.selector_outputs.size(), 10U);
  EXPECT_EQ(table.selector_outputs[0].n_classes(), 10);
  EXPECT_GT(table.selector_cost_ms(0, 0), 0);
}

// Fake models let their time pass on a fake clock, on which all else takes none.
struct Timed : Measuring {
  FakeClock clock;
  EngineSet timed_engines{{.cache_dir = {}, .clock = unowned(clock)}};
  void SetUp() override {
    Measuring::SetUp();
    zoo = load_zoo(testing::write_fake_zoo(
        folder.path() / "timed",
        {{.name = "steady", .ms = 2},
         {.name = "shaky", .ms = 1, .side = 14, .jitter = 0.1},
         {.name = "wild", .ms = 4, .jitter = 0.9, .parallel = 0.5, .devices = {{"GPU", 0.25}}}}));
    options.clock = unowned(clock);
  }
  Table measure_timed(const Dataset& data) {
    summary = measure_profile(zoo, timed_engines, data, options, out);
    return load_table({&out, 1});
  }
  ProfileSummary summary;
};

TEST_F(Timed, ExhaustiveRepeatsUntilTheBoundAndCountsWhatIsCutOff) {
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 30};
  const Table table = measure_timed(*idx(4));
  EXPECT_EQ(table.timing.mode, TimingMode::kExhaustive);
  EXPECT_EQ(table.timing.cells, 4U * 6U);  // features, two recipes, three models
  EXPECT_EQ(table.timing.capped, 4U);      // "wild"
  EXPECT_EQ(summary.progress.capped, 4U);
  EXPECT_EQ(table.timing.bound, 0.05);
  EXPECT_EQ(table.timing.min_runs, 5);
  EXPECT_EQ(table.timing.max_runs, 30);
  for (const InputRecord& record : read_records(out)) {
    EXPECT_EQ(record.infer_spread[0].runs, 5);
    EXPECT_NEAR(record.infer_ms[0], 2, 1e-9);
    EXPECT_EQ(record.infer_spread[0].m2, 0);
    EXPECT_NEAR(record.infer_spread[1].runs, 19, 1);  // as in times_test.cpp; runs begin with either time
    EXPECT_NEAR(record.infer_ms[1], 1, 0.01);
    EXPECT_EQ(record.infer_spread[2].runs, 30);
    EXPECT_NEAR(record.infer_ms[2], 4, 1e-9);
    EXPECT_NEAR(record.infer_spread[2].m2, 30 * 3.6 * 3.6, 1e-6);
    EXPECT_EQ(record.preprocess_spread[0].runs, 5);
    EXPECT_EQ(record.preprocess_spread[1].runs, 5);
    EXPECT_EQ(record.feature_runs, 5);
    EXPECT_EQ(record.capped, 1);
  }
}

TEST_F(Timed, ExhaustiveRecordsTheSameAnswers) {
  const auto data = idx(20);
  (void)measure_timed(*data);
  const auto cheap = read_records(out);
  std::filesystem::remove(out);
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.5, .min_runs = 2, .max_runs = 3};
  (void)measure_timed(*data);
  expect_same_content(cheap, read_records(out));
}

TEST_F(Timed, OneNetworkRunInSeveralWaysIsSeveralCandidates) {
  testing::add_variant(zoo, "wild", "wild@CPUx2", "CPU", 2);
  testing::add_variant(zoo, "wild", "wild@GPU", "GPU", 1);
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 2, .max_runs = 2};
  const Table table = measure_timed(*idx(10));
  ASSERT_EQ(table.n_models(), 5U);
  EXPECT_EQ(table.models[3].fingerprint, table.models[2].fingerprint);
  EXPECT_EQ(table.models[3].threads, 2);
  EXPECT_EQ(table.models[4].device, "GPU");
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(table.ranks[table.at(i, 3)], table.ranks[table.at(i, 2)]);
    EXPECT_TRUE(testing::same_output(table.outputs[table.at(i, 4)], table.outputs[table.at(i, 2)]));
    EXPECT_NEAR(table.infer_ms[table.at(i, 2)], 4, 1e-6);
    EXPECT_NEAR(table.infer_ms[table.at(i, 3)], 3, 1e-6);  // half of it divided by two
    EXPECT_NEAR(table.infer_ms[table.at(i, 4)], 1, 1e-6);
  }
}

// A table says what `auto` was where it was profiled; elsewhere the same manifest is other networks.
TEST_F(Timed, AutoIsRecordedAsWhatItIsHere) {
  ModelSpec& wild = zoo.models[2];
  wild.device = "GPU";
  wild.precision = Precision::kAuto;
  const Table table = measure_timed(*idx(3));
  EXPECT_EQ(table.models[1].precision, Precision::kF32);
  EXPECT_EQ(table.models[2].precision, Precision::kF16);
  EXPECT_NEAR(table.infer_ms[table.at(0, 2)], 0.5 * 1.9, 1e-6) << "jitter of 0.9";
  wild.precision = Precision::kF16;
  EXPECT_EQ(table.models[2].fingerprint, wild.fingerprint());
  EXPECT_NO_THROW((void)measure_timed(*idx(3)));
  wild.device = "CPU";
  wild.precision = Precision::kAuto;
  EXPECT_TRIAGE_ERROR(measure_timed(*idx(3)), ErrorCode::kProfile,
                      "model 'wild': precision f16, expected f32");
  wild.precision = Precision::kF16;
  EXPECT_TRIAGE_ERROR(measure_timed(*idx(3)), ErrorCode::kEngine,
                      "precision is 'f16', which CPU of this machine");
}

// What others see of the process: its own time, and once a pause of 90 ms at a reading of the clock.
class PausedOnce final : public Clock {
 public:
  PausedOnce(const FakeClock& own, int at) : own_(&own), at_(at) {}
  [[nodiscard]] std::int64_t now_ns() const override {
    if (++readings_ == at_) gone_ += 90'000'000;
    return own_->now_ns() + gone_;
  }
  void pass_ns(std::int64_t) override {}
  [[nodiscard]] int readings() const { return readings_; }

 private:
  const FakeClock* own_;
  int at_;
  mutable int readings_ = 0;
  mutable std::int64_t gone_ = 0;
};

// Stopped and continued, wherever the pause falls once every network has run.
TEST_F(Timed, APauseIsNoNetworksTime) {
  zoo.models.resize(2);
  zoo.models[1] = zoo.models[0];
  zoo.models[1].name = "other recipe";
  zoo.models[1].input.crop.fraction = 0.5;
  const auto data = idx(3);
  options.cpu_clock = unowned(clock);
  std::size_t retries = 0;
  int readings = 100;
  for (int at = 30; at <= readings; ++at) {
    SCOPED_TRACE(at);
    PausedOnce paused(clock, at);
    options.clock = unowned(paused);
    std::filesystem::remove(out);
    const Table table = measure_timed(*data);
    for (const float ms : table.infer_ms) EXPECT_NEAR(ms, 2, 1e-6);
    for (const float ms : table.preprocess_ms) EXPECT_LT(ms, 1);
    for (const float ms : table.node_ms) EXPECT_LT(ms, 1);
    EXPECT_LE(summary.progress.retries, 1U);
    EXPECT_EQ(summary.progress.disturbed, 0U);
    for (const std::string& warning : summary.progress.warnings) {
      EXPECT_EQ(warning.find("stood still"), std::string::npos) << warning;
    }
    retries += summary.progress.retries;
    readings = paused.readings();
  }
  EXPECT_GT(retries, 10U);
}

TEST_F(Timed, ADeviceThatTheEngineLacksIsAnError) {
  zoo.models[0].device = "NPU";
  EXPECT_TRIAGE_ERROR(measure_timed(*idx(3)), ErrorCode::kEngine, "model 'steady': device is 'NPU'");
}

TEST_F(Timed, TimesOnlyKeepsNothingButTimes) {
  options.times_only = true;
  const auto data = idx(6);
  summary = measure_profile(zoo, timed_engines, *data, options, out);
  EXPECT_EQ(summary.progress.done, 6U);
  const auto records = read_records(out);
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records[2].id, data->id(2));
  EXPECT_EQ(records[2].label, kNoLabel);
  EXPECT_TRUE(records[2].outputs.empty());
  EXPECT_TRUE(records[2].features.empty());
  EXPECT_TRUE(records[2].pixel_hash.has_value());
  const Table times = load_times(out);
  EXPECT_EQ(times.n_inputs(), 6U);
  EXPECT_NEAR(times.cost_ms(2, 0), 2, 1e-6);
  EXPECT_EQ(times.ranks, std::vector<std::int32_t>(18, 0));
  EXPECT_TRIAGE_ERROR(load(), ErrorCode::kProfile, "holds times alone", "'triage merge' puts its times over");
}

TEST_F(Timed, TimesCanBeReadFromAWholeProfile) {
  const Table table = measure_timed(*idx(6));
  const Table times = load_times(out);
  EXPECT_EQ(times.infer_ms, table.infer_ms);
  EXPECT_EQ(times.ids, table.ids);
  EXPECT_EQ(times.schema.size(), 0U);
}

// 2 W idle; 12 W while the fake clock runs, which it does in models and in the idle wait alone.
class ClockMeter final : public EnergyMeter {
 public:
  explicit ClockMeter(FakeClock& clock) : clock_(&clock) {}
  [[nodiscard]] std::string description() const override { return "clock meter"; }
  void begin() override { start_ = clock_->now_ns(); }
  [[nodiscard]] EnergyReading end() override {
    EnergyReading reading;
    reading.seconds = static_cast<double>(clock_->now_ns() - start_) * 1e-9;
    reading.joules = watts * reading.seconds;
    if (--readings_left < 0) {
      reading.joules = kNotMeasured;
      reading.problem = "not measured: it went away";
    }
    return reading;
  }
  double watts = 12;
  int readings_left = 1000;

 private:
  FakeClock* clock_;
  std::int64_t start_ = 0;
};

struct Metered : Timed {
  ClockMeter meter{clock};
  void SetUp() override {
    Timed::SetUp();
    options.energy.meter = &meter;
    options.energy.block = {.seconds = 0.5, .max_runs = 500};
    options.energy.wait = [this](double seconds) { clock.pass_ns(std::llround(seconds * 1e9)); };
  }
};

TEST_F(Metered, EachModelsJoulesAreRecorded) {
  // Idle is read at 2 W; the models run at 12.
  meter.watts = 2;
  bool idle_done = false;
  const auto on_progress = [&](const ProfileProgress& progress) {
    if (!idle_done && !progress.loading.empty()) {
      meter.watts = 12;
      idle_done = true;
    }
  };
  measure_profile(zoo, timed_engines, *idx(5), options, out, on_progress);
  const Table table = load();
  EXPECT_EQ(table.energy.note, "measured: clock meter; idle 2 W deducted");
  EXPECT_NEAR(table.energy.idle_w, 2, 1e-9);
  // 10 W above idle for 2, 1 and 4 ms; making a tensor takes no time on this clock.
  const std::vector<double> expected = {0.020, 0.010, 0.040};
  for (std::size_t m = 0; m < 3; ++m) EXPECT_NEAR(mean_energy(table)[m], expected[m], 0.01 * expected[m]);
  EXPECT_EQ(table.energy.preprocess_j, (std::vector<double>{0, 0}));
  // "contrast" and "edge_length1" need these; no feature needs "hue".
  const auto nodes = feature_nodes();
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const bool needed = (nodes_of(table.schema, 3) >> node & 1U) != 0;
    EXPECT_EQ(std::isnan(table.energy.node_j[node]), !needed) << nodes[node];
  }
}

// The real meter on a counter of a made-up /sys, which runs round every 20 J and draws `watts` while the fake
// clock runs.
class SysfsMeter final : public EnergyMeter {
 public:
  explicit SysfsMeter(FakeClock& clock) : clock_(&clock) {
    sysfs_.zone("intel-rapl:0", "package-0", 0, 20'000'000);
    meter_ = make_energy_meter(find_energy_sources(sysfs_.root()), {.clock = unowned(clock)});
  }
  [[nodiscard]] std::string description() const override { return meter_->description(); }
  void begin() override {
    count();
    meter_->begin();
  }
  [[nodiscard]] EnergyReading end() override {
    count();
    return meter_->end();
  }
  double watts = 2;

 private:
  void count() {
    const std::int64_t now = clock_->now_ns();
    joules_ += watts * static_cast<double>(now - counted_) * 1e-9;
    counted_ = now;
    sysfs_.set_counter("intel-rapl:0", static_cast<std::uint64_t>(std::fmod(joules_, 20) * 1e6));
  }
  FakeClock* clock_;
  testing::FakeSysfs sysfs_;
  std::unique_ptr<EnergyMeter> meter_;
  double joules_ = 0;
  std::int64_t counted_ = 0;
};

// A selector's joules stand apart, as its times do, and replay charges them as selection.
TEST_F(Metered, SelectorsJoulesAreRecordedAndCharged) {
  SysfsMeter counter(clock);
  options.energy.meter = &counter;
  zoo.models[1].role = Role::kSelector;
  zoo.models[1].chooses.assign(10, zoo.models[2].name);
  const auto on_progress = [&](const ProfileProgress& progress) {
    if (!progress.loading.empty()) counter.watts = 12;
  };
  measure_profile(zoo, timed_engines, *idx(5), options, out, on_progress);
  Table table = load();
  ASSERT_EQ(table.energy.infer_j.size(), 2U);
  ASSERT_EQ(table.energy.selector_j.size(), 1U);
  EXPECT_NEAR(table.energy.infer_j[0], 0.020, 0.0002);  // 10 W above idle for 2, 1 and 4 ms
  EXPECT_NEAR(table.energy.selector_j[0], 0.010, 0.0001);
  EXPECT_NEAR(table.energy.infer_j[1], 0.040, 0.0004);

  PremodelOptions premodel;
  premodel.kind = "cnn";
  const std::vector<std::uint32_t> rows{0, 1, 2, 3, 4};
  const auto policy = train_premodel(table, rows, {}, premodel).policy;
  Replay replay = make_replay("cnn", rows.size());
  replay_policy(table, rows, *policy, clock, replay);
  for (const std::uint32_t row : rows) {
    EXPECT_NEAR(replay.selection_j[row], 0.010, 0.0001);
    EXPECT_NEAR(replay.j[row], 0.050, 0.0005);
  }
  // Of times alone there are no selectors.
  EXPECT_TRUE(load_times(out).energy.selector_j.empty());
}

TEST_F(Metered, AMeterThatFailsLeavesTheWholeUnmeasuredAndTheTimesGood) {
  meter.readings_left = 4;
  measure_profile(zoo, timed_engines, *idx(5), options, out);
  const Table table = load();
  EXPECT_EQ(table.energy.note, "not measured: it went away");
  EXPECT_TRUE(table.energy.infer_j.empty());
  EXPECT_EQ(table.n_inputs(), 5U);
}

TEST_F(Metered, IdlingThatTakesNoTimeIsNoMeasurement) {
  options.energy.wait = [](double) {};
  EXPECT_EQ(measure_timed(*idx(5)).energy.note, "not measured: no time passed while idle power was measured");
}

TEST_F(Metered, WithoutAMeterTheReasonIsRecorded) {
  options.energy = {};
  options.energy.reason = "not measured: nobody asked";
  EXPECT_EQ(measure_timed(*idx(5)).energy.note, "not measured: nobody asked");
}

TEST_F(Metered, IsMeasuredOnceAndAgainOnlyWhenThereWasNoMeterBefore) {
  const auto data = idx(10);
  std::stop_source stop;
  options.stop = stop.get_token();
  int items = 0;
  std::size_t stop_at = 3;
  const auto on_progress = [&](const ProfileProgress& progress) {
    items += progress.energy.empty() ? 0 : 1;
    if (progress.done >= stop_at) stop.request_stop();
  };
  const auto run = [&] {
    items = 0;
    EXPECT_TRIAGE_ERROR(measure_profile(zoo, timed_engines, *data, options, out, on_progress),
                        ErrorCode::kInterrupted, "interrupted");
    stop = std::stop_source();
    options.stop = stop.get_token();
    stop_at += 3;
    return items;
  };
  options.energy.meter = nullptr;
  EXPECT_EQ(run(), 0);
  options.energy.meter = &meter;
  EXPECT_GT(run(), 5);
  EXPECT_EQ(run(), 0);
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
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0, .min_runs = 5, .max_runs = 10};
  expect(ErrorCode::kUsage, "timing bound: 0");
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 1, .max_runs = 10};
  expect(ErrorCode::kUsage, "timing runs: 1 to 10");
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 5, .max_runs = 4};
  expect(ErrorCode::kUsage, "timing runs: 5 to 4");
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
