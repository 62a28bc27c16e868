// Intervals of a share and of a mean.
#pragma once

#include <cstddef>

#include "triage/tools/estimate.h"

namespace triage {

// Wilson's 95 % score interval of a share, `k` of `n`; NaN for none. `k` may be a rounded product, so both
// are numbers. Its mean coverage is 95 %: for what is shown.
[[nodiscard]] Interval wilson_interval(double k, double n);

// Clopper-Pearson limits of a share, k of n: the true one lies above (below) with probability of at most
// `error`, whatever it is. For what is promised; wider than Wilson's.
[[nodiscard]] double upper_share(std::size_t k, std::size_t n, double error);
[[nodiscard]] double lower_share(std::size_t k, std::size_t n, double error);
// Both at 2.5 %.
[[nodiscard]] Interval clopper_pearson(std::size_t k, std::size_t n);

// Half the width of a mean's 95 % interval by Student's t, for n >= 2 values whose squared deviations from
// their mean sum to `squares`.
[[nodiscard]] double mean_bound95(double squares, std::size_t n);

}  // namespace triage
