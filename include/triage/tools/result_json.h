// One result, or one choice, as a JSON object for programs: docs/formats.md has its keys.
#pragma once

#include <string>

#include "triage/choose.h"
#include "triage/classifier.h"

namespace triage {

// A result with what is known of its input.
struct ShownResult {
  std::string input;
  Label label = kNoLabel;  // the true class where the data has it
  double decode_ms = 0;
  std::string remark;  // Image::remark
  Result result;       // with its trace where it is to be explained
};
// The `top` best classes. `explain` takes a result with its trace.
[[nodiscard]] std::string result_json(const Classifier& classifier, const ShownResult& shown, int top,
                                      bool explain);

// What a policy wants next, in the numbers of the table that it was trained on.
[[nodiscard]] std::string choice_json(const PolicyInfo& info, std::string_view id, const Choice& choice);
// The same with the reasons, and the certificate that covers it.
[[nodiscard]] std::string choice_json(const Policy& policy, std::string_view id, const Choice& choice,
                                      const Trace& trace, const Request& request);

}  // namespace triage
