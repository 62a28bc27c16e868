// Judging policies on tables: cross-validation, and finished policies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/diagnostics.h"
#include "triage/tools/frontier.h"
#include "triage/tools/learn.h"
#include "triage/tools/method.h"
#include "triage/tools/recommendation.h"
#include "triage/tools/replay.h"
#include "triage/tools/rows.h"
#include "triage/tools/stability.h"
#include "triage/tools/train_forests.h"
#include "triage/tools/warning.h"

namespace triage {

[[nodiscard]] Soundness measure_soundness(std::vector<SoundnessInput> inputs, int resamples,
                                          std::uint64_t seed);
// Adds the rows' inputs on which `premodel` ran a model, as `replay` has it; none when the policy keeps no
// training inputs.
void add_soundness_inputs(const Table& table, Rows rows, const Premodel& premodel, const Replay& replay,
                          std::vector<SoundnessInput>& inputs);

// A further premodel, judged beside the first.
struct PremodelVariant {
  std::string name;  // as the caller calls it: "premodel dt.dt.dt"
  PremodelOptions options;
};

// A finished policy that was judged.
struct JudgedPolicy {
  std::string name;  // as the caller calls it
  std::string kind;
};

struct Evaluation {
  Criterion criterion = Criterion::kTop1;
  Terms terms;    // of scores and costs
  int folds = 0;  // 0: finished policies, judged on all inputs
  std::uint64_t seed = 0;
  int resamples = 0;
  double theta = 0;
  std::size_t n_inputs = 0;
  std::size_t n_failed = 0;
  std::size_t n_copies = 0;  // perturbed ones, that folds were trained on too
  std::int32_t n_classes = 0;
  std::string labels_from;  // Table::labels_from: when not empty, every score is agreement with this model
  std::string machine;
  bool imported = false;   // somebody brought the table; `machine` says what it was made from then
  Timing timing;           // how often everything was timed
  std::string times_note;  // where times are from, as the table has it
  // What difference the timing makes (judge_timing), where it was measured.
  std::optional<TimingDifference> timing_difference;
  std::string energy;                                  // "measured: ..." or why not
  std::vector<std::string> models;                     // (m)
  std::vector<std::int32_t> fold_of;                   // (n), empty without folds
  bool official_folds = false;                         // they came with the inputs
  std::vector<std::string> sources;                    // (folds) where each fold is a source; else empty
  std::vector<PremodelVariant> premodels;              // the premodel, which has no name, and its variants
  std::vector<JudgedPolicy> policies;                  // finished ones
  std::vector<std::pair<PolicyKind, int>> auto_kinds;  // what training chose, and in how many folds
  std::vector<Method> methods;                         // singles first, in the table's order
  std::vector<Contrast> contrasts;
  Frontier zero_router;                // on the test inputs
  std::vector<Frontier> frontiers;     // of policies, as their price is swept; empty without folds
  std::vector<double> optimum_share;   // (m + 1) how often each model is the optimum; last: none is right
  ModelSelection selection;            // Algorithm 1 over all inputs
  std::vector<double> selected_share;  // (m) share of folds whose Algorithm 1 keeps the model
  std::vector<StageAccuracy> stages;
  Soundness soundness;  // of the premodel
  Request request;      // what finished policies were asked, and the mean time of them all, where one was
  std::optional<double> mean_latency_ms;
  Breakdown breakdown;
  std::vector<Reliability> reliability;  // of the breakdown's methods: SBS, the models' own, first
  std::vector<Decisions> decisions;      // of those of them that look at models in a fixed order
  std::vector<Warning> warnings;
  Recommendation recommendation;

  // Null when there is none.
  [[nodiscard]] const Method* find(MethodId method) const;
  [[nodiscard]] const Frontier* find_frontier(MethodId method) const;
};

// Everything that is trained is trained with the LearnOptions; their seed is that of folds, bootstrap and
// random choice too.
struct EvaluateOptions : LearnOptions {
  int folds = 10;
  // Of cross_validate: the table's inputs in the same order, and behind them perturbed copies of some. The
  // training part of each fold gets the copies of its inputs; judged is on the table's inputs alone. Must
  // outlive the call.
  const Table* augmented = nullptr;
  bool official_folds = false;  // of cross_validate: those that came with the inputs, `folds` aside
  bool by_source = false;    // of cross_validate: each fold tests a source (folds_by_source), `folds` aside
  PremodelOptions premodel;  // its theta is that of the report's Algorithm 1 too
  AdaptiveOptions adaptive;
  std::vector<PremodelVariant> variants;
  // Of cross_validate: these beside the forests, where those are judged; each once, without kSeven.
  std::vector<ForestsLearner> learners;
  // Of judge_policies: what is asked of each finished policy on every input, and the mean time of them all.
  Request request;
  std::optional<double> mean_latency_ms = std::nullopt;
  int resamples = 2000;                          // of the bootstrap; 0 leaves the intervals out
  std::shared_ptr<const Clock> clock = nullptr;  // for decision times; none: steady_clock()
  std::function<void(std::size_t done, std::size_t total)> on_progress;  // steps of work
};

// K-fold cross-validation of everything that learns from the table, beside what it has to beat. Folds are
// trained in parallel; replays, in which decision times are measured, run alone. Throws kUsage for options
// that do not fit the table.
[[nodiscard]] Evaluation cross_validate(const Table& table, const EvaluateOptions& options);

struct NamedPolicy {
  std::string name;
  const Policy* policy = nullptr;
};
// Judges finished policies on all inputs of a table that they were not trained on; SBS and zero router are
// then chosen on this same table, in hindsight, which favours them. A policy whose training summary names
// these inputs adds a warning. Throws kPolicy for one that does not fit the table.
[[nodiscard]] Evaluation judge_policies(const Table& table, std::span<const NamedPolicy> policies,
                                        const EvaluateOptions& options);

}  // namespace triage
