#include "energy/meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "energy/sysfs.h"

namespace triage {
namespace {

constexpr double kMicro = 1e-6;  // of both microjoules and millivolts x milliamperes

// Joules of a counter, watts of a sensor; NaN with `problem` filled when a file cannot be read.
double read_source(const EnergySource& source, std::string& problem) {
  double product = kMicro;
  for (const std::filesystem::path& file : source.files) {
    const SysfsNumber number = read_sysfs_number(file);
    if (!number.ok()) {
      problem = fmt::format("not measured: {} could not be read while measuring ({})", file.string(),
                            std::strerror(number.error));
      return kNotMeasured;
    }
    product *= static_cast<double>(number.value);
  }
  return product;
}

}  // namespace

EnergyIntegral::EnergyIntegral(std::vector<EnergySource> sources, const Clock& clock)
    : sources_(std::move(sources)), clock_(&clock), last_(sources_.size()) {
  needs_sampling_ = std::any_of(sources_.begin(), sources_.end(), [](const EnergySource& source) {
    return source.kind == EnergySource::Kind::kPower;
  });
}

void EnergyIntegral::begin() {
  reading_ = {};
  reading_.joules = 0;
  reading_.samples = 1;
  for (std::size_t i = 0; i < sources_.size(); ++i) last_[i] = read_source(sources_[i], reading_.problem);
  // After the files have been read, so that the time of reading them is not measured.
  start_ns_ = last_ns_ = clock_->now_ns();
}

void EnergyIntegral::sample() {
  const std::int64_t now = clock_->now_ns();
  const double seconds = static_cast<double>(now - last_ns_) * 1e-9;
  last_ns_ = now;
  ++reading_.samples;
  for (std::size_t i = 0; i < sources_.size() && reading_.problem.empty(); ++i) {
    add(sources_[i], read_source(sources_[i], reading_.problem), last_[i], seconds);
  }
}

void EnergyIntegral::add(const EnergySource& source, double value, double& last, double seconds) {
  if (source.kind == EnergySource::Kind::kPower) {
    reading_.joules += (last + value) / 2 * seconds;
  } else if (value >= last) {
    reading_.joules += value - last;
  } else if (std::isfinite(source.range_j) && source.range_j >= last) {
    reading_.joules += source.range_j - last + value;  // it wrapped around
  } else if (reading_.problem.empty()) {
    reading_.problem =
        fmt::format("not measured: {} went back from {} to {} J, and does not state where it wraps around",
                    source.files.front().string(), last, value);
  }
  last = value;
}

EnergyReading EnergyIntegral::end() {
  sample();
  reading_.seconds = static_cast<double>(last_ns_ - start_ns_) * 1e-9;
  if (needs_sampling_ && reading_.seconds > 0) {
    reading_.achieved_hz = static_cast<double>(reading_.samples - 1) / reading_.seconds;
  }
  if (!reading_.problem.empty()) reading_.joules = kNotMeasured;
  return reading_;
}

SysfsMeter::SysfsMeter(std::vector<EnergySource> sources, const MeterOptions& options)
    : integral_(std::move(sources), options.clock != nullptr ? *options.clock : steady_clock()),
      sample_hz_(options.sample_hz) {}

SysfsMeter::~SysfsMeter() { stop_thread(); }

std::string SysfsMeter::description() const {
  std::string text;
  for (const EnergySource& source : integral_.sources()) {
    text += fmt::format("{}{}", text.empty() ? "" : " + ", source.name);
    if (std::isfinite(source.interval_ms)) text += fmt::format(" (updated every {} ms)", source.interval_ms);
  }
  return text;
}

void SysfsMeter::begin() {
  stop_thread();
  integral_.begin();
  if (!integral_.needs_sampling()) return;
  stop_ = false;
  thread_ = std::thread([this] { run_thread(); });
}

EnergyReading SysfsMeter::end() {
  stop_thread();
  return integral_.end();
}

void SysfsMeter::stop_thread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SysfsMeter::run_thread() {
  using Time = std::chrono::steady_clock;
  const auto period =
      std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(1 / sample_hz_));
  std::unique_lock lock(mutex_);
  for (Time::time_point next = Time::now() + period;
       !wake_.wait_until(lock, next, [this] { return stop_; });) {
    integral_.sample();
    next = std::max(next + period, Time::now());  // a sensor slower than that is read back to back
  }
}

std::unique_ptr<EnergyMeter> make_energy_meter(const EnergySources& sources, const MeterOptions& options) {
  std::vector<EnergySource> counted;
  if (!sources.reason.empty()) return nullptr;
  std::copy_if(sources.all.begin(), sources.all.end(), std::back_inserter(counted),
               [](const EnergySource& source) { return source.counted; });
  if (counted.empty()) return nullptr;
  return std::make_unique<SysfsMeter>(std::move(counted), options);
}

}  // namespace triage
