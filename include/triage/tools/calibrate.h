// The guarantee: which setting of a policy (adaptive, forests, ladder, or any that has prices) is the
// cheapest whose loss of score against one model is bounded with a stated probability, judged on inputs that
// it was not trained on.
//
// Learn then test (Angelopoulos, Bates, Candes, Jordan, Lei 2021) with a fixed sequence: settings are tested
// from the one of best expected score to cheaper ones, each at level delta, until one fails; the last that
// passed is taken. The order is fixed by training alone, so the chance that any setting passes wrongly is at
// most delta. A promise for every group of the inputs takes a setting that passes in each of them: where one
// group breaks the bound, its own test fails with probability of at least 1 - delta, whatever the others do.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/tools/table.h"

namespace triage {

// What a promise has to hold in each of, besides on average.
enum class CalibrateGroups {
  kNone,
  kClass,  // the label of the input
  kSource  // where it is from, see Table::sources
};
// "class" or "source"; empty for kNone.
[[nodiscard]] std::string_view to_string(CalibrateGroups groups);
// Throws kUsage for anything but "class" and "source".
[[nodiscard]] CalibrateGroups parse_calibrate_groups(std::string_view text);

struct CalibrateOptions {
  double max_loss = 0.01;  // of mean score, a share above 0 of the way from worst to best
  double delta = 0.05;     // probability, over the calibration inputs, of promising too much
  std::string versus;      // model of the table; empty: the policy's best single model in training
  // Calibration may be repeated while inputs are added, as often as one likes, and delta is the probability
  // that any of these promises is wrong. It takes more inputs: see stats/loss_evidence.h.
  bool anytime = false;
  CalibrateGroups per = CalibrateGroups::kNone;
  std::shared_ptr<const Clock> clock = nullptr;  // for decision times; none: steady_clock()
  std::stop_token stop = {};                     // when asked to stop: throws kInterrupted
};

struct CalibrationStep {
  std::size_t setting = 0;  // of the policy
  double price = 0;
  double mean_loss = 0;  // versus' mean score less the policy's; negative: the policy is better
  double p_value = 1;    // of "the loss is more than max_loss", on average or in any group that counts
  double mean_ms = 0;
  double mean_cost = 0;  // in the policy's unit, or ms where energy is not known
  bool passed = false;
  // Of the groups that count: the one that is hardest to promise for; none without groups.
  std::optional<std::size_t> worst_group = std::nullopt;
  double worst_loss = kNotMeasured;  // its mean
};

struct CalibrationGroup {
  std::string name;
  std::size_t inputs = 0;
  bool counts = true;  // false: too few inputs, so that not even a setting without any loss would pass
  double mean_loss = kNotMeasured;  // of the setting that was chosen, or failed first
};

struct Calibration {
  Terms terms;                         // of scores and costs
  std::vector<CalibrationStep> steps;  // in the order of testing; the first that failed is the last
  std::optional<std::size_t> chosen;   // of the steps: the cheapest that passed; none: not achieved
  double max_loss = 0, delta = 0;      // as asked for
  bool anytime = false;                // as asked for
  CalibrateGroups per = CalibrateGroups::kNone;
  std::vector<CalibrationGroup> groups;  // that have inputs
  std::size_t group_needs = 0;           // inputs below which a group does not count
  // Mean time of the setting that would have been chosen without the groups; NaN where none would.
  double ms_without_groups = kNotMeasured;
  std::string versus;
  std::size_t inputs = 0;    // that took part
  std::size_t left_out = 0;  // because the policy was trained on them
  double versus_ms = 0;      // mean time of `versus` on them
  // About how many inputs the first setting would need if these are typical; NaN when its loss is not below
  // the bound on these.
  double inputs_needed = kNotMeasured;
  std::unique_ptr<Policy> policy;  // with its certificate; null when the bound is not achieved
};

// Throws kUsage for a policy without prices or that holds no certificate, options out of range, an unknown
// model, where no input is left that the policy was not trained on, where one of them has no label (of
// imported tables: where some model was not run on it), where the inputs are of fewer than two sources that
// are asked for, and where no group has enough; kPolicy for a policy that does not fit the table.
[[nodiscard]] Calibration calibrate(const Table& table, const Policy& policy,
                                    const CalibrateOptions& options);

}  // namespace triage
