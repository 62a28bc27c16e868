// Models that no mixture of two others beats.
#pragma once

#include <span>

#include "triage/types.h"

namespace triage {

// Whether no other model, nor a mixture of two, scores at least as much at no more cost than `model`. `costs`
// and `scores` have shape (m).
[[nodiscard]] bool is_on_hull(ModelIndex model, std::span<const double> costs,
                              std::span<const double> scores);

}  // namespace triage
