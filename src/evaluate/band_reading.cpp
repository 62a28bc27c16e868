#include "evaluate/band_reading.h"

#include <fmt/format.h>

#include <cmath>

#include "report/phrases.h"

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

std::string by_how_much(const BandReading& band) {
  constexpr double kSmallest = 0.00005;  // that is seen with two digits of a point
  return band.worst > -kSmallest ? "by less than 0.01 points"
                                 : fmt::format("by up to {} points", percent(-band.worst, 2));
}

std::string band_sentence(const Frontier& frontier) {
  const BandReading band = read_band(frontier);
  if (band.settings == 0) return {};
  std::string where =
      fmt::format("nowhere below zero, and wholly above it at {} of {} settings", band.above, band.settings);
  if (band.below > 0) {
    const std::string at = band.from_ms == band.to_ms ? milliseconds(band.from_ms)
                                                      : fmt::format("{} to {}", milliseconds(band.from_ms),
                                                                    milliseconds(band.to_ms));
    where = fmt::format("wholly below zero at {} of {} settings ({}, at {} ms), and wholly above it at {}",
                        band.below, band.settings, by_how_much(band), at, band.above);
  }
  return fmt::format("The simultaneous 95 % band of {} against the zero router at equal time lies {}.",
                     frontier.name, where);
}

}  // namespace triage
