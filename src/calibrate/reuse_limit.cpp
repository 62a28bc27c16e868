#include "calibrate/reuse_limit.h"

#include <algorithm>
#include <numeric>

#include "stats/intervals.h"
#include "stats/mean.h"

namespace triage {
namespace {

// With Student's interval: sequences differ by much more than frames, and there are few.
Estimate estimate_mean(std::span<const double> values) {
  const double value = mean(values);
  const double bound = mean_bound95(squared_deviations(values, value), values.size());
  return {value, {value - bound, value + bound}};
}

// Some of the sequences at one limit.
ReuseStep step_of(double limit, std::span<const ReuseOutcome> outcomes,
                  std::span<const std::size_t> sequences) {
  std::vector<double> losses, shares;
  for (const std::size_t s : sequences) {
    losses.push_back(outcomes[s].loss);
    shares.push_back(outcomes[s].ran_share);
  }
  return {limit, mean(shares), estimate_mean(losses), false};
}

// None passes after one that fails: a fixed order of tests, so that trying many limits costs no confidence.
// outcomes: by limit, each by sequence.
std::vector<ReuseStep> try_limits(const std::vector<std::vector<ReuseOutcome>>& outcomes,
                                  std::span<const std::size_t> sequences, const ReuseOptions& options) {
  std::vector<ReuseStep> steps;
  bool all_passed = true;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ReuseStep& step = steps.emplace_back(step_of(options.limits[i], outcomes[i], sequences));
    step.passed = all_passed = all_passed && step.loss.interval.high <= options.max_loss;
  }
  return steps;
}

std::optional<std::size_t> last_passed(const std::vector<ReuseStep>& steps) {
  const auto passed = static_cast<std::size_t>(
      std::count_if(steps.begin(), steps.end(), [](const ReuseStep& step) { return step.passed; }));
  return passed == 0 ? std::nullopt : std::optional(passed - 1);
}

// Each sequence with the limit that the others give.
void judge_left_out(const std::vector<std::vector<ReuseOutcome>>& outcomes, std::size_t n_sequences,
                    const ReuseOptions& options, ReuseStudy& study) {
  std::vector<double> losses, shares;
  for (std::size_t left_out = 0; left_out < n_sequences; ++left_out) {
    std::vector<std::size_t> others;
    for (std::size_t s = 0; s < n_sequences; ++s) {
      if (s != left_out) others.push_back(s);
    }
    const auto chosen = last_passed(try_limits(outcomes, others, options));
    const ReuseOutcome outcome = chosen ? outcomes[*chosen][left_out] : ReuseOutcome{};
    losses.push_back(outcome.loss);
    shares.push_back(outcome.ran_share);
  }
  study.left_out_loss = estimate_mean(losses);
  study.left_out_ran_share = mean(shares);
}

}  // namespace

ReuseOutcome replay_reuse(std::span<const AnsweredFrame> sequence, const ReuseRule& rule,
                          Criterion criterion) {
  FrameReuse reuse(rule);
  const AnsweredFrame* last = nullptr;
  double ran = 0, lost = 0;
  for (const AnsweredFrame& frame : sequence) {
    if (reuse.compare(frame.thumbnail).reuses) {
      lost += score_of_answer(frame.answer, frame.label, criterion) -
              score_of_answer(last->answer, frame.label, criterion);
      continue;
    }
    ++ran;
    if (frame.answer.best() == kNoLabel) continue;
    reuse.answered(frame.thumbnail);
    last = &frame;
  }
  const auto frames = static_cast<double>(sequence.size());
  return {ran / frames, lost / frames};
}

void learn_reuse(std::span<const FrameSequence> sequences, Criterion criterion, const ReuseOptions& options,
                 ReuseStudy& study) {
  std::vector<std::vector<ReuseOutcome>> outcomes;
  for (const double limit : options.limits) {
    auto& at_limit = outcomes.emplace_back();
    for (const FrameSequence& sequence : sequences) {
      at_limit.push_back(replay_reuse(sequence, {limit, options.max_age}, criterion));
    }
  }
  std::vector<std::size_t> all(sequences.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  study.max_loss = options.max_loss;
  study.max_age = options.max_age;
  study.sequences = sequences.size();
  study.steps = try_limits(outcomes, all, options);
  study.chosen = last_passed(study.steps);
  judge_left_out(outcomes, sequences.size(), options, study);
}

}  // namespace triage
