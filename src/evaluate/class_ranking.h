// Which of a breakdown's classes are worth naming.
#pragma once

#include <cstddef>
#include <vector>

#include "triage/tools/evaluate.h"

namespace triage {

// Right answers that the subject has more than SBS in a class, a whole number.
[[nodiscard]] long long net_gain(const Breakdown& breakdown, std::size_t cls);
// Classes (indices into Breakdown::classes) by rising net gain, so that classes of one input do not come
// first; ties: the smaller class, then the earlier.
[[nodiscard]] std::vector<std::size_t> worst_classes(const Breakdown& breakdown);
// By falling mean time of the subject; ties: the larger class, then the earlier.
[[nodiscard]] std::vector<std::size_t> dearest_classes(const Breakdown& breakdown);

}  // namespace triage
