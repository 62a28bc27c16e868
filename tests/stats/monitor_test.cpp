// The monitor of a promise: false alarms, how soon it raises, what it refuses.
#include "triage/tools/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hash.h"
#include "support/expect_error.h"

namespace triage {
namespace {

constexpr int kRuns = 300;
// Three standard errors above a share of 0.1 of them.
constexpr int kMostAlarms = 30 + 16;

MonitorOptions options(double limit, double least = -1) {
  return {.limit = limit, .delta = 0.1, .least = least};
}

// Paired losses of this mean that differ from 0 with probability d.
double draw_paired(Random& random, double mean, double d) {
  const double u = random.uniform();
  return u < (d + mean) / 2 ? 1 : u < d ? -1 : 0;
}

// Inputs until it raises, at most `most`; 0: not.
std::size_t raised_after(std::uint64_t seed, const MonitorOptions& options, std::size_t before, double mean,
                         std::size_t most, double d = 0.1) {
  Random random(mix64(seed + 1));
  Monitor monitor(options);
  for (std::size_t i = 0; i < before; ++i) monitor.add(draw_paired(random, 0, d));
  if (monitor.is_broken()) return 0;
  for (std::size_t i = 1; i <= most; ++i) {
    monitor.add(draw_paired(random, mean, d));
    if (monitor.is_broken()) return i;
  }
  return 0;
}

TEST(Monitor, FalseAlarmsAreRareOverAllTime) {
  int paired = 0, claimed = 0, plain = 0;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    Random random(mix64(run + 1));
    Monitor at_limit(options(0.02)), loss(options(0.2, 0));
    for (int i = 0; i < 3000; ++i) {
      at_limit.add(draw_paired(random, 0.02, 0.1));
      // Uniform on two pieces, with a mean of just 0.2.
      loss.add(random.uniform() < 0.5 ? 0.1 * random.uniform() : 0.3 + 0.1 * random.uniform());
    }
    paired += at_limit.is_broken() ? 1 : 0;
    claimed += at_limit.is_kept() ? 1 : 0;
    plain += loss.is_broken() || loss.is_kept() ? 1 : 0;
  }
  EXPECT_LE(paired, kMostAlarms);
  EXPECT_LE(claimed, kMostAlarms);
  EXPECT_LE(plain, 2 * kMostAlarms) << "two claims";
}

TEST(Monitor, RaisesSoonerTheMoreIsLost) {
  const auto median = [](double mean, std::size_t before) {
    std::vector<std::size_t> times;
    for (std::uint64_t run = 0; run < 41; ++run) {
      times.push_back(raised_after(run, options(0.01), before, mean, 20000, 0.12));
    }
    std::sort(times.begin(), times.end());
    EXPECT_GT(times.front(), 0U) << "each raises";
    return times[20];
  };
  const std::size_t little = median(0.03, 0), much = median(0.1, 0);
  EXPECT_LT(much, little / 4);
  EXPECT_LT(much, 250U);
  // After a long time without loss it still takes the same order of inputs.
  EXPECT_LT(median(0.1, 5000), 4 * much);
}

TEST(Monitor, ByHand) {
  // The first outcome: each fraction of (1/2, 1/4, ...) of 1 / (limit - least) bets 0.75 / 8.
  Monitor monitor(options(0.25));
  monitor.add(1);
  double wealth = 0.25, lost = 0.25;
  for (int k = 1; k <= 8; ++k) {
    wealth += 0.75 / 8 * (1 + std::pow(0.5, k) / 1.25 * 0.75);
    lost += 0.75 / 8 * (1 - std::pow(0.5, k) / 0.75 * 0.75);
  }
  EXPECT_NEAR(monitor.broken_wealth(), wealth, 1e-12);
  EXPECT_NEAR(monitor.kept_wealth(), lost, 1e-12);
  EXPECT_EQ(monitor.mean(), 1);
  EXPECT_EQ(monitor.state().inputs, 1U);
}

// At a mean of just the limit the next outcome changes no wealth on average, whatever came before.
TEST(Monitor, IsAFairGameAtTheLimit) {
  Random random(9);
  const MonitorOptions o = options(0.05);
  Monitor monitor(o);
  for (int i = 0; i < 50; ++i) {
    const double p_worse = 0.2, p_better = 0.15;
    double broken = 0, kept = 0;
    for (const auto& [loss, p] : {std::pair{1.0, p_worse}, {-1.0, p_better}, {0.0, 1 - p_worse - p_better}}) {
      Monitor next(o, monitor.state());
      next.add(loss);
      broken += p * next.broken_wealth();
      kept += p * next.kept_wealth();
    }
    EXPECT_NEAR(broken, monitor.broken_wealth(), 1e-12);
    EXPECT_NEAR(kept, monitor.kept_wealth(), 1e-12);
    monitor.add(draw_paired(random, 0.05, 0.35));
  }
}

TEST(Monitor, StaysRaisedAndCountsOn) {
  Monitor monitor(options(0.01));
  EXPECT_TRUE(std::isnan(monitor.mean()));
  while (!monitor.is_broken()) monitor.add(1);
  const auto at = monitor.state().broken_at;
  for (int i = 0; i < 5000; ++i) monitor.add(-1);
  EXPECT_EQ(monitor.state().broken_at, at);
  EXPECT_TRUE(monitor.is_kept()) << "both may be shown, one after the other";
  for (int i = 0; i < 5000; ++i) monitor.add(1);
  EXPECT_TRUE(std::isfinite(monitor.state().broken.log_wealth));
}

TEST(Monitor, GoesOnFromItsState) {
  Random random(4);
  Monitor whole(options(0.02));
  std::optional<Monitor> parts(options(0.02));
  for (int i = 0; i < 500; ++i) {
    const double loss = draw_paired(random, 0.05, 0.2);
    whole.add(loss);
    parts->add(loss);
    if (i % 50 == 0) parts.emplace(options(0.02), MonitorState(parts->state()));
  }
  EXPECT_EQ(parts->broken_wealth(), whole.broken_wealth());
  EXPECT_EQ(parts->state().broken_at, whole.state().broken_at);
  EXPECT_EQ(parts->state().sum, whole.state().sum);
}

TEST(Monitor, RefusesWhatIsOutOfRange) {
  EXPECT_TRIAGE_ERROR(Monitor(options(1)), ErrorCode::kUsage, "monitor: limit 1, expected a mean loss");
  EXPECT_TRIAGE_ERROR(Monitor(options(-1)), ErrorCode::kUsage, "limit -1");
  EXPECT_TRIAGE_ERROR(Monitor(options(0, 0)), ErrorCode::kUsage, "limit 0");
  EXPECT_TRIAGE_ERROR(Monitor(options(std::nan(""))), ErrorCode::kUsage, "limit nan");
  EXPECT_TRIAGE_ERROR(Monitor(options(0.1, 0.05)), ErrorCode::kUsage, "least 0.05, expected -1");
  EXPECT_TRIAGE_ERROR(Monitor({.limit = 0.1, .delta = 0}), ErrorCode::kUsage, "delta 0, expected a prob");
  EXPECT_TRIAGE_ERROR(Monitor({.limit = 0.1, .delta = 1}), ErrorCode::kUsage, "delta 1");
  Monitor paired(options(0.1)), plain(options(0.1, 0));
  for (const double loss : {-1.5, 1.5, std::nan("")}) {
    EXPECT_TRIAGE_ERROR((paired.add(loss), 0), ErrorCode::kUsage, "monitor: loss ", "expected -1 to 1");
  }
  EXPECT_TRIAGE_ERROR((plain.add(-0.5), 0), ErrorCode::kUsage, "loss -0.5, expected 0 to 1");
  EXPECT_EQ(paired.state().inputs + plain.state().inputs, 0U) << "as they were";
}

TEST(Monitor, RefusesAStateThatCannotBe) {
  const auto with = [](auto change) {
    Monitor monitor(options(0.1));
    monitor.add(0);
    MonitorState state = monitor.state();
    change(state);
    return Monitor(options(0.1), state);
  };
  EXPECT_EQ(with([](MonitorState&) {}).state().inputs, 1U);
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.sum = 2; }), ErrorCode::kUsage, "sum 2, expected at most");
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.broken.log_wealth = std::nan(""); }), ErrorCode::kUsage,
                      "log_wealth nan");
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.kept.shares[1] += 0.5; }), ErrorCode::kUsage,
                      "sum of shares 1.5");
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.kept.shares[0] = -1, s.kept.shares[1] += 1.25; }),
                      ErrorCode::kUsage, "sum of shares");
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.kept_at = 2; }), ErrorCode::kUsage, "time of a claim 2");
  EXPECT_TRIAGE_ERROR(with([](MonitorState& s) { s.broken_at = 0; }), ErrorCode::kUsage, "time of a claim 0");
}

