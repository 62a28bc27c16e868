// How clearly one of two is better on the same rows.
#pragma once

#include <span>

namespace triage {

// Mean of second - first over the rows on which both are numbers, in standard errors of it; 0 for fewer than
// two rows and where the difference is always the same.
[[nodiscard]] double paired_lead(std::span<const double> first, std::span<const double> second);

}  // namespace triage
