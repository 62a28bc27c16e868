// Which method to use.
#pragma once

#include "triage/tools/evaluate.h"

namespace triage {

// Fills verdict and remarks; the rules are at the top of verdict.cpp.
void write_verdict(Evaluation& evaluation);

}  // namespace triage
