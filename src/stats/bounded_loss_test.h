// Tests of a mean of values from -1 to 1, of which nothing else is known: finite-sample, by betting.
#pragma once

#include <span>

#include "triage/tools/estimate.h"

namespace triage {

// Of n independent losses, each from -1 to 1, in an order that does not depend on them. Against "the expected
// loss is `bound` or more" (-1 < bound < 1) a bettor who began with 1 stakes the share l of the money on each
// loss and has 1 + l (bound - loss) times as much afterwards. While the hypothesis holds, that is a
// supermartingale for whatever l of 0 to 1 / (1 - bound) depends on the past alone, and it ever reaches
// 1 / delta with probability of at most delta (Ville 1939). The stakes aim at 1 / delta within the losses
// that are left (STaR bets: Voracek, Orabona 2025; betting: Waudby-Smith, Ramdas 2023):
//
//   l = sqrt(2 log(1 / (delta wealth)) / (losses left * v)),  at most 0.9 / (1 - bound),
//
// with v the mean square of (loss - bound) so far, begun with one of 1/4. What the test needs is close to
// what the normal approximation would need, except where losses vary so little that the cap binds.
//
// P-value, 1 / the most that the bettor ever had: P(p <= x) <= x. Once delta is reached the aim is a tenth of
// it, and so on.
[[nodiscard]] double bounded_loss_p_value(std::span<const float> losses, double bound, double delta);
// Whether it is at most `delta`; quicker.
[[nodiscard]] bool is_bounded_loss_below(std::span<const float> losses, double bound, double delta);

// The mean losses that this test and its mirror image leave open, each at level delta / 2: the true one lies
// outside with probability of at most delta. Bounds are tried on a grid of 1 / (100 sqrt(n)), from the
// farthest inwards, until the first that is left open (a fixed sequence), since the stakes are not the same
// for every bound.
[[nodiscard]] Interval bounded_loss_interval(std::span<const float> losses, double delta);

// About how many losses would bring the p-value to delta if they stayed the same; NaN when the mean is not
// below the bound.
[[nodiscard]] double bounded_losses_needed(std::span<const float> losses, double bound, double delta);

}  // namespace triage
