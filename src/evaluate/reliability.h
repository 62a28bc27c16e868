// Whether a confidence is the share of right answers.
#pragma once

#include <cstdint>
#include <span>

#include "triage/tools/evaluate.h"
#include "triage/tools/table.h"

namespace triage {

// Of the answers of a replay that have a confidence. A bin has some hundred inputs, but there are 5 to 20 of
// them (as many as inputs where those are fewer). Whose replay it is, the caller notes.
[[nodiscard]] Reliability measure_reliability(const Table& table, const Replay& replay);

}  // namespace triage
