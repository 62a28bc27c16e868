// Two policies compared on many samples: how often is what is said wrong?
#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/stop.h"
#include "stats/mean.h"
#include "study/guarantee_checks.h"

namespace triage {
namespace {

// What of a comparison is wrong. The pair's losses are those of the first less the second's; with `even` a
// coin swaps the two, so that neither is better.
struct ComparedPair {
  std::string name;
  std::vector<float> losses;
  bool even = false;
};
std::vector<ComparedPair> pairs_to_compare(const TrainedHalf& trained) {
  const std::size_t usual = trained.policy->default_setting().value();
  const auto less = [&](std::size_t a, std::size_t b) {
    std::vector<float> losses;
    for (std::size_t i = 0; i < trained.losses.loss[a].size(); ++i) {
      losses.push_back(trained.losses.loss[a][i] - trained.losses.loss[b][i]);
    }
    return losses;
  };
  const std::size_t best = trained.sequence.front(), fastest = trained.sequence.back();
  return {{"chosen setting, reference", trained.losses.loss[usual]},
          {"the same, swapped at random", trained.losses.loss[usual], true},
          {"chosen setting, slowest", less(usual, best)},
          {"fastest setting, chosen", less(fastest, usual)}};
}

struct CompareTally {
  std::size_t missed = 0, told_apart = 0, wrong = 0;
};
CompareTally compare_again_and_again(const ComparedPair& pair, LossKind kind, std::size_t inputs,
                                     const GuaranteeOptions& options) {
  const double truth = pair.even ? 0 : mean(pair.losses);
  std::vector<CompareTally> runs(check_runs(options));
  for_each_parallel(runs.size(), [&](std::size_t r) {
    Random random = check_random(options, r, 2 * inputs + 1);
    PairedLosses losses(kind);
    for (const std::uint32_t i : draw_with_replacement(random, inputs, pair.losses.size())) {
      const bool swap = pair.even && random.below(2) == 1;
      losses.add(swap ? -pair.losses[i] : pair.losses[i]);
    }
    const PairedLosses mirrored = losses.mirrored();
    const double level = options.delta / 2;
    runs[r].missed = is_loss_below(losses, truth, level) || is_loss_below(mirrored, -truth, level) ? 1 : 0;
    const bool better = is_loss_below(losses, 0, level), worse = is_loss_below(mirrored, 0, level);
    runs[r].told_apart = better || worse ? 1 : 0;
    runs[r].wrong = (better && truth >= 0) || (worse && truth <= 0) ? 1 : 0;
  });
  CompareTally sum;
  for (const CompareTally& run : runs) {
    sum.missed += run.missed;
    sum.told_apart += run.told_apart;
    sum.wrong += run.wrong;
  }
  return sum;
}

}  // namespace

Exhibit check_comparisons(const Table&, const TrainedHalf& trained, const GuaranteeOptions& options,
                          bool& holds) {
  Exhibit exhibit;
  exhibit.id = "guarantee-compare";
  exhibit.title = "Two policies compared again and again";
  exhibit.about =
      "Missed: the interval does not hold the true difference in score. Wrong: the worse one is called "
      "better, "
      "or either where they are equal.";
  exhibit.data.columns = {
      {"pair", 0},     {"true difference, points", 2}, {"inputs", 0},       {"runs", 0},
      {"missed %", 1}, {"95 % interval", 0},           {"told apart %", 1}, {"wrong %", 1}};
  const auto pairs = pairs_to_compare(trained);
  const std::size_t n_runs = check_runs(options);
  std::size_t worst = 0;
  bool within = true;
  for (const ComparedPair& pair : pairs) {
    for (const std::size_t inputs : options.inputs) {
      throw_if_stopped(options.stop, "study");
      const CompareTally tally = compare_again_and_again(pair, trained.losses.kind, inputs, options);
      worst = std::max(worst, tally.missed);
      within = within &&
               is_within_noise(tally.missed, n_runs, options.delta, pairs.size() * options.inputs.size());
      exhibit.data.rows.push_back({pair.name, pair.even ? 0.0 : -100 * mean(pair.losses),
                                   static_cast<double>(inputs), static_cast<double>(n_runs),
                                   percent_of(tally.missed, n_runs), share_range(tally.missed, n_runs),
                                   percent_of(tally.told_apart, n_runs), percent_of(tally.wrong, n_runs)});
    }
  }
  holds = holds && within;
  exhibit.ours = fmt::format("at most {} of {} intervals miss the difference", worst, n_runs);
  exhibit.verdict = noise_verdict(within, options.delta);
  return exhibit;
}

}  // namespace triage
