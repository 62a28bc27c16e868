// Pieces of the evaluation as plain text (evaluation_text.cpp). Tables end in a line feed; those without rows
// are empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "triage/tools/evaluate.h"

namespace triage {

// Columns as wide as their widest cell, the first flush left, the others flush right.
[[nodiscard]] std::string align(const std::vector<std::vector<std::string>>& rows);
// ", points" of "points"; empty for nothing: what a column counts in, behind its head.
[[nodiscard]] std::string comma(std::string_view unit);
// Breaks at spaces so that no line exceeds the width; following lines are indented.
[[nodiscard]] std::string wrap(std::string_view plain, std::string_view first, std::string_view next);

// Each begins with an empty line.
[[nodiscard]] std::string frontiers_text(const Evaluation& evaluation);
// Scores and times by source; empty where folds are no sources.
[[nodiscard]] std::string sources_text(const Evaluation& evaluation);
// How often caps decided; empty where nothing was asked.
[[nodiscard]] std::string request_text(const Evaluation& evaluation);
[[nodiscard]] std::string decisions_text(const Evaluation& evaluation);
[[nodiscard]] std::string difficulty_text(const Evaluation& evaluation);
[[nodiscard]] std::string classes_text(const Evaluation& evaluation);
[[nodiscard]] std::string reliability_text(const Evaluation& evaluation);

}  // namespace triage
