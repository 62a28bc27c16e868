// The meter behind make_energy_meter: counters read at both ends, power integrated over samples.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "triage/tools/energy.h"

namespace triage {

// Adds up sources from sample to sample. Power between two samples is taken as the mean of both (trapezoid).
// All of it is deterministic under a fake clock; the thread below only calls sample().
class EnergyIntegral {
 public:
  EnergyIntegral(std::vector<EnergySource> sources, const Clock& clock);
  void begin();
  void sample();
  // Takes the last sample.
  [[nodiscard]] EnergyReading end();
  [[nodiscard]] bool needs_sampling() const { return needs_sampling_; }
  [[nodiscard]] const std::vector<EnergySource>& sources() const { return sources_; }

 private:
  void add(const EnergySource& source, double value, double& last, double seconds);

  std::vector<EnergySource> sources_;
  const Clock* clock_;
  bool needs_sampling_ = false;
  std::vector<double> last_;  // joules of a counter, watts of a sensor
  std::int64_t start_ns_ = 0;
  std::int64_t last_ns_ = 0;
  EnergyReading reading_;
};

class SysfsMeter final : public EnergyMeter {
 public:
  SysfsMeter(std::vector<EnergySource> sources, const MeterOptions& options);
  ~SysfsMeter() override;
  [[nodiscard]] std::string description() const override;
  void begin() override;
  [[nodiscard]] EnergyReading end() override;

 private:
  void stop_thread();
  void run_thread();

  EnergyIntegral integral_;  // guarded by mutex_ while the thread runs
  double sample_hz_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace triage
