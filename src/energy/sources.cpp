// Finds the kernel's energy meters, and decides which of them to add up.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "energy/sysfs.h"
#include "triage/tools/energy.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

// Entries of a folder of the kernel, sorted by name; empty when there is no such folder.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    paths.push_back(it->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_package(const EnergySource& source) { return source.name.starts_with("package"); }
bool is_mapped(const EnergySource& source) {
  return source.files.front().parent_path().filename().string().starts_with("intel-rapl-mmio");
}

// Every zone with a counter. AMD's counters appear under Intel's name too.
std::vector<EnergySource> rapl_zones(const fs::path& powercap) {
  std::vector<EnergySource> zones;
  for (const fs::path& zone : entries(powercap)) {
    if (!zone.filename().string().starts_with("intel-rapl")) continue;
    const fs::path counter = zone / "energy_uj";
    const SysfsNumber value = read_sysfs_number(counter);
    if (value.error == ENOENT || value.error == ENOTDIR) continue;
    EnergySource source;
    source.name = read_sysfs_line(zone / "name");
    source.files = {counter};
    source.readable = value.ok();
    const SysfsNumber range = read_sysfs_number(zone / "max_energy_range_uj");
    if (range.ok()) source.range_j = static_cast<double>(range.value) * 1e-6;
    zones.push_back(std::move(source));
  }
  return zones;
}

void choose_zones(std::vector<EnergySource>& zones) {
  const bool packages = std::any_of(zones.begin(), zones.end(), is_package);
  const bool psys = !packages && std::any_of(zones.begin(), zones.end(),
                                             [](const EnergySource& zone) { return zone.name == "psys"; });
  for (EnergySource& zone : zones) {
    const bool again =
        is_mapped(zone) && std::any_of(zones.begin(), zones.end(), [&](const EnergySource& other) {
          return other.name == zone.name && !is_mapped(other);
        });
    if (again) {
      zone.note = "another way to the same counter";
    } else if (zone.name == "psys") {
      zone.counted = psys;
      zone.note = psys ? "" : "contains the packages";
    } else if (zone.name == "dram") {
      zone.counted = packages;
      zone.note = packages ? "" : "inside psys";
    } else if (zone.name == "core" || zone.name == "uncore") {
      zone.note = "inside its package";
    } else {
      zone.counted = is_package(zone);
      zone.note = zone.counted ? "" : "not known what it contains";
    }
  }
}

// Chips on a graphics card, whatever else they are called.
bool is_graphics(std::string_view chip) {
  constexpr std::array<std::string_view, 5> kCards{"amdgpu", "radeon", "nouveau", "i915", "xe"};
  return std::find(kCards.begin(), kCards.end(), chip) != kCards.end();
}

EnergySource sensor(const fs::path& device, std::string_view chip, int channel, std::vector<fs::path> files) {
  EnergySource source;
  source.kind = EnergySource::Kind::kPower;
  for (const char* kind : {"power", "in"}) {
    if (source.name.empty()) source.name = read_sysfs_line(device / fmt::format("{}{}_label", kind, channel));
  }
  if (source.name.empty()) source.name = fmt::format("{} channel {}", chip, channel);
  source.readable = std::all_of(files.begin(), files.end(),
                                [](const fs::path& file) { return read_sysfs_number(file).ok(); });
  source.files = std::move(files);
  const SysfsNumber interval = read_sysfs_number(device / "update_interval");
  if (interval.ok()) source.interval_ms = static_cast<double>(interval.value);
  return source;
}

