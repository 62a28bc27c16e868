// Whether right answers are more than guessing gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace triage {

// Share of right answers that needs no input: the commonest label's, or 1 / n_classes where that is more.
[[nodiscard]] double chance_rate(std::span<const std::int32_t> labels, std::int32_t n_classes);

// Whether `right` of `n` answers are no more than a share of `chance` explains (binomial test at 1 %). False
// for fewer than 20 answers, and where guessing is always right: nothing can be told then.
[[nodiscard]] bool is_at_chance(std::size_t right, std::size_t n, double chance);

}  // namespace triage
