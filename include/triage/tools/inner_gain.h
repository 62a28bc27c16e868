// Whether a kind of policy pays on the rows that train it: an estimate that training can give by itself. It
// is rougher than an evaluation and promises nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/tools/recommendation.h"
#include "triage/tools/rows.h"

namespace triage {

// Against the single best model of the rows that trained, on rows that did not.
struct InnerGain {
  double score_gain = 0;   // mean score less that model's, a share
  double score_error = 0;  // standard error of it
  double cost_ratio = 0;   // mean cost over that model's, of what is to be saved
  // Whether it is better by more than the standard error, or cheaper and no worse than by the tolerance (a
  // share) and twice that error: doubts are for the evaluation to settle.
  [[nodiscard]] bool pays(double tolerance = kScoreTolerance) const;
};

// What training was to save.
[[nodiscard]] CostWeights saved_cost(const Policy& policy);

// Trains on two thirds of the rows and replays on the others. Nothing where there are too few rows to tell,
// or to train on.
[[nodiscard]] std::optional<InnerGain> inner_gain(
    const Table& table, Rows rows, Criterion criterion, std::uint64_t seed,
    const std::function<std::unique_ptr<Policy>(Rows rows)>& train,
    const std::shared_ptr<const Clock>& clock = nullptr);  // of decisions; none: they take no time

// What an adaptive policy's training found by its own inner cross-validation; nothing for other policies, and
// for those whose setting was changed since.
[[nodiscard]] std::optional<InnerGain> adaptive_gain(const Policy& policy);

}  // namespace triage
