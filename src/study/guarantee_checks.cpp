// Calibration that is repeated while inputs arrive, and in each class or source.
#include "study/guarantee_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "base/stop.h"
#include "report/phrases.h"
#include "stats/quantile.h"
#include "table/row_order.h"

namespace triage {
namespace {

constexpr std::size_t kLooks = 20;  // at a stream

// Whether any setting that passes breaks the bound, and the fastest of them.
struct Passed {
  bool any = false, violated = false;
  double speed_up = kNotMeasured;
};
Passed judge_passing(const TrainedHalf& trained, std::span<const std::size_t> passing, double max_loss) {
  Passed passed;
  for (const std::size_t setting : passing) {
    passed.any = true;
    passed.violated = passed.violated || trained.true_loss[setting] > max_loss;
    passed.speed_up = std::fmax(passed.speed_up, trained.versus_ms / trained.mean_ms[setting]);
  }
  return passed;
}

// One stream of inputs, calibrated at every look.
struct StreamRun {
  bool violated = false;  // at any look
  Passed last;
};
StreamRun calibrate_stream(const TrainedHalf& trained, std::span<const std::uint32_t> drawn,
                           std::span<const PassTable> looks) {
  StreamRun run;
  std::vector<PairedLosses> losses(trained.losses.loss.size(), PairedLosses(trained.losses.kind));
  for (const PassTable& look : looks) {
    const auto passes = [&](std::size_t setting) {
      for (std::size_t i = losses[setting].size(); i < look.pairs(); ++i) {
        losses[setting].add(trained.losses.loss[setting][drawn[i]]);
      }
      return look.passes(losses[setting]);
    };
    const std::size_t passing = count_passing(trained.sequence, passes);
    run.last = judge_passing(trained, std::span(trained.sequence).first(passing), look.test().max_loss);
    run.violated = run.violated || run.last.violated;
  }
  return run;
}

struct StreamTally {
  std::size_t runs = 0, achieved = 0, violated = 0;
  std::vector<double> speed_ups;  // in the end
};
StreamTally calibrate_streams(const TrainedHalf& trained, std::size_t inputs, const LossTest& test,
                              const GuaranteeOptions& options) {
  std::vector<PassTable> looks;
  for (std::size_t l = 1; l <= kLooks; ++l) {
    looks.emplace_back(test, std::max<std::size_t>(1, inputs * l / kLooks));
  }
  // The fixed test is slow, and none of its runs is a promise of ours.
  std::vector<StreamRun> runs(test.anytime ? check_runs(options)
                                           : std::min<std::size_t>(check_runs(options), 100));
  for_each_parallel(runs.size(), [&](std::size_t r) {
    Random random = check_random(options, r, 3);
    runs[r] = calibrate_stream(trained, draw_with_replacement(random, inputs, trained.rows.size()), looks);
  });
  StreamTally tally;
  tally.runs = runs.size();
  for (const StreamRun& run : runs) {
    tally.achieved += run.last.any ? 1 : 0;
    tally.violated += run.violated ? 1 : 0;
    if (run.last.any) tally.speed_ups.push_back(run.last.speed_up);
  }
  return tally;
}

struct GroupTruth {
  std::vector<std::vector<std::uint32_t>> positions;  // (groups) in the other half
  std::vector<std::vector<double>> loss;              // (settings, groups) the true ones
};
GroupTruth truth_by_group(const Table& table, const TrainedHalf& trained, CalibrateGroups per) {
  GroupTruth truth;
  const RowGroups groups = group_rows(table, trained.rows, per, {0.5, 0.5});
  truth.positions.resize(groups.names.size());
  for (std::uint32_t i = 0; i < trained.rows.size(); ++i) truth.positions[groups.group_of[i]].push_back(i);
  const auto all = first_positions(trained.rows.size());
  for (std::size_t setting = 0; setting < trained.losses.loss.size(); ++setting) {
    auto& of_setting = truth.loss.emplace_back();
    for (const PairedLosses& losses : group_losses(trained.losses, setting, groups, all).groups) {
      of_setting.push_back(losses.mean());
    }
  }
  return truth;
}

struct GroupTally {
  std::size_t runs = 0, achieved = 0, violated = 0;
  std::vector<double> speed_ups;
};

// What a calibration sees, in each group; how many inputs each has stays as it is.
using DrawnGroups = std::vector<std::vector<std::uint32_t>>;
DrawnGroups draw_groups(const GroupTruth& truth, std::span<const PassTable> tables, Random& random) {
  DrawnGroups drawn;
  for (std::size_t c = 0; c < tables.size(); ++c) {
    drawn.push_back(draw_with_replacement(random, tables[c].pairs(), truth.positions[c].size()));
    for (auto& i : drawn.back()) i = truth.positions[c][i];
  }
  return drawn;
}

// All of them, in an order that does not tell the groups apart.
std::vector<std::uint32_t> mixed_positions(const DrawnGroups& drawn, Random& random) {
  std::vector<std::uint32_t> all;
  for (const auto& group : drawn) all.insert(all.end(), group.begin(), group.end());
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random.below(i)]);
  return all;
}

