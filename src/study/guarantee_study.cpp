// Does the guarantee hold, and what does it cost?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/hash.h"
#include "base/number_text.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "calibrate/setting_losses.h"
#include "evaluate/table_facts.h"
#include "learn/premodel/labelled_rows.h"
#include "report/phrases.h"
#include "stats/mean.h"
#include "stats/quantile.h"
#include "study/guarantee_checks.h"
#include "table/row_order.h"
#include "triage/error.h"
#include "triage/tools/ladder.h"
#include "triage/tools/score_words.h"
#include "triage/tools/study.h"

namespace triage {
namespace {

std::size_t count_unlabelled(const Table& table) {
  return static_cast<std::size_t>(std::count(table.labels.begin(), table.labels.end(), kNoLabel));
}

void check(const Table& table, const GuaranteeOptions& options) {
  check_table(table);
  const auto fail = [](std::string_view what, auto found, std::string_view expected) {
    throw Error(ErrorCode::kUsage,
                fmt::format("guarantee: {} {}, expected {}", what, number_text(found), expected));
  };
  if (table.n_inputs() < 100) fail("inputs", table.n_inputs(), "at least 100, half of them to train on");
  if (options.resamples < 1) fail("resamples", options.resamples, "at least 1");
  if (options.retrainings < 0) fail("retrainings", options.retrainings, "0 or more");
  if (!(options.delta > 0 && options.delta < 1))
    fail("delta", options.delta, "a probability between 0 and 1");
  if (options.max_losses.empty()) fail("max losses", 0, "at least one");
  if (options.inputs.empty()) fail("inputs of a calibration", "none", "at least one number of them");
  if (table.scores.empty() && count_unlabelled(table) > 0) {
    fail("inputs without a label", count_unlabelled(table), "none; use label_by_model");
  }
  if (const std::size_t n = complete_rows(table).size(); n < table.n_inputs()) {
    fail("inputs on which some model was not run", table.n_inputs() - n, "none; take complete_rows alone");
  }
  constexpr std::array kWithPrices{PolicyKind::kAdaptive, PolicyKind::kForests, PolicyKind::kLadder};
  if (options.kind && std::find(kWithPrices.begin(), kWithPrices.end(), *options.kind) == kWithPrices.end()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("guarantee: a policy of kind '{}', expected adaptive, forests or "
                            "ladder, which have settings to choose from",
                            to_string(*options.kind)));
  }
  for (const double loss : options.max_losses) {
    if (!(loss > 0 && loss < 1)) fail("max loss", loss, "shares between 0 and 1");
  }
  for (const std::size_t n : options.inputs) {
    if (n < 1) fail("inputs of a calibration", n, "at least 1");
  }
}

// About half of the inputs each, whole groups.
struct Halves {
  std::vector<std::uint32_t> train, rest;
};
Halves halve(const Table& table, std::uint64_t seed) {
  const auto groups = group_numbers(table, all_rows(table));
  std::vector<std::size_t> sizes(groups.size(), 0);
  for (const std::uint32_t group : groups) ++sizes[group];
  const auto order = shuffled_indices(table.n_inputs(), seed);
  std::vector<bool> is_trained_on(groups.size());
  std::size_t n_train = 0;
  for (const std::uint32_t i : order) {
    if (is_trained_on[groups[i]] || n_train >= table.n_inputs() / 2) continue;
    is_trained_on[groups[i]] = true;
    n_train += sizes[groups[i]];
  }
  Halves halves;
  for (const std::uint32_t i : order) (is_trained_on[groups[i]] ? halves.train : halves.rest).push_back(i);
  return halves;
}

// Of those that are figures; NaN when none is.
double finite_mean(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  return mean(values);
}

// Where none is asked for: what looks where it can.
PolicyKind kind_of_study(const Table& table, Rows rows, const GuaranteeOptions& options) {
  if (options.kind) return *options.kind;
  if (table.scores.empty()) return PolicyKind::kAdaptive;
  return can_climb(table, rows) ? PolicyKind::kLadder : PolicyKind::kForests;
}

TrainedHalf train_on(const Table& table, const Halves& halves, const GuaranteeOptions& options) {
  TrainedHalf trained;
  trained.policy =
      train_kind(table, halves.train, kind_of_study(table, halves.train, options), options, options.adaptive);
  trained.rows = halves.rest;
  trained.versus = table.find(trained.policy->info().best.name);
  trained.losses = measure_losses(table, halves.rest, *trained.policy, trained.versus,
                                  clock_or_steady(options.clock), options.stop);
  trained.sequence = test_sequence(trained.policy->price_settings());
  for (const auto& loss : trained.losses.loss) trained.true_loss.push_back(mean(loss));
  for (const auto& ms : trained.losses.ms) trained.mean_ms.push_back(mean(ms));
  trained.versus_ms = mean(trained.losses.versus_ms);
  return trained;
}

// The setting that calibration on `drawn` (positions in the other half) takes, the fastest on them of those
// that pass; kNone when none passes.
constexpr std::size_t kNone = SIZE_MAX;
std::size_t calibrate_on(const TrainedHalf& trained, std::span<const std::uint32_t> drawn,
                         const std::function<bool(const PairedLosses&)>& passes) {
  const std::size_t passing = count_passing(
      trained.sequence, [&](std::size_t setting) { return passes(trained.losses.gather(setting, drawn)); });
  const auto drawn_ms = [&](std::size_t setting) {
    double sum = 0;
    for (const std::uint32_t i : drawn) sum += static_cast<double>(trained.losses.ms[setting][i]);
    return sum;
  };
  std::size_t taken = kNone;
  double least = 0;
  for (const std::size_t setting : std::span(trained.sequence).first(passing)) {
    const double ms = drawn_ms(setting);
    if (taken != kNone && ms >= least) continue;
    taken = setting;
    least = ms;
  }
  return taken;
}

// Results of many calibrations for one bound and number of inputs.
struct Tally {
  std::size_t n = 0, achieved = 0, violated = 0;
  std::vector<double> speed_ups;  // true ones, of those that were achieved

