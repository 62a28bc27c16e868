// One classified input for people; for programs: triage/tools/result_json.h.
#pragma once

#include "triage/tools/result_json.h"

namespace triage::cli {

// One line, of a frame.
void print_frame(const Classifier& classifier, const ShownResult& shown);
void print_result(const Classifier& classifier, const ShownResult& shown, int top, bool explain);

}  // namespace triage::cli
