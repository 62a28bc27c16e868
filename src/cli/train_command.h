// The command that makes what an evaluation recommends.
#pragma once

#include <span>
#include <string>

#include "triage/tools/evaluate.h"

namespace triage::cli {

// `triage train ...` with the options that the evaluation was made with, ready for a shell. Empty where a
// finished policy is recommended, which is there already.
[[nodiscard]] std::string train_command(const Evaluation& evaluation, const EvaluateOptions& options,
                                        std::span<const std::string> profiles, const std::string& labels);

// As one word of a shell's command.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace triage::cli
