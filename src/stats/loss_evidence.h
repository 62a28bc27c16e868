// Evidence that a mean loss is below a bound, which may be looked at again and again while inputs are added.
#pragma once

#include <span>

#include "stats/paired_loss_test.h"

namespace triage {

// Logarithm of an e-value against "the expected loss is `bound` or more" (-1 < bound < 1) for independent
// pairs: what a bettor has who began with 1 and put an equal part of it at each of some fixed fractions, all
// of it again on every pair (Waudby-Smith, Ramdas 2023). While the hypothesis holds its expectation is at
// most 1 after any number of pairs, and it ever reaches 1 / delta with probability of at most delta (Ville
// 1939). The order of the pairs does not matter, so counts are enough.
[[nodiscard]] double log_loss_evidence(const LossCounts& counts, double bound);
// The same of losses that are any numbers from -1 to 1.
[[nodiscard]] double log_loss_evidence(std::span<const float> losses, double bound);

// Min(1, 1 / e-value): P(it is ever at or below x) <= x.
[[nodiscard]] double anytime_loss_p_value(const LossCounts& counts, double bound);
[[nodiscard]] double anytime_loss_p_value(std::span<const float> losses, double bound);

// About how many pairs would bring this p-value to delta if the proportions stayed the same; NaN when none
// would.
[[nodiscard]] double anytime_pairs_needed(const LossCounts& counts, double bound, double delta);
[[nodiscard]] double anytime_pairs_needed(std::span<const float> losses, double bound, double delta);

}  // namespace triage
