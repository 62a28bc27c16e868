// The limit of reuse, from the answers that a policy gave on every frame of some sequences.
#pragma once

#include <span>
#include <vector>

#include "runtime/frame_reuse.h"
#include "triage/tools/reuse.h"

namespace triage {

struct AnsweredFrame {
  Thumbnail thumbnail{};
  TopK answer;  // empty: refused
  Label label = kNoLabel;
};
using FrameSequence = std::vector<AnsweredFrame>;

// What a rule does on one sequence.
struct ReuseOutcome {
  double ran_share = 1;
  double loss = 0;  // of mean score
};
[[nodiscard]] ReuseOutcome replay_reuse(std::span<const AnsweredFrame> sequence, const ReuseRule& rule,
                                        Criterion criterion);

// All of a study but its policy, its counts of frames and its score. At least three sequences, none empty.
void learn_reuse(std::span<const FrameSequence> sequences, Criterion criterion, const ReuseOptions& options,
                 ReuseStudy& study);

}  // namespace triage
