// The paper's evaluation regenerated from a profile: every figure and table as an exhibit, with the paper's
// value beside ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/tools/dataset.h"
#include "triage/tools/report.h"
#include "triage/tools/table.h"

namespace triage {

struct StudyOptions : LearnOptions {
  int folds = 10;
  double theta = 0.005;  // Algorithm 1, as a share
  int neighbours = 5;
  int resamples = 1000;           // of the bootstrap
  std::size_t slice = 5000;       // training inputs of one fold on which features are searched; 0: all
  bool full_svm = false;          // train SVMs on all rows of a fold
  const Dataset* data = nullptr;  // for Figure 1's pictures, by input id; without, there are none
  // The same models measured under another setting (threads, machine), for the claim that relative times are
  // stable.
  const Table* other = nullptr;
  std::string other_name;
  // The same models on some of the inputs, timed exhaustively: what difference does that make? The study's
  // table must be a cheap one then.
  const Table* exhaustive = nullptr;
  // Features of the same inputs at other working sizes, for the variants; their models do not matter.
  std::vector<const Table*> other_features;
  std::map<std::string, std::uint64_t>
      model_bytes;                               // size of each model's files, for the costs; may be empty
  std::shared_ptr<const Clock> clock = nullptr;  // none: steady_clock()
  std::function<void(std::string_view step)> on_step;  // before each part of the work
};

// Runs it all. Everything that is learned is learned inside the folds. Throws kUsage for a table without
// outputs or features, or of fewer than two models; kInterrupted.
[[nodiscard]] Study study_paper(const Table& table, const StudyOptions& options);

// Does the guarantee of `triage calibrate` hold, and what does it cost? A policy is trained once, on one half
// of the table, and calibrated many times on inputs drawn with replacement from the other half, which stands
// for all inputs: the loss there is the true one. Then everything is retrained on other halves.
struct GuaranteeOptions : LearnOptions {
  std::vector<double> max_losses{0.0025, 0.005, 0.01};
  std::vector<std::size_t> inputs{1000, 3000, 10000};  // of a calibration
  double delta = 0.05;
  int resamples = 1000;  // calibrations for each bound and number of inputs
  int retrainings = 20;
  AdaptiveOptions adaptive;
  // Adaptive, forests or ladder; none: adaptive, of imported tables a ladder where models have answers or
  // signals, else forests.
  std::optional<PolicyKind> kind = std::nullopt;
  std::shared_ptr<const Clock> clock = nullptr;  // none: steady_clock()
  std::function<void(std::string_view step)> on_step;
};
// Throws kUsage for options out of range, a table that is too small, one without labels (of scores: on which
// some model was not run on an input); kInterrupted.
[[nodiscard]] Study study_guarantee(const Table& table, const GuaranteeOptions& options);

// How good is what training chooses by itself, by the number of inputs it learns from: 100, 200, 400 and so
// on? Each draw puts the table's inputs in a random order, trains on the first and judges on the last of
// them. Decisions take no time there, so equal tables give equal figures.
struct LearningOptions : LearnOptions {
  int draws = 20;  // training sets of each size; 2 or more
  std::size_t most_inputs =
      40'000;  // to train on; as many as leave a fifth of the table, or 200, to judge on
  std::size_t most_judging = 5'000;  // inputs of a draw that judge
  // Other inputs, without their labels, with which training is tried beside each training set (draw_labels);
  // at most half of those that do not train. 0: none.
  std::size_t unlabelled = 0;
  unsigned threads = 0;  // 0: one per core; each trains one draw
  AdaptiveOptions adaptive;
  // Training sets done and in all, the largest first; called from any of the threads, one at a time.
  std::function<void(std::size_t done, std::size_t total)> on_progress;
};
// Throws kUsage for options out of range, for energy instead of time, for a table that is too small or lacks
// outputs or labels; kInterrupted.
[[nodiscard]] Study study_learning(const Table& table, const LearningOptions& options);

}  // namespace triage
