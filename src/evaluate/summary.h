// What cross-validation and the judging of finished policies share: folds with what is known from their
// training part, the methods' replays, and the summary over them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluate/zero_router.h"
#include "triage/tools/evaluate.h"

namespace triage {

struct Fold {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> test;
  // Learned from `train` alone, shape (m) each:
  std::vector<double> costs;
  std::vector<double> scores;
  ModelIndex sbs = kNoModel;
  ModelIndex cheapest = kNoModel;
  ZeroRouter router;
  // What the driver takes, ms an input, to ask a policy that always runs the same model: the zero router pays
  // it too.
  double asking_ms = 0;
  double reading_ms = 0;  // what a reading of the clock takes
};

// A method before it is summarised.
struct Entry {
  Replay replay;
  MethodKind kind = MethodKind::kPolicy;
  std::string about;
};

// One fold for each value of `fold_of`; without any, one whose two parts are both the whole table.
[[nodiscard]] std::vector<Fold> make_fold_list(const Table& table, std::span<const std::int32_t> fold_of,
                                               const EvaluateOptions& options);

// For a premodel that is a network, makes its selector the one of this fold: a network that saw the inputs
// that test it would be judged by what it remembers. Throws kUsage when there is none.
void take_selector_of_fold(const Table& table, const Fold& fold, PremodelOptions& premodel);

// Each input's optimum by its fold's training costs, shape (n).
[[nodiscard]] std::vector<ModelIndex> optimum_by_fold(const Table& table, std::span<const Fold> folds,
                                                      Criterion criterion);

// Every single model, SBS, VBS and random, in this order.
[[nodiscard]] std::vector<Entry> baselines(const Table& table, std::span<const Fold> folds,
                                           std::span<const ModelIndex> optimum,
                                           const EvaluateOptions& options);

// Metrics and intervals of all entries into `evaluation`.
void summarize(const Table& table, std::span<const Fold> folds, std::span<const ModelIndex> optimum,
               std::span<const Entry> entries, const EvaluateOptions& options, Evaluation& evaluation);

// A policy at each price of a grid: score and time of every input, shape (n) each.
struct SweepPoint {
  double price = 0;
  std::vector<double> score;
  std::vector<double> ms;
};
struct Sweep {
  std::string name;
  std::vector<SweepPoint> points;
};

// Makes a frontier of each sweep and of the zero router, with intervals, read off against the SBS.
void finish_frontiers(const Table& table, std::span<const Fold> folds, std::span<const Sweep> sweeps,
                      const EvaluateOptions& options, Evaluation& evaluation);

// Facts about table and options, Algorithm 1 over all inputs, how often each model is the optimum.
void describe_table(const Table& table, const EvaluateOptions& options, Evaluation& evaluation);

// Fills verdict and remarks; the rules are at the top of verdict.cpp.
void write_verdict(Evaluation& evaluation);

void throw_if_stopped(const EvaluateOptions& options);

}  // namespace triage
