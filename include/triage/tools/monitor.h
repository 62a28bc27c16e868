// Watching a promise while labels come in: is the mean loss still within its limit? Each outcome is a bet
// against the promise; the wealth of whoever bets is the evidence, and may be looked at after any outcome.
//
// Testing by betting: Waudby-Smith, Ramdas, Estimating means of bounded random variables by betting, JRSS B
// 2023. While the promise holds the wealth is a non-negative supermartingale that starts at 1, so it ever
// reaches 1 / delta with probability of at most delta (Ville 1939). The stakes are a portfolio of fixed
// fractions and of money not at stake; a falling share of it is dealt out anew after each outcome, so that a
// break that comes late is found too (Herbster, Warmuth, Tracking the best expert, Machine Learning 1998).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace triage {

struct MonitorOptions {
  double limit = 0.01;  // that the mean loss was promised to keep, such as Certificate::max_loss
  double delta = 0.05;  // probability, over all time, of a false claim, for each of the two claims
  double least = -1;  // the smallest loss: -1 where losses are paired, 0 where they are not; the largest is 1
};

// One bettor: its wealth, as a logarithm, and the shares of it that are not at stake (the first) and at each
// fraction.
struct BettorState {
  static constexpr std::size_t kFractions = 8;
  double log_wealth = 0;
  std::array<double, 1 + kFractions> shares{};
};

// All that a monitor knows: plain numbers, to be kept in any form.
struct MonitorState {
  std::size_t inputs = 0;
  double sum = 0;      // of the losses
  BettorState broken;  // bets that the mean is above the limit
  BettorState kept;    // bets that it is below
  // Inputs after which each was shown; none: not shown yet.
  std::optional<std::size_t> broken_at, kept_at;
};

// Of one setting. The loss of an input is what the reference scored less what the policy scored (paired: -1,
// 0 or 1), or any loss from 0 to 1. Outcomes have to come from inputs whose labels do not depend on what was
// answered: a random sample of the traffic, or all of it. Adding takes constant time and memory, draws
// nothing at random and reads no clock. Not safe concurrently, except for const methods.
class Monitor {
 public:
  // Throws kUsage for options out of range.
  explicit Monitor(const MonitorOptions& options);
  // Goes on from a state. Throws kUsage for one that no monitor can be in.
  Monitor(const MonitorOptions& options, const MonitorState& state);

  // Throws kUsage for a loss outside of [least, 1], and leaves the monitor as it was.
  void add(double loss);

  // Shown, with error delta, that the mean loss is above the limit: the promise is broken. Stays so.
  [[nodiscard]] bool is_broken() const { return state_.broken_at.has_value(); }
  // Shown, with error delta, that it is below the limit: the promise may be made. Stays so.
  [[nodiscard]] bool is_kept() const { return state_.kept_at.has_value(); }
  // The evidence at this moment, as a multiple of the money that the bettor began with; 1 / delta is enough.
  [[nodiscard]] double broken_wealth() const;
  [[nodiscard]] double kept_wealth() const;
  [[nodiscard]] double mean() const;  // NaN before the first outcome
  [[nodiscard]] const MonitorOptions& options() const { return options_; }
  [[nodiscard]] const MonitorState& state() const { return state_; }

 private:
  MonitorOptions options_;
  MonitorState state_;
};

// Settings from the one that is promised to ever faster ones, each tried on the same inputs beside it. A
// setting is certified once it and all before it have been shown to keep the limit (a fixed sequence), so
// with probability of at least 1 - delta, at every moment, none that is certified breaks it.
class SettingsMonitor {
 public:
  // Throws kUsage for options out of range, and for no settings.
  SettingsMonitor(const MonitorOptions& options, std::size_t settings);
  // One loss for each setting, on one input. Throws kUsage, leaving all as it was, for another number of
  // losses or one out of range.
  void add(std::span<const double> losses);
  // How many settings are certified, from the first on.
  [[nodiscard]] std::size_t certified() const;
  [[nodiscard]] std::span<const Monitor> monitors() const { return monitors_; }

 private:
  std::vector<Monitor> monitors_;
};

}  // namespace triage
