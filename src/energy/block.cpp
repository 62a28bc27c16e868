// Work in blocks that are long enough for a meter.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "triage/tools/energy.h"

namespace triage {

IdlePower measure_idle(EnergyMeter& meter, double seconds, const std::function<void(double)>& wait) {
  IdlePower idle;
  meter.begin();
  if (wait) {
    wait(seconds);
  } else {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  idle.reading = meter.end();
  if (idle.reading.seconds > 0) idle.watts = idle.reading.joules / idle.reading.seconds;
  return idle;
}

BlockEnergy measure_block(EnergyMeter& meter, double idle_watts, const Clock& clock,
                          const BlockOptions& options, const std::function<void()>& work) {
  BlockEnergy block;
  const double least_ms = options.seconds * 1000;
  meter.begin();
  const Stopwatch watch(clock);
  do {
    work();
    ++block.runs;
  } while (watch.ms() < least_ms && block.runs < options.max_runs);
  block.mean_ms = watch.ms() / static_cast<double>(block.runs);
  block.reading = meter.end();
  const double above_idle = block.reading.joules - idle_watts * block.reading.seconds;
  // Not std::max alone, which would turn NaN into 0.
  block.mean_j =
      std::isnan(above_idle) ? kNotMeasured : std::max(0.0, above_idle) / static_cast<double>(block.runs);
  return block;
}

}  // namespace triage