// One calibration per group, as calibrate() does it: promised is what holds on average and in the groups of
// at least `fewest` inputs. The last of the tables is of all inputs, those before of the groups.
Passed calibrate_groups(const TrainedHalf& trained, const GroupTruth& truth,
                        std::span<const PassTable> tables, std::size_t fewest, Random& random) {
  const std::size_t n_groups = tables.size() - 1;
  const DrawnGroups drawn = draw_groups(truth, tables.first(n_groups), random);
  const std::vector<std::uint32_t> mixed = mixed_positions(drawn, random);
  const auto passes = [&](std::size_t setting) {
    for (std::size_t c = 0; c < n_groups; ++c) {
      const PairedLosses losses = trained.losses.gather(setting, drawn[c]);
      if (losses.size() >= fewest && !tables[c].passes(losses)) return false;
    }
    return tables.back().passes(trained.losses.gather(setting, mixed));
  };
  const auto passed = std::span(trained.sequence).first(count_passing(trained.sequence, passes));
  const double max_loss = tables.back().test().max_loss;
  Passed judged = judge_passing(trained, passed, max_loss);
  for (const std::size_t setting : passed) {
    for (std::size_t c = 0; c < n_groups; ++c) {
      judged.violated = judged.violated || (tables[c].pairs() >= fewest && truth.loss[setting][c] > max_loss);
    }
  }
  return judged;
}

// Each group keeps its share of the inputs, since it is given and the losses are what is random. Nothing is
// achieved where all groups are too small.
GroupTally calibrate_groups_again(const TrainedHalf& trained, const GroupTruth& truth, double max_loss,
                                  std::size_t inputs, const GuaranteeOptions& options) {
  const LossTest test{max_loss, options.delta, false, trained.losses.kind};
  const std::size_t fewest = test.fewest_pairs();
  std::vector<PassTable> tables;
  std::size_t all = 0, largest = 0;
  for (const auto& positions : truth.positions) {
    tables.emplace_back(test, std::max<std::size_t>(1, inputs * positions.size() / trained.rows.size()));
    all += tables.back().pairs();
    largest = std::max(largest, tables.back().pairs());
  }
  tables.emplace_back(test, all);
  std::vector<Passed> runs(check_runs(options));
  if (largest >= fewest) {
    for_each_parallel(runs.size(), [&](std::size_t r) {
      Random random = check_random(options, r, inputs + 1);
      runs[r] = calibrate_groups(trained, truth, tables, fewest, random);
    });
  }
  GroupTally tally;
  tally.runs = runs.size();
  for (const Passed& run : runs) {
    tally.achieved += run.any ? 1 : 0;
    tally.violated += run.violated ? 1 : 0;
    if (run.any) tally.speed_ups.push_back(run.speed_up);
  }
  return tally;
}

// Multiples of what the first setting loses in its worst group; a policy that is the reference itself loses
// nothing anywhere.
std::vector<double> group_bounds(const TrainedHalf& trained, const GroupTruth& truth,
                                 const GuaranteeOptions& options) {
  const auto& first = truth.loss[trained.sequence.front()];
  const double unit = std::max(*std::max_element(first.begin(), first.end()), options.max_losses.back());
  std::vector<double> bounds;
  for (const double factor : {1.25, 1.5, 2.0}) {
    if (factor * unit < 1) bounds.push_back(factor * unit);
  }
  return bounds;
}

}  // namespace

