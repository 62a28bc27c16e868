// The bootstrap over inputs: percentile intervals of means, differences and ratios, paired because every
// quantity is resampled with the same inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "triage/tools/estimate.h"

namespace triage {

// Means of `columns` (each of shape (n)) in each resample, shape (resamples, columns) row-major. Resample b
// draws n inputs with replacement from a generator seeded by (seed, b), so that the result depends neither on
// the number of threads nor on the platform.
[[nodiscard]] std::vector<double> bootstrap_means(std::span<const std::vector<double>> columns, int resamples,
                                                  std::uint64_t seed);

// What leaves half of `error` on either side of `statistic` over the resamples' rows of means; NaN for no
// resamples.
[[nodiscard]] Interval bootstrap_interval(std::span<const double> means, std::size_t n_columns,
                                          const std::function<double(std::span<const double>)>& statistic,
                                          double error = 0.05);

}  // namespace triage