  void add(const TrainedHalf& trained, std::size_t setting, double max_loss) {
    ++n;
    if (setting == kNone) return;
    ++achieved;
    violated += trained.true_loss[setting] > max_loss ? 1 : 0;
    speed_ups.push_back(trained.versus_ms / trained.mean_ms[setting]);
  }
  [[nodiscard]] double median_speed_up() { return interpolated_quantile(speed_ups, 0.5); }
};

// The fastest setting of the sequence whose true loss is within the bound: what knowing the truth would
// choose.
double best_speed_up(const TrainedHalf& trained, double max_loss) {
  double best = kNotMeasured;
  for (const std::size_t setting : trained.sequence) {
    if (trained.true_loss[setting] > max_loss) continue;
    best = std::fmax(best, trained.versus_ms / trained.mean_ms[setting]);
  }
  return best;
}

std::vector<Cell> row_of(Tally tally, double max_loss, std::size_t inputs, double unbound) {
  const double speed_up = tally.median_speed_up();
  return {100 * max_loss,
          static_cast<double>(inputs),
          static_cast<double>(tally.n),
          100 * static_cast<double>(tally.achieved) / static_cast<double>(tally.n),
          100 * static_cast<double>(tally.violated) / static_cast<double>(tally.n),
          share_range(tally.violated, tally.n),
          speed_up,
          unbound,
          speed_up / unbound};
}

std::vector<Column> columns() {
  return {{"bound, points", 2}, {"inputs", 0},        {"calibrations", 0},    {"achieved %", 1},
          {"violated %", 1},    {"95 % interval", 0}, {"median speed-up", 2}, {"with the truth known", 2},
          {"share of it", 2}};
}

// Resamples of one policy's other half.
Exhibit resampled(const TrainedHalf& trained, const GuaranteeOptions& options, bool& holds,
                  std::size_t& certified) {
  Exhibit exhibit;
  exhibit.id = "guarantee-resampled";
  exhibit.title = "One policy, calibrated again and again";
  exhibit.about = fmt::format(
      "Each calibration sees inputs drawn with replacement from the {} that the policy was not trained on; "
      "their mean "
      "loss is the true one. Violated: the setting that was taken loses more than the bound. With the truth "
      "known: "
      "the fastest setting within the bound.",
      trained.losses.versus_ms.size());
  exhibit.data.columns = columns();
  std::size_t worst = 0;
  const std::size_t n_cells = options.max_losses.size() * options.inputs.size();
  for (const double max_loss : options.max_losses) {
    for (const std::size_t inputs : options.inputs) {
      throw_if_stopped(options.stop, "study");
      std::vector<std::size_t> chosen(static_cast<std::size_t>(options.resamples));
      const PassTable passing({max_loss, options.delta}, inputs);
      for_each_parallel(chosen.size(), [&](std::size_t r) {
        Random random(mix64(options.seed ^ mix64(r + 1)) ^ inputs);
        std::vector<std::uint32_t> drawn(inputs);
        for (auto& i : drawn) i = static_cast<std::uint32_t>(random.below(trained.losses.versus_ms.size()));
        chosen[r] =
            calibrate_on(trained, drawn, [&](const PairedLosses& losses) { return passing.passes(losses); });
      });
      Tally tally;
      for (const std::size_t setting : chosen) tally.add(trained, setting, max_loss);
      holds = holds && is_within_noise(tally.violated, tally.n, options.delta, n_cells);
      worst = std::max(worst, tally.violated);
      certified += tally.achieved;
      exhibit.data.rows.push_back(
          row_of(std::move(tally), max_loss, inputs, best_speed_up(trained, max_loss)));
    }
  }
  exhibit.ours = fmt::format("at most {} % of {} calibrations violate a bound",
                             percent(static_cast<double>(worst) / options.resamples, 1), options.resamples);
  exhibit.verdict =
      holds
          ? fmt::format("Not more than the promised {} %, within binomial noise.", percent(options.delta, 0))
          : fmt::format("More than the promised {} %, beyond binomial noise.", percent(options.delta, 0));
  return exhibit;
}

// Repeats everything: another half to train on, the rest cut into calibration and judging.
Exhibit retrained(const Table& table, const GuaranteeOptions& options) {
  Exhibit exhibit;
  exhibit.id = "guarantee-retrained";
  exhibit.title = "Trained afresh";
  exhibit.about =
      "Each time another half is trained on; half of the rest calibrates, the other half says what the loss "
      "is. So "
      "little data knows a loss only roughly: where the true loss is close to the bound, noise counts as "
      "violation too.";
  exhibit.data.columns = columns();
  std::vector<Tally> tallies(options.max_losses.size());
  std::vector<std::vector<double>> unbound(options.max_losses.size());
  std::size_t n_calibration = 0;
  for (int r = 0; r < options.retrainings; ++r) {
    throw_if_stopped(options.stop, "study");
    if (options.on_step) options.on_step(fmt::format("retraining {} of {}", r + 1, options.retrainings));
    const Halves halves = halve(table, options.seed + 1 + static_cast<std::uint64_t>(r));
    TrainedHalf trained = train_on(table, halves, options);
    // The rows are in random order already.
    const std::size_t n = halves.rest.size();
    n_calibration = n / 2;
    const auto first = first_positions(n_calibration);
    for (std::size_t s = 0; s < trained.true_loss.size(); ++s) {
      trained.true_loss[s] = mean(std::span(trained.losses.loss[s]).subspan(n_calibration));
    }
    for (std::size_t b = 0; b < options.max_losses.size(); ++b) {
      const double max_loss = options.max_losses[b];
      const LossTest test{max_loss, options.delta};
      const std::size_t chosen =
          calibrate_on(trained, first, [&](const PairedLosses& losses) { return test.passes(losses); });
      tallies[b].add(trained, chosen, max_loss);
      unbound[b].push_back(best_speed_up(trained, max_loss));
    }
  }
  std::size_t violated = 0;
  for (std::size_t b = 0; b < options.max_losses.size(); ++b) {
    const Tally& tally = tallies[b];
    violated = std::max(violated, tally.violated);
    exhibit.data.rows.push_back(row_of(tally, options.max_losses[b], n_calibration, finite_mean(unbound[b])));
  }
  exhibit.ours = fmt::format("at most {} of {} retrainings violate a bound", violated, options.retrainings);
  exhibit.verdict = is_within_noise(violated, static_cast<std::size_t>(options.retrainings), options.delta,
                                    options.max_losses.size())
                        ? "No more than chance allows."
                        : "More than chance allows.";
  return exhibit;
}

// Each setting of the policy as it is, against the reference.
Exhibit settings_exhibit(const TrainedHalf& trained) {
  Exhibit exhibit;
  exhibit.id = "guarantee-settings";
  exhibit.title = "The settings behind it";
  exhibit.about = "True loss and speed-up of each setting that is tested, in the order of testing.";
  exhibit.data.columns = {{"price", 5}, {"loss, points", 3}, {"speed-up", 2}, {"differing %", 2}};
  for (const std::size_t s : trained.sequence) {
    double differing = 0;
    for (const float loss : trained.losses.loss[s]) differing += loss != 0 ? 1 : 0;
    exhibit.data.rows.push_back({trained.policy->price_settings()[s].price, 100 * trained.true_loss[s],
                                 trained.versus_ms / trained.mean_ms[s],
                                 100 * differing / static_cast<double>(trained.losses.loss[s].size())});
  }
  exhibit.ours = fmt::format("{} settings", trained.sequence.size());
  const std::size_t chosen = trained.policy->default_setting().value();
  exhibit.verdict = fmt::format(
      "Without calibration the policy takes the setting that is {}x faster, which loses {} points.",
      times(trained.versus_ms / trained.mean_ms[chosen]), points(trained.true_loss[chosen]));
  return exhibit;
}

}  // namespace

