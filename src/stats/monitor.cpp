#include "triage/tools/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/number_text.h"
#include "triage/error.h"
#include "triage/types.h"

namespace triage {
namespace {

constexpr double kLargest = 1;    // loss
constexpr double kSpared = 0.25;  // share of the money that is not at stake in the beginning
constexpr std::size_t kFractions = BettorState::kFractions;

template <class Found>
[[noreturn]] void refuse(std::string_view what, const Found& found, std::string_view expected) {
  throw Error(ErrorCode::kUsage,
              fmt::format("monitor: {} {}, expected {}", what, number_text(found), expected));
}

void check_options(const MonitorOptions& options) {
  if (options.least != -1 && options.least != 0) {
    refuse("least", options.least, "-1 where losses are paired, 0 where they are not");
  }
  if (!(options.limit > options.least && options.limit < kLargest)) {
    refuse("limit", options.limit, "a mean loss between the smallest and the largest, such as 0.01");
  }
  if (!(options.delta >= 1e-9 && options.delta < 1)) {
    refuse("delta", options.delta, "a probability from 1e-9 to below 1, such as 0.05");
  }
}

void check_loss(const MonitorOptions& options, double loss) {
  if (loss >= options.least && loss <= kLargest) return;  // NaN is neither
  refuse("loss", loss, options.least == 0 ? "0 to 1" : "-1 to 1");
}

double beginning_share(std::size_t i) {
  return i == 0 ? kSpared : (1 - kSpared) / static_cast<double>(kFractions);
}

BettorState new_bettor() {
  BettorState bettor;
  for (std::size_t i = 0; i < bettor.shares.size(); ++i) bettor.shares[i] = beginning_share(i);
  return bettor;
}

void check_bettor(const BettorState& bettor) {
  const double sum = std::accumulate(bettor.shares.begin(), bettor.shares.end(), 0.0);
  const bool has_shares =
      std::all_of(bettor.shares.begin(), bettor.shares.end(), [](double share) { return share >= 0; });
  if (!std::isfinite(bettor.log_wealth)) refuse("log_wealth", bettor.log_wealth, "a finite number");
  if (!has_shares || !(std::abs(sum - 1) < 1e-6)) refuse("sum of shares", sum, "shares that add up to 1");
}

void check_state(const MonitorState& state) {
  check_bettor(state.broken);
  check_bettor(state.kept);
  const auto n = static_cast<double>(state.inputs);
  if (!(std::abs(state.sum) <= n)) refuse("sum", state.sum, "at most 1 an input");
  for (const auto& at : {state.broken_at, state.kept_at}) {
    if (at && (*at < 1 || *at > state.inputs)) refuse("time of a claim", *at, "one of the inputs");
  }
}

// A bet on the side where `won` is above 0; `room` is the most that an input can lose at that stake. The
// largest fraction puts half of the money at stake, so that no wealth is ever lost altogether.
void bet(BettorState& bettor, double won, double room, std::size_t n) {
  double sum = bettor.shares[0], fraction = 1 / room;
  for (std::size_t i = 1; i < bettor.shares.size(); ++i) {
    fraction /= 2;
    bettor.shares[i] *= 1 + fraction * won;
    sum += bettor.shares[i];
  }
  bettor.log_wealth += std::log(sum);
  // What is dealt out anew falls as 1 / n: all of it together costs a factor of about sqrt(n) at most, while
  // a fraction that has lost everything is back within the time that it takes to be needed.
  const double dealt = 1 / static_cast<double>(n + 1);
  for (std::size_t i = 0; i < bettor.shares.size(); ++i) {
    bettor.shares[i] = (1 - dealt) * bettor.shares[i] / sum + dealt * beginning_share(i);
  }
}

}  // namespace

Monitor::Monitor(const MonitorOptions& options) : options_(options) {
  check_options(options);
  state_.broken = state_.kept = new_bettor();
}

Monitor::Monitor(const MonitorOptions& options, const MonitorState& state)
    : options_(options), state_(state) {
  check_options(options);
  check_state(state);
}

void Monitor::add(double loss) {
  check_loss(options_, loss);
  ++state_.inputs;
  state_.sum += loss;
  bet(state_.broken, loss - options_.limit, options_.limit - options_.least, state_.inputs);
  bet(state_.kept, options_.limit - loss, kLargest - options_.limit, state_.inputs);
  const double enough = -std::log(options_.delta);
  if (!state_.broken_at && state_.broken.log_wealth >= enough) state_.broken_at = state_.inputs;
  if (!state_.kept_at && state_.kept.log_wealth >= enough) state_.kept_at = state_.inputs;
}

double Monitor::broken_wealth() const { return std::exp(state_.broken.log_wealth); }

double Monitor::kept_wealth() const { return std::exp(state_.kept.log_wealth); }

double Monitor::mean() const {
  return state_.inputs == 0 ? kNotMeasured : state_.sum / static_cast<double>(state_.inputs);
}

SettingsMonitor::SettingsMonitor(const MonitorOptions& options, std::size_t settings)
    : monitors_(settings, Monitor(options)) {
  if (settings == 0) refuse("settings", settings, "at least one");
}

void SettingsMonitor::add(std::span<const double> losses) {
  if (losses.size() != monitors_.size()) {
    refuse("losses", losses.size(), fmt::format("{}, one for each setting", monitors_.size()));
  }
  for (const double loss : losses) check_loss(monitors_.front().options(), loss);
  for (std::size_t s = 0; s < losses.size(); ++s) monitors_[s].add(losses[s]);
}

std::size_t SettingsMonitor::certified() const {
  const auto open = std::find_if(monitors_.begin(), monitors_.end(),
                                 [](const Monitor& monitor) { return !monitor.is_kept(); });
  return static_cast<std::size_t>(open - monitors_.begin());
}

}  // namespace triage
