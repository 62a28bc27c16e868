// What methods and frontiers are called, and what each does in one line.
#pragma once

#include <string>

#include "triage/tools/evaluate.h"

namespace triage {

// "cnn5", "SBS", "premodel dt.dt.dt", "cascade of 2".
[[nodiscard]] std::string method_name(const Evaluation& evaluation, MethodId method);
// In a sentence: "the adaptive policy", "what training chooses by itself"; a finished policy goes by its
// name.
[[nodiscard]] std::string method_phrase(const Evaluation& evaluation, MethodId method);
[[nodiscard]] std::string method_about(const Evaluation& evaluation, MethodId method);
// "adaptive in 9 folds, cascade of 2 in 1 fold": what training chose by itself, the most frequent first.
[[nodiscard]] std::string auto_kinds(const Evaluation& evaluation);
// "zero router", "cascades", "adaptive".
[[nodiscard]] std::string frontier_name(const Frontier& frontier);

}  // namespace triage