Exhibit check_anytime(const Table&, const TrainedHalf& trained, const GuaranteeOptions& options,
                      bool& holds) {
  const std::size_t most = *std::max_element(options.inputs.begin(), options.inputs.end());
  Exhibit exhibit;
  exhibit.id = "guarantee-anytime";
  exhibit.title = "Calibrated again and again while inputs arrive";
  exhibit.about = fmt::format(
      "Each run calibrates at {} moments while {} inputs arrive. Violated: at any of them a setting passes "
      "that "
      "loses more than the bound. The fixed test is made for one moment and is shown for comparison.",
      kLooks, most);
  exhibit.data.columns = {{"bound, points", 2},
                          {"test", 0},
                          {"runs", 0},
                          {"achieved in the end %", 1},
                          {"violated at any time %", 1},
                          {"95 % interval", 0},
                          {"median speed-up in the end", 2}};
  std::size_t worst = 0;
  bool within = true;
  for (const double max_loss : options.max_losses) {
    for (const bool anytime : {true, false}) {
      throw_if_stopped(options.stop, "study");
      StreamTally tally = calibrate_streams(trained, most, {max_loss, options.delta, anytime}, options);
      if (anytime) {
        worst = std::max(worst, tally.violated);
        within =
            within && is_within_noise(tally.violated, tally.runs, options.delta, options.max_losses.size());
      }
      exhibit.data.rows.push_back(
          {100 * max_loss, std::string(anytime ? "anytime" : "fixed"), static_cast<double>(tally.runs),
           percent_of(tally.achieved, tally.runs), percent_of(tally.violated, tally.runs),
           share_range(tally.violated, tally.runs), interpolated_quantile(tally.speed_ups, 0.5)});
    }
  }
  holds = holds && within;
  exhibit.ours = fmt::format("at most {} of {} runs ever violate a bound", worst, check_runs(options));
  exhibit.verdict = noise_verdict(within, options.delta);
  return exhibit;
}

Exhibit check_groups(const Table& table, const TrainedHalf& trained, const GuaranteeOptions& options,
                     CalibrateGroups per, bool& holds) {
  const GroupTruth truth = truth_by_group(table, trained, per);
  const std::vector<double> bounds = group_bounds(trained, truth, options);
  const std::string_view group = to_string(per);
  Exhibit exhibit;
  exhibit.id = "guarantee-" + plural(group);
  exhibit.title = fmt::format("A bound that holds in each {}", group);
  exhibit.about = fmt::format(
      "Violated: on average, or in a {0} that is promised for, a setting that passes loses more than the "
      "bound. Bounds are multiples of what the first setting loses in its worst {0}. Each {0} keeps its "
      "share of the inputs; where all {1} are too small nothing is achieved.",
      group, plural(group));
  exhibit.data.columns = {{"bound, points", 2},  {"inputs", 0},     {"runs", 0},
                          {"achieved %", 1},     {"violated %", 1}, {"95 % interval", 0},
                          {"median speed-up", 2}};
  std::size_t worst = 0;
  bool within = true;
  for (const double bound : bounds) {
    for (const std::size_t inputs : options.inputs) {
      throw_if_stopped(options.stop, "study");
      GroupTally tally = calibrate_groups_again(trained, truth, bound, inputs, options);
      worst = std::max(worst, tally.violated);
      within = within && is_within_noise(tally.violated, tally.runs, options.delta,
                                         bounds.size() * options.inputs.size());
      exhibit.data.rows.push_back(
          {100 * bound, static_cast<double>(inputs), static_cast<double>(tally.runs),
           percent_of(tally.achieved, tally.runs), percent_of(tally.violated, tally.runs),
           share_range(tally.violated, tally.runs), interpolated_quantile(tally.speed_ups, 0.5)});
    }
  }
  holds = holds && within;
  exhibit.ours = fmt::format("at most {} of {} calibrations violate a bound in any {}", worst,
                             check_runs(options), group);
  exhibit.verdict = noise_verdict(within, options.delta);
  return exhibit;
}

}  // namespace triage
