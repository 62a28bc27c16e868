// The guarantee: which setting of a policy (an adaptive one, or any that has prices) is the fastest whose
// loss against one model is bounded with a stated probability, judged on inputs that it was not trained on.
//
// Learn then test (Angelopoulos, Bates, Candes, Jordan, Lei 2021) with a fixed sequence: settings are tested
// from the one of best expected score to cheaper ones, each at level delta, until one fails; the last that
// passed is taken. The order is fixed by training alone, so the chance that any setting passes wrongly is at
// most delta.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/tools/table.h"

namespace triage {

struct CalibrateOptions {
  double max_loss = 0.01;  // of mean score, a share above 0
  double delta = 0.05;     // probability, over the calibration inputs, of promising too much
  std::string versus;      // model of the table; empty: the policy's best single model in training
  std::shared_ptr<const Clock> clock = nullptr;  // for decision times; none: steady_clock()
  std::stop_token stop = {};                     // when asked to stop: throws kInterrupted
};

struct CalibrationStep {
  std::size_t setting = 0;  // of the policy
  double price = 0;
  double mean_loss = 0;  // versus' mean score less the policy's; negative: the policy is better
  double p_value = 1;    // of "the loss is more than max_loss"
  double mean_ms = 0;
  bool passed = false;
};

struct Calibration {
  std::vector<CalibrationStep> steps;  // in the order of testing; the first that failed is the last
  std::optional<std::size_t> chosen;   // of the steps: the fastest that passed; none: not achieved
  double max_loss = 0, delta = 0;      // as asked for
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
// model, and where no input is left that the policy was not trained on; kPolicy for a policy that does not
// fit the table.
[[nodiscard]] Calibration calibrate(const Table& table, const Policy& policy,
                                    const CalibrateOptions& options);

}  // namespace triage
