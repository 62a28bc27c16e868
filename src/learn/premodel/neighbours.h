// Checks the number of neighbours.
#pragma once

#include <fmt/format.h>

#include "triage/error.h"

namespace triage {

// Throws kUsage for anything but an odd number from 1 to 63.
inline void check_neighbours(int k) {
  if (k >= 1 && k <= 63 && k % 2 == 1) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("k: {}, expected an odd number from 1 to 63; 5 is the paper's", k));
}

}  // namespace triage
