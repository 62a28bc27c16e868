// Does it matter where times were measured? Section 3.3 of the paper trains on a server for a device, as
// relative times are said to be stable. This compares two tables of the same models and inputs, measured at
// two machine settings.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/tools/estimate.h"
#include "triage/tools/rows.h"

namespace triage {

// Models of a table that run on `device` with `threads`.
[[nodiscard]] std::vector<ModelIndex> models_run_as(const Table& table, std::string_view device, int threads);
// Anything that trains a policy on rows of a table.
struct NamedTrainer {
  std::string name;
  std::function<std::unique_ptr<Policy>(const Table& table, Rows rows)> train;
};

struct StabilityOptions {
  Criterion criterion = Criterion::kTop1;
  int folds = 10;
  std::uint64_t seed = 0;
  int resamples = 2000;                          // of the bootstrap; 0 leaves the intervals out
  std::shared_ptr<const Clock> clock = nullptr;  // for decision times; none: steady_clock()
  std::stop_token stop = {};                     // when asked to stop: throws kInterrupted
};

// One model's mean time at both settings.
struct StableModel {
  std::string name;  // in `used`
  double trained_ms = 0;
  double used_ms = 0;
};

// A policy that was trained with the times of `trained`, and the same kind trained with those of `used`, both
// on the test inputs of `used`, cross-validated.
struct Transfer {
  std::string name;
  double moved_score = 0, native_score = 0;  // means, 0..1
  double moved_ms = 0, native_ms = 0;
  Estimate score_regret;  // native - moved; above 0 where training elsewhere costs score
  Estimate time_ratio;    // moved / native; above 1 where it costs time
  double same_model = 0;  // share of inputs on which both ran the same model last
};

struct Stability {
  std::vector<StableModel> models;  // (m)
  double spearman = kNotMeasured;   // of the models' mean times
  double kendall = kNotMeasured;
  std::vector<Transfer> transfers;  // one for each trainer
};

// Models are matched by fingerprint, which must be unique in each table: choose one way of running each with
// models_run_as. Throws kUsage, naming what, when models or inputs are not the same in both, and for folds
// that do not fit.
[[nodiscard]] Stability judge_stability(const Table& trained, const Table& used,
                                        std::span<const NamedTrainer> trainers,
                                        const StabilityOptions& options);

// What difference it makes that times were taken once (cheap) instead of until they were known (exhaustive):
// the same models on the same inputs, timed both ways.
struct TimingDifference {
  std::size_t inputs = 0;
  Timing timing;                               // the exhaustive one's
  double least_ratio = 0, greatest_ratio = 0;  // of a model's mean times, exhaustive / cheap
  double mean_ratio = 0;                       // geometric
  Stability to_exhaustive;                     // trained with cheap times, used with exhaustive ones
  Stability to_cheap;                          // the other way round
};
// Throws kUsage when either table is timed the other way, or `exhaustive` has an input that `cheap` lacks.
void check_timing(const Table& cheap, const Table& exhaustive);
// `exhaustive` is of some or all of the inputs of `cheap`. Throws as check_timing and judge_stability do.
// Decisions are not timed, whatever `options.clock` is: they do not depend on the tables' timing, and noise
// from a busy machine would look like an effect of it.
[[nodiscard]] TimingDifference judge_timing(const Table& cheap, const Table& exhaustive,
                                            std::span<const NamedTrainer> trainers,
                                            const StabilityOptions& options);

}  // namespace triage