TEST(SettingsMonitor, CertifiesFasterOnesInTurn) {
  Random random(2);
  SettingsMonitor settings(options(0.1), 3);
  EXPECT_EQ(settings.certified(), 0U);
  std::vector<std::size_t> certified;
  for (int i = 0; i < 3000; ++i) {
    const double good = draw_paired(random, 0, 0.1), fair = draw_paired(random, 0.02, 0.1),
                 bad = draw_paired(random, 0.2, 0.3);
    settings.add(std::vector<double>{good, fair, bad});
    certified.push_back(settings.certified());
  }
  EXPECT_TRUE(std::is_sorted(certified.begin(), certified.end()));
  EXPECT_EQ(certified.back(), 2U);
  EXPECT_TRUE(settings.monitors()[2].is_broken());
}

TEST(SettingsMonitor, NeedsThoseBefore) {
  SettingsMonitor settings(options(0.1), 2);
  for (int i = 0; i < 500; ++i) settings.add(std::vector<double>{i % 5 == 0 ? 1.0 : 0.0, 0.0});
  EXPECT_TRUE(settings.monitors()[1].is_kept());
  EXPECT_EQ(settings.certified(), 0U) << "the first is not";
}

TEST(SettingsMonitor, RefusesWhatDoesNotFit) {
  EXPECT_TRIAGE_ERROR(SettingsMonitor(options(0.1), 0), ErrorCode::kUsage,
                      "settings 0, expected at least one");
  EXPECT_TRIAGE_ERROR(SettingsMonitor(options(2), 1), ErrorCode::kUsage, "limit 2");
  SettingsMonitor settings(options(0.1), 2);
  EXPECT_TRIAGE_ERROR((settings.add(std::vector<double>{0.0}), 0), ErrorCode::kUsage,
                      "losses 1, expected 2, one for each setting");
  EXPECT_TRIAGE_ERROR((settings.add(std::vector<double>{0.0, 2.0}), 0), ErrorCode::kUsage, "loss 2");
  EXPECT_EQ(settings.monitors()[0].state().inputs, 0U);
}

}  // namespace
}  // namespace triage
