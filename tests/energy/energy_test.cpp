// Meters on a made-up /sys with known joules.
#include "triage/tools/energy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <thread>

#include "energy/meter.h"
#include "support/fake_sysfs.h"

namespace triage {
namespace {

using testing::FakeSysfs;

const EnergySource& source(const EnergySources& sources, std::string_view name) {
  for (const EnergySource& s : sources.all) {
    if (s.name == name) return s;
  }
  ADD_FAILURE() << "no source " << name;
  return sources.all.front();
}

std::vector<std::string> counted(const EnergySources& sources) {
  std::vector<std::string> names;
  for (const EnergySource& s : sources.all) {
    if (s.counted) names.push_back(s.name);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(EnergySources, NothingThere) {
  const FakeSysfs sysfs;
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_TRUE(sources.all.empty());
  EXPECT_EQ(sources.reason, "not measured: no " + (sysfs.root() / "class/powercap").string() + " and no " +
                                (sysfs.root() / "class/hwmon").string() + " (usual in virtual machines)");
  EXPECT_EQ(make_energy_meter(sources), nullptr);
}

TEST(EnergySources, FoldersWithoutMeters) {
  const FakeSysfs sysfs;
  std::filesystem::create_directories(sysfs.root() / "class/powercap/intel-rapl");
  sysfs.hwmon("hwmon0", "name", "coretemp");
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_NE(sources.reason.find("no energy counter in "), std::string::npos) << sources.reason;
  EXPECT_NE(sources.reason.find("no board's power sensor in "), std::string::npos) << sources.reason;
}

TEST(EnergySources, PackagesAndTheirMemoryCountOnce) {
  const FakeSysfs sysfs;
  for (const char* package : {"0", "1"}) {
    const std::string at = std::string("intel-rapl:") + package;
    sysfs.zone(at, std::string("package-") + package);
    sysfs.zone(at + ":0", "core");
    sysfs.zone(at + ":1", "uncore");
    sysfs.zone(at + ":2", "dram");
  }
  sysfs.zone("intel-rapl:2", "psys");
  sysfs.zone("intel-rapl:3", "mystery");
  sysfs.zone("intel-rapl-mmio:0", "package-0");
  sysfs.zone("dtpm:0", "package-9");  // another kind of power capping
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(counted(sources), (Names{"package-0", "dram", "package-1", "dram"}));
  EXPECT_EQ(source(sources, "psys").note, "contains the packages");
  EXPECT_EQ(source(sources, "core").note, "inside its package");
  EXPECT_EQ(source(sources, "mystery").note, "not known what it contains");
  EXPECT_EQ(sources.all.size(), 11U);
  EXPECT_EQ(sources.reason, "");
  EXPECT_EQ(make_energy_meter(sources)->description(), "package-0 + dram + package-1 + dram");
}

TEST(EnergySources, APackageInMappedMemoryAloneCounts) {
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl-mmio:0", "package-0");
  EXPECT_EQ(counted(find_energy_sources(sysfs.root())), Names{"package-0"});
}

TEST(EnergySources, PsysCountsWhereThereIsNoPackage) {
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "psys");
  sysfs.zone("intel-rapl:0:0", "dram");
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(counted(sources), Names{"psys"});
  EXPECT_EQ(source(sources, "dram").note, "inside psys");
}

// Tests may run as root, whom permissions do not stop, so a folder stands where the counter should be.
TEST(EnergySources, AnUnreadableCounterMakesTheWholeNotMeasured) {
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "package-0");
  sysfs.zone("intel-rapl:1", "package-1");
  const auto counter = sysfs.root() / "class/powercap/intel-rapl:1/energy_uj";
  std::filesystem::remove(counter);
  std::filesystem::create_directory(counter);
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(sources.reason, "not measured: " + counter.string() + " gives no value (Is a directory)");
  EXPECT_FALSE(source(sources, "package-1").readable);
  EXPECT_EQ(make_energy_meter(sources), nullptr);
}

TEST(EnergySources, ACounterForRootAloneIsSaidToBe) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "package-0");
  const auto counter = sysfs.root() / "class/powercap/intel-rapl:0/energy_uj";
  std::filesystem::permissions(counter, std::filesystem::perms::none);
  EXPECT_EQ(
      find_energy_sources(sysfs.root()).reason,
      "not measured: unreadable by this user: " + counter.string() + "; run as root, or 'sudo chmod a+r' it");
}

TEST(EnergySources, ACounterThatHoldsNoNumber) {
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "package-0");
  sysfs.hwmon("../powercap/intel-rapl:0", "energy_uj", "12 J");
  EXPECT_NE(find_energy_sources(sysfs.root()).reason.find("gives no value (Invalid argument)"),
            std::string::npos);
}