// Power as the chip states it; else voltage x current of an INA chip's channels. Channels from 4 on of an
// INA3221 are shunt voltages and sums of the first three.
void add_sensors(const fs::path& device, std::vector<EnergySource>& sensors) {
  constexpr int kMaxPowers = 16;
  constexpr int kMaxPairs = 3;
  const std::string chip = read_sysfs_line(device / "name");
  const std::size_t before = sensors.size();
  std::error_code ignored;
  for (int channel = 1; channel <= kMaxPowers; ++channel) {
    const fs::path power = device / fmt::format("power{}_input", channel);
    if (fs::exists(power, ignored)) sensors.push_back(sensor(device, chip, channel, {power}));
  }
  const bool states_power = sensors.size() > before;
  for (int channel = 1; channel <= kMaxPairs && !states_power && chip.starts_with("ina"); ++channel) {
    const fs::path voltage = device / fmt::format("in{}_input", channel);
    const fs::path current = device / fmt::format("curr{}_input", channel);
    if (!fs::exists(voltage, ignored) || !fs::exists(current, ignored)) continue;
    sensors.push_back(sensor(device, chip, channel, {voltage, current}));
  }
  for (std::size_t i = before; i < sensors.size(); ++i) {
    sensors[i].counted = !is_graphics(chip);
    if (is_graphics(chip)) sensors[i].note = "a graphics card's";
  }
}

bool is_whole_input(const EnergySource& source) {
  constexpr std::array<std::string_view, 4> kWhole{"VDD_IN", "5V_IN", "VIN", "TOTAL"};
  return std::any_of(kWhole.begin(), kWhole.end(),
                     [&](std::string_view end) { return source.name.ends_with(end); });
}

std::vector<EnergySource> board_sensors(const fs::path& hwmon) {
  std::vector<EnergySource> sensors;
  for (const fs::path& device : entries(hwmon)) add_sensors(device, sensors);
  const auto whole = std::find_if(sensors.begin(), sensors.end(), is_whole_input);
  if (whole == sensors.end()) return sensors;
  const std::string name = whole->name;
  const fs::path file = whole->files.front();
  for (EnergySource& source : sensors) {
    if (!source.counted || source.files.front() == file) continue;
    source.counted = false;
    source.note = "inside " + name;
  }
  return sensors;
}

// Empty when all that is to be added up can be read.
std::string reason_against(const std::vector<EnergySource>& sources, const fs::path& powercap,
                           const fs::path& hwmon) {
  std::error_code ignored;
  for (const EnergySource& source : sources) {
    if (!source.counted || source.readable) continue;
    for (const fs::path& file : source.files) {
      const int error = read_sysfs_number(file).error;
      if (error == EACCES || error == EPERM) {
        return fmt::format("not measured: unreadable by this user: {}; run as root, or 'sudo chmod a+r' it",
                           file.string());
      }
      if (error != 0)
        return fmt::format("not measured: {} gives no value ({})", file.string(), std::strerror(error));
    }
  }
  const auto is_counted = [](const EnergySource& source) { return source.counted; };
  if (std::any_of(sources.begin(), sources.end(), is_counted)) return {};
  const auto lack = [&](const fs::path& folder, std::string_view what) {
    return fs::exists(folder, ignored) ? fmt::format("no {} in {}", what, folder.string())
                                       : "no " + folder.string();
  };
  return fmt::format("not measured: {} and {} (usual in virtual machines)", lack(powercap, "energy counter"),
                     lack(hwmon, "board's power sensor"));
}

}  // namespace

EnergySources find_energy_sources(const fs::path& sysfs) {
  const fs::path powercap = sysfs / "class" / "powercap";
  const fs::path hwmon = sysfs / "class" / "hwmon";
  EnergySources sources;
  sources.all = rapl_zones(powercap);
  choose_zones(sources.all);
  const bool rapl = std::any_of(sources.all.begin(), sources.all.end(),
                                [](const EnergySource& source) { return source.counted; });
  for (EnergySource& found : board_sensors(hwmon)) {
    if (rapl && found.counted) {
      found.counted = false;
      found.note = "the counters measure it";
    }
    sources.all.push_back(std::move(found));
  }
  sources.reason = reason_against(sources.all, powercap, hwmon);
  return sources;
}

}  // namespace triage
