// The command that makes what an evaluation recommends.
#pragma once

#include <span>
#include <string>

#include "triage/tools/evaluate.h"

namespace triage::cli {

// What an evaluation was given to train on, as typed.
struct EvaluatedProfiles {
  std::span<const std::string> profiles, augment;
  const std::string& labels;  // empty: those of the profiles
};

// `triage train ...` with the options that the evaluation was made with, ready for a shell. Empty where a
// finished policy is recommended, which is there already.
[[nodiscard]] std::string train_command(const Evaluation& evaluation, const EvaluateOptions& options,
                                        const EvaluatedProfiles& profiles);

// As one word of a shell's command.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace triage::cli
