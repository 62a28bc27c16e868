// Whether the values of a stream still come as they did in its beginning, whatever their distribution: a
// conformal test martingale (Vovk, Nouretdinov, Gammerman, Testing exchangeability on-line, ICML 2003).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "triage/tools/monitor.h"

namespace triage {

struct DriftOptions {
  std::size_t reference = 2000;  // first values that are not bet on
  std::size_t levels = 4096;     // of a value, see add()
  // Probability, over all time, of an alarm while values are exchangeable (as independent ones of one
  // distribution are).
  double false_alarm = 0.01;
  std::uint64_t seed = 0;  // of the random numbers that ties need
};

// A value is a level, 0 <= level < levels: any function of the input that was fixed before it came. Each is
// ranked among all before it, ties at random, which gives p-values that are independent and uniform while
// values are exchangeable. Against that the bettors of Monitor bet, each with a quarter of the money: that
// ranks get higher or lower (2p - 1 has mean 0), or more or less extreme (2 |2p - 1| - 1 has, too). The
// reference only makes ranks fine enough to bet on; what comes later is compared with all that came before,
// so a change is found while it is new, and a slow one may be missed. Constant memory, logarithmic time. Not
// safe concurrently.
class DriftTest {
 public:
  // Throws kUsage for options out of range.
  explicit DriftTest(const DriftOptions& options);

  void add(std::size_t level);  // beyond the last one: the last

  [[nodiscard]] bool is_alarm() const { return alarm_at_.has_value(); }            // stays so
  [[nodiscard]] std::optional<std::size_t> alarm_at() const { return alarm_at_; }  // values until then
  // Multiple of the money that the bettors began with; 1 / false_alarm is enough.
  [[nodiscard]] double evidence() const;
  [[nodiscard]] std::size_t values() const { return n_; }
  [[nodiscard]] const DriftOptions& options() const { return options_; }

 private:
  [[nodiscard]] std::size_t count_below(std::size_t level) const;

  DriftOptions options_;
  Monitor place_, spread_;
  std::vector<std::uint32_t> tree_;    // Fenwick's, of the levels
  std::vector<std::uint32_t> counts_;  // (levels)
  std::size_t n_ = 0;
  std::optional<std::size_t> alarm_at_;
};

// Level of a share, 0 to 1; NaN and below: 0.
[[nodiscard]] std::size_t level_of_share(double share, std::size_t levels);
// Level of any number, in the order of numbers, NaN first: 32 levels for each power of two.
inline constexpr std::size_t kNumberLevels = std::size_t{1} << 14;
[[nodiscard]] std::size_t level_of_number(float value);

}  // namespace triage