TEST(EnergySources, TheWholeInputOfABoardStandsForItsRails) {
  const FakeSysfs sysfs;
  sysfs.ina3221("hwmon0", {"VDD_SYS_GPU", "VDD_SYS_SOC", "VDD_4V0_WIFI"});
  sysfs.ina3221("hwmon1", {"VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR"});
  sysfs.hwmon("hwmon1", "in7_input", "1");  // sums and shunts beyond the third are no channels
  sysfs.hwmon("hwmon1", "curr7_input", "1");
  sysfs.hwmon("hwmon1", "update_interval", "35");
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(sources.all.size(), 6U);
  EXPECT_EQ(counted(sources), Names{"VDD_IN"});
  EXPECT_EQ(source(sources, "VDD_SYS_GPU").note, "inside VDD_IN");
  EXPECT_EQ(source(sources, "VDD_IN").interval_ms, 35);
  EXPECT_EQ(make_energy_meter(sources)->description(), "VDD_IN (updated every 35 ms)");
}

TEST(EnergySources, RailsAddUpWhereNothingMeasuresTheWhole) {
  const FakeSysfs sysfs;
  sysfs.ina3221("hwmon0", {"GPU", "CPU", "SOC"});
  sysfs.hwmon("hwmon1", "name", "ina226");  // states its power itself
  sysfs.hwmon("hwmon1", "power1_input", "2000000");
  sysfs.hwmon("hwmon1", "in1_input", "5000");
  sysfs.hwmon("hwmon1", "curr1_input", "400");
  sysfs.hwmon("hwmon2", "name", "amdgpu");
  sysfs.hwmon("hwmon2", "power1_input", "9000000");
  sysfs.hwmon("hwmon3", "name", "BAT0");  // a battery's flow is none of ours
  sysfs.hwmon("hwmon3", "in1_input", "12000");
  sysfs.hwmon("hwmon3", "curr1_input", "1000");
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(counted(sources), (Names{"GPU", "CPU", "SOC", "ina226 channel 1"}));
  EXPECT_EQ(source(sources, "amdgpu channel 1").note, "a graphics card's");
}

TEST(EnergySources, CountersStandBeforeSensors) {
  const FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "package-0");
  sysfs.ina3221("hwmon0", {"VDD_IN"});
  const EnergySources sources = find_energy_sources(sysfs.root());
  EXPECT_EQ(counted(sources), Names{"package-0"});
  EXPECT_EQ(source(sources, "VDD_IN").note, "the counters measure it");
}

struct Metering : ::testing::Test {
  FakeSysfs sysfs;
  FakeClock clock;
  [[nodiscard]] std::unique_ptr<EnergyMeter> meter() {
    return make_energy_meter(find_energy_sources(sysfs.root()), {.clock = unowned(clock)});
  }
  [[nodiscard]] EnergyIntegral integral() const {
    std::vector<EnergySource> all = find_energy_sources(sysfs.root()).all;
    std::erase_if(all, [](const EnergySource& s) { return !s.counted; });
    return {all, clock};
  }
};

