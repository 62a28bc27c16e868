// A folder that looks like /sys, with energy counters and power sensors whose joules the test knows.
#pragma once

#include <cstdint>
#include <string>

#include "support/temp_folder.h"

namespace triage::testing {

class FakeSysfs {
 public:
  [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }

  // A RAPL zone such as "intel-rapl:0"; a range of 0 leaves max_energy_range_uj out.
  void zone(const std::string& zone, const std::string& name, std::uint64_t uj = 0,
            std::uint64_t range_uj = 262'143'328'850) const {
    const std::string at = "class/powercap/" + zone + "/";
    folder_.write(at + "name", name + "\n");
    if (range_uj > 0) folder_.write(at + "max_energy_range_uj", std::to_string(range_uj) + "\n");
    set_counter(zone, uj);
  }
  void set_counter(const std::string& zone, std::uint64_t uj) const {
    folder_.write("class/powercap/" + zone + "/energy_uj", std::to_string(uj) + "\n");
  }
  // Any file of a sensor chip, such as ("hwmon0", "curr1_input", "1500").
  void hwmon(const std::string& device, const std::string& file, const std::string& value) const {
    folder_.write("class/hwmon/" + device + "/" + file, value + "\n");
  }
  // A Jetson's INA3221: three channels with labels, at 5 V and no current.
  void ina3221(const std::string& device, const std::vector<std::string>& labels) const {
    hwmon(device, "name", "ina3221");
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::string channel = std::to_string(i + 1);
      hwmon(device, "in" + channel + "_label", labels[i]);
      hwmon(device, "in" + channel + "_input", "5000");
      hwmon(device, "curr" + channel + "_input", "0");
    }
  }

 private:
  TempFolder folder_;
};

}  // namespace triage::testing
