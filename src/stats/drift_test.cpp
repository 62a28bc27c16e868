#include "stats/drift_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

MonitorOptions uniform_options(const DriftOptions& options) {
  return {.limit = 0, .delta = options.false_alarm, .least = -1};
}

const DriftOptions& checked(const DriftOptions& options) {
  const auto refuse = [](std::string_view what, std::string_view expected) {
    throw Error(ErrorCode::kUsage, fmt::format("drift test: {} out of range, expected {}", what, expected));
  };
  if (options.levels < 2 || options.levels > (std::size_t{1} << 20)) refuse("levels", "2 to 1048576");
  if (options.reference < 1) refuse("reference", "1 or more");
  return options;  // the Monitor checks the rest
}

}  // namespace

DriftTest::DriftTest(const DriftOptions& options)
    : options_(checked(options)),
      place_(uniform_options(options)),
      spread_(uniform_options(options)),
      tree_(options.levels + 1),
      counts_(options.levels) {}

std::size_t DriftTest::count_below(std::size_t level) const {
  std::size_t sum = 0;
  for (std::size_t i = level; i > 0; i &= i - 1) sum += tree_[i];
  return sum;
}

void DriftTest::add(std::size_t level) {
  level = std::min(level, options_.levels - 1);
  if (n_ >= options_.reference) {
    const double tie = static_cast<double>(mix64(options_.seed ^ mix64(n_)) >> 11) * 0x1.0p-53;
    const double p = (static_cast<double>(count_below(level)) + tie * (counts_[level] + 1.0)) /
                     static_cast<double>(n_ + 1);
    place_.add(2 * p - 1);
    spread_.add(2 * std::abs(2 * p - 1) - 1);
  }
  for (std::size_t i = level + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
  ++counts_[level];
  ++n_;
  if (!alarm_at_ && evidence() * options_.false_alarm >= 1) alarm_at_ = n_;
}

double DriftTest::evidence() const {
  return (place_.broken_wealth() + place_.kept_wealth() + spread_.broken_wealth() + spread_.kept_wealth()) /
         4;
}

std::size_t level_of_share(double share, std::size_t levels) {
  if (!(share > 0)) return 0;
  return std::min(levels - 1, static_cast<std::size_t>(share * static_cast<double>(levels)));
}

std::size_t level_of_number(float value) {
  if (std::isnan(value)) return 0;
  constexpr int kDropped = 32 - 14;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  // The order of floats is that of their bits, but for the sign.
  const std::uint32_t ordered = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  return std::max<std::size_t>(1, ordered >> kDropped);
}

}  // namespace triage