Study study_guarantee(const Table& table, const GuaranteeOptions& options) {
  check(table, options);
  const auto step = [&](std::string_view what) {
    throw_if_stopped(options.stop, "study");
    if (options.on_step) options.on_step(what);
  };
  step("training");
  const TrainedHalf trained = train_on(table, halve(table, options.seed), options);
  Study study;
  study.title = fmt::format("The guarantee on {} inputs{}", table.n_inputs(),
                            ScoreWords(table.terms).in_percent()
                                ? ""
                                : "; points are hundredths of the way from the worst score to the best");
  set_table_facts(table, {}, study.evaluation);
  step("resampling");
  bool holds = true;
  std::size_t certified = 0;
  study.exhibits.push_back(resampled(trained, options, holds, certified));
  if (options.retrainings > 0) study.exhibits.push_back(retrained(table, options));
  step("checking further promises");
  study.exhibits.push_back(check_anytime(table, trained, options, holds));
  for (const CalibrateGroups per : {CalibrateGroups::kClass, CalibrateGroups::kSource}) {
    if (per == CalibrateGroups::kSource && table.sources.size() < 2) continue;
    if (per == CalibrateGroups::kClass && count_unlabelled(table) > 0) continue;
    step("checking further promises");
    study.exhibits.push_back(check_groups(table, trained, options, per, holds));
  }
  for (auto* const check : {check_comparisons, check_monitor}) {
    step("checking further promises");
    study.exhibits.push_back(check(table, trained, options, holds));
  }
  study.exhibits.push_back(settings_exhibit(trained));
  study.verdict = fmt::format(
      "The guarantee {} (delta = {}, compared with {}).",
      certified == 0 ? "was never given: no calibration achieves any of the bounds, so this shows nothing"
      : holds ? "holds: no more promises of any sort are wrong than delta allows, within binomial noise"
              : "does not hold: more promises are wrong than delta allows",
      options.delta, trained.policy->info().best.name);
  for (const Exhibit& exhibit : study.exhibits) {
    study.findings.push_back(fmt::format("{}: {}. {}", exhibit.title, exhibit.ours, exhibit.verdict));
  }
  return study;
}

}  // namespace triage
