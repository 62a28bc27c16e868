// Whether two lists rank things alike.
#pragma once

#include <span>

namespace triage {

// Spearman's rank correlation: Pearson's of the ranks, equal values sharing their mean rank. -1 to 1; NaN for
// fewer than two pairs, for values that are not finite, and when one list is constant. Throws kUsage for
// lists of different length.
[[nodiscard]] double spearman(std::span<const double> a, std::span<const double> b);
// Kendall's tau-b, on the same terms.
[[nodiscard]] double kendall(std::span<const double> a, std::span<const double> b);

}  // namespace triage
