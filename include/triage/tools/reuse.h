// How much a frame of a video may differ from the last answered one so that its answer still does
// (StreamOptions::reuse), learned on sequences of frames for a stated loss of score.
//
// The policy answers every frame once. Then each limit of a grid is replayed on these answers, from low to
// high, until the upper end of the 95 % interval of its loss, over sequences, is above the stated loss; the
// last limit before is taken. Frames of a sequence resemble each other, so a sequence counts as one
// observation. What is promised is judged on sequences left out: for each, the limit that the others give.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/image.h"
#include "triage/policy.h"
#include "triage/runtime.h"
#include "triage/tools/dataset.h"
#include "triage/tools/estimate.h"

namespace triage {

// 0.5 to 64 in steps of a factor of about 1.4.
[[nodiscard]] std::vector<double> default_reuse_limits();

struct ReuseOptions {
  double max_loss = 0.01;                               // of mean score, a share from 0 to below 1
  int max_age = 30;                                     // ReuseRule::max_age
  std::vector<double> limits = default_reuse_limits();  // rising, each above 0 and at most 255
  // The model of the zoo whose answers count as right; empty: the labels of the data do.
  std::string labels_from = {};
  DecodeOptions decode = {};
  std::stop_token stop = {};  // when asked to stop: throws kInterrupted
  std::function<void(std::size_t done, std::size_t total)> on_frame = {};
};

// Means over sequences.
struct ReuseStep {
  double limit = 0;
  double ran_share = 1;  // of the frames: those that ran a network
  Estimate loss;         // the policy's score on every frame less its score with reuse
  bool passed = false;   // it and all below it keep the stated loss
};

struct ReuseStudy {
  double max_loss = 0;  // as asked for
  int max_age = 0;      // as asked for
  std::size_t sequences = 0, frames = 0;
  std::size_t n_failed = 0;           // frames that could not be read, left out
  double score = 0;                   // of the policy on every frame
  std::vector<ReuseStep> steps;       // by limit
  std::optional<std::size_t> chosen;  // of the steps: the last that passed; none: not even the first did
  // On sequences that their limit was not learned on.
  double left_out_ran_share = 1;
  Estimate left_out_loss;
  std::unique_ptr<Policy> policy;  // with the rule (PolicyInfo::reuse); null where no step passed
};

// `data` holds the frames: each folder is a sequence, in the order of its ids. Throws kUsage for options out
// of range and an unknown model; kData for fewer than three sequences, and frames without labels where they
// are needed; kPolicy for a policy that does not fit the zoo; kInterrupted.
[[nodiscard]] ReuseStudy study_reuse(const std::shared_ptr<const Policy>& policy,
                                     const std::shared_ptr<Runtime>& runtime, const Dataset& data,
                                     const ReuseOptions& options);

}  // namespace triage
