// Joules, from the kernel's meters: which there are, what a stretch of work used, idle power deducted.
// Nothing is ever estimated: what was not measured is NaN, with the reason in words beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/types.h"

namespace triage {

// What a meter saw between begin() and end().
struct EnergyReading {
  double joules = kNotMeasured;
  double seconds = 0;
  std::size_t samples = 0;            // readings taken, the first and the last included
  double achieved_hz = kNotMeasured;  // of a power sensor's sampling; NaN for counters, which need none
  std::string problem;                // why joules is NaN; empty when it is not
};

// Measures one stretch of time after another. Not thread-safe.
class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  // What is added up, in one line, such as "package-0 + dram".
  [[nodiscard]] virtual std::string description() const = 0;
  virtual void begin() = 0;
  [[nodiscard]] virtual EnergyReading end() = 0;
};

// A counter or sensor of this machine.
struct EnergySource {
  enum class Kind {
    kCounter,  // RAPL: microjoules, wrapping around at `range_j`
    kPower     // hwmon: watts, to be sampled
  };
  Kind kind = Kind::kCounter;
  std::string name;                          // "package-0", "VDD_IN"
  std::vector<std::filesystem::path> files;  // one; or millivolts and milliamperes, to be multiplied
  double range_j = kNotMeasured;             // a counter's largest value; NaN where it is not stated
  double interval_ms = kNotMeasured;         // a sensor's own update interval; NaN where it is not stated
  bool readable = false;
  bool counted = false;  // whether it is added up
  std::string note;      // why it is not
};

struct EnergySources {
  std::vector<EnergySource> all;
  // "not measured: ..." when nothing can be, else empty.
  std::string reason;
};

// Looks below `sysfs`, which is /sys except in tests, and decides what to add up so that nothing counts
// twice:
// - RAPL: every package, and the memory (dram), which packages do not include, though the kernel lists it
//   below them. Cores and uncore are inside their package. psys contains packages and memory, so it counts
//   only where there is no package. Packages that the memory-mapped interface shows again count once.
// - Without RAPL: board sensors of hwmon, such as the INA3221 of Jetson boards. Where one measures the whole
//   input (VDD_IN and the like), that one alone. Sensors of graphics cards are listed, never counted.
// Where any that should be added cannot be read, the whole is not measured.
[[nodiscard]] EnergySources find_energy_sources(const std::filesystem::path& sysfs = "/sys");

struct MeterOptions {
  std::shared_ptr<const Clock> clock = nullptr;  // none: steady_clock()
  double sample_hz = 1000;                       // how often power sensors are asked, by a thread
};
// Adds up the counted sources; null when there are none. A counter may wrap around once between begin() and
// end(), which takes minutes. A file that vanishes or cannot be read any more makes that reading NaN, with
// its problem.
[[nodiscard]] std::unique_ptr<EnergyMeter> make_energy_meter(const EnergySources& sources,
                                                             const MeterOptions& options = {});

struct IdlePower {
  double watts = kNotMeasured;
  EnergyReading reading;
};
// What the machine draws while Triage runs nothing. `wait` lets that many seconds pass without working;
// empty: sleeps.
[[nodiscard]] IdlePower measure_idle(EnergyMeter& meter, double seconds,
                                     const std::function<void(double)>& wait = {});

struct BlockOptions {
  double seconds = 0.5;  // at least; RAPL counters move about once a millisecond, so this is good to 0.5 %
  std::uint64_t max_runs = 100'000'000;  // ends a block sooner
};
struct BlockEnergy {
  double mean_j = kNotMeasured;  // a run, idle deducted; 0 where the work drew no more than idling does
  double mean_ms = kNotMeasured;
  std::uint64_t runs = 0;
  EnergyReading reading;  // of the whole block, idle included
};
// Runs `work` over and over for a block that is long enough for the meter.
[[nodiscard]] BlockEnergy measure_block(EnergyMeter& meter, double idle_watts, const Clock& clock,
                                        const BlockOptions& options, const std::function<void()>& work);

}  // namespace triage
