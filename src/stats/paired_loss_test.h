// The exact test behind calibration and comparison: is the mean of a signed, paired loss below a bound?
#pragma once

#include <cstddef>

#include "triage/tools/estimate.h"

namespace triage {

// A pair is an input: worse (+1) when the reference is right and the policy wrong, better (-1) the other way
// round, else 0.
struct LossCounts {
  std::size_t n = 0;
  std::size_t worse = 0;
  std::size_t better = 0;

  // Counts one pair; `loss` is +1, -1 or 0.
  void add(int loss) {
    ++n;
    worse += loss > 0 ? 1 : 0;
    better += loss < 0 ? 1 : 0;
  }
  [[nodiscard]] double mean() const {
    return (static_cast<double>(worse) - static_cast<double>(better)) / static_cast<double>(n);
  }
};

// P-value of "the expected loss is `bound` or more" (-1 < bound < 1) for independent pairs. The hypothesis
// leaves open how often the two differ, d; the largest probability of a sum of losses this small or smaller
// is taken over all d that a one-sided Clopper-Pearson interval allows, and the interval's own error, delta /
// 50, is added (Berger and Boos 1994). So P(p <= x) <= x for every x >= delta / 50. It needs about a quarter
// of the inputs of Hoeffding's bound where the two differ on one input in twenty, since it knows that most
// losses are zero.
[[nodiscard]] double loss_p_value(const LossCounts& counts, double bound, double delta);
// Whether it is at most `delta`; quicker.
[[nodiscard]] bool is_loss_below(const LossCounts& counts, double bound, double delta);

// The mean losses that this test and its mirror image leave open, each at level delta / 2: the true one lies
// outside with probability of at most delta. Rounded outwards to 1e-5.
[[nodiscard]] Interval mean_loss_interval(const LossCounts& counts, double delta);

// About how many pairs would bring the p-value to delta if the proportions stayed the same; NaN when the mean
// is not below the bound. Any bound that the test takes.
[[nodiscard]] double pairs_needed(const LossCounts& counts, double bound, double delta);

}  // namespace triage