TEST_F(Metering, CountersAddUp) {
  sysfs.zone("intel-rapl:0", "package-0", 5'000'000);
  sysfs.zone("intel-rapl:0:0", "dram", 100);
  const auto m = meter();
  m->begin();
  clock.pass_ns(2'000'000'000);
  sysfs.set_counter("intel-rapl:0", 35'000'000);
  sysfs.set_counter("intel-rapl:0:0", 4'000'100);
  const EnergyReading reading = m->end();
  EXPECT_NEAR(reading.joules, 34, 1e-9);
  EXPECT_EQ(reading.seconds, 2);
  EXPECT_EQ(reading.samples, 2U);
  EXPECT_TRUE(std::isnan(reading.achieved_hz));
  EXPECT_EQ(reading.problem, "");
  m->begin();  // it begins anew
  EXPECT_EQ(m->end().joules, 0);
}

TEST_F(Metering, ACounterThatRunsRound) {
  sysfs.zone("intel-rapl:0", "package-0", 9'000'000, 10'000'000);
  const auto m = meter();
  m->begin();
  sysfs.set_counter("intel-rapl:0", 2'500'000);
  EXPECT_NEAR(m->end().joules, 3.5, 1e-9);
}

TEST_F(Metering, ACounterThatGoesBackWithoutSayingWhereItRunsRound) {
  sysfs.zone("intel-rapl:0", "package-0", 9'000'000, 0);
  const auto m = meter();
  m->begin();
  sysfs.set_counter("intel-rapl:0", 2'500'000);
  const EnergyReading reading = m->end();
  EXPECT_TRUE(std::isnan(reading.joules));
  EXPECT_NE(reading.problem.find("went back from 9 to 2.5 J"), std::string::npos) << reading.problem;
}

TEST_F(Metering, AFileThatVanishesMakesTheReadingNotMeasured) {
  sysfs.zone("intel-rapl:0", "package-0");
  sysfs.zone("intel-rapl:1", "package-1");
  const auto m = meter();
  m->begin();
  const auto counter = sysfs.root() / "class/powercap/intel-rapl:1/energy_uj";
  std::filesystem::remove(counter);
  EnergyReading reading = m->end();
  EXPECT_TRUE(std::isnan(reading.joules));
  EXPECT_EQ(reading.problem, "not measured: " + counter.string() +
                                 " could not be read while measuring (No such file or directory)");
  m->begin();  // still away
  EXPECT_TRUE(std::isnan(m->end().joules));
  sysfs.set_counter("intel-rapl:1", 7);  // back again
  m->begin();
  EXPECT_EQ(m->end().joules, 0);
}

// 5 V x 1 A for 1 s, then up to 5 V x 3 A within 1 s, then that for 2 s: 5 + 10 + 30 J.
TEST_F(Metering, PowerIsIntegratedOverSamples) {
  sysfs.ina3221("hwmon0", {"VDD_IN"});
  sysfs.hwmon("hwmon0", "curr1_input", "1000");
  EnergyIntegral sensor = integral();
  EXPECT_TRUE(sensor.needs_sampling());
  sensor.begin();
  clock.pass_ns(1'000'000'000);
  sensor.sample();
  sysfs.hwmon("hwmon0", "curr1_input", "3000");
  clock.pass_ns(1'000'000'000);
  sensor.sample();
  clock.pass_ns(2'000'000'000);
  const EnergyReading reading = sensor.end();
  EXPECT_NEAR(reading.joules, 45, 1e-9);
  EXPECT_EQ(reading.seconds, 4);
  EXPECT_EQ(reading.samples, 4U);
  EXPECT_EQ(reading.achieved_hz, 0.75);
}

TEST_F(Metering, ASensorThatVanishes) {
  sysfs.ina3221("hwmon0", {"VDD_IN"});
  EnergyIntegral sensor = integral();
  sensor.begin();
  std::filesystem::remove(sysfs.root() / "class/hwmon/hwmon0/curr1_input");
  sensor.sample();
  const EnergyReading reading = sensor.end();
  EXPECT_TRUE(std::isnan(reading.joules));
  EXPECT_NE(reading.problem.find("curr1_input could not be read"), std::string::npos) << reading.problem;
}

// However long the real clock lets it run: watts x seconds.
TEST_F(Metering, AThreadSamplesSensors) {
  sysfs.ina3221("hwmon0", {"VDD_IN"});
  sysfs.hwmon("hwmon0", "curr1_input", "2000");
  const auto m = make_energy_meter(find_energy_sources(sysfs.root()));
  for (int round = 0; round < 2; ++round) {
    m->begin();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const EnergyReading reading = m->end();
    EXPECT_GE(reading.seconds, 0.03);
    EXPECT_NEAR(reading.joules / reading.seconds, 10, 0.1);
    EXPECT_GT(reading.samples, 2U);
    EXPECT_NEAR(reading.achieved_hz, static_cast<double>(reading.samples - 1) / reading.seconds, 1e-6);
  }
  m->begin();  // a meter that is dropped while it measures stops its thread
}

// 3 W idle; each run takes 2 ms and 40 mJ beyond that.
struct Blocks : Metering {
  double uj = 1'000'000;
  void draw(double watts, double seconds) {
    uj = std::fmod(uj + watts * seconds * 1e6, 4'000'000);  // runs round every 4 J
    sysfs.set_counter("intel-rapl:0", static_cast<std::uint64_t>(uj));
    clock.pass_ns(std::llround(seconds * 1e9));
  }
  void SetUp() override { sysfs.zone("intel-rapl:0", "package-0", 1'000'000, 4'000'000); }
};

TEST_F(Blocks, IdleIsDeducted) {
  const auto m = meter();
  const IdlePower idle = measure_idle(*m, 1.0, [&](double seconds) { draw(3, seconds); });
  EXPECT_NEAR(idle.watts, 3, 0.001);
  // 50 runs of 46 mJ are 2.3 J: within one round of the counter, and across its end.
  const BlockEnergy block = measure_block(*m, idle.watts, clock, {.seconds = 0.1}, [&] { draw(23, 0.002); });
  EXPECT_EQ(block.runs, 50U);
  EXPECT_NEAR(block.mean_ms, 2, 1e-9);
  EXPECT_NEAR(block.mean_j, 0.040, 0.0004);
  EXPECT_NEAR(block.reading.joules, 2.3, 0.001);
}

TEST_F(Blocks, WorkBelowIdleIsZero) {
  const auto m = meter();
  const BlockEnergy block = measure_block(*m, 3.0, clock, {.seconds = 0.1}, [&] { draw(2.5, 0.01); });
  EXPECT_EQ(block.mean_j, 0);
}

TEST_F(Blocks, MaxRunsEndsABlock) {
  const auto m = meter();
  EXPECT_EQ(measure_block(*m, 0, clock, {.seconds = 1, .max_runs = 7}, [] {}).runs, 7U);
}

TEST_F(Blocks, WhatIsNotMeasuredStaysSo) {
  const auto m = meter();
  const BlockEnergy block = measure_block(*m, 3.0, clock, {.seconds = 0.01}, [&] {
    clock.pass_ns(10'000'000);
    std::filesystem::remove(sysfs.root() / "class/powercap/intel-rapl:0/energy_uj");
  });
  EXPECT_TRUE(std::isnan(block.mean_j));
  EXPECT_NE(block.reading.problem, "");
  EXPECT_TRUE(std::isnan(measure_idle(*m, 1, [](double) {}).watts));
}

}  // namespace
}  // namespace triage
