#include "evaluate/band_reading.h"

#include <cmath>

namespace triage {

BandReading read_band(const Frontier& frontier) {
  BandReading reading;
  for (const FrontierPoint& point : frontier.points) {
    const Estimate& above = point.above_router;
    if (!std::isfinite(above.interval.low)) continue;
    ++reading.settings;
    if (above.interval.low > point.resolution) ++reading.above;
    if (above.interval.high >= -point.resolution) continue;
    ++reading.below;
    reading.from_ms = std::fmin(reading.from_ms, point.ms);
    reading.to_ms = std::fmax(reading.to_ms, point.ms);
    reading.worst = std::fmin(reading.worst, above.value);
  }
  return reading;
}

}  // namespace triage
