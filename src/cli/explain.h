// One classified input for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "triage/classifier.h"

namespace triage::cli {

struct Shown {
  std::string input;
  Label label = kNoLabel;  // the true class where the data has it
  double decode_ms = 0;
  std::string remark;  // Image::remark
  Result result;       // with its trace for --explain
};

// Null where there is none.
[[nodiscard]] nlohmann::json certificate_json(const Certificate* certificate);

// One line, of a frame.
void print_frame(const Classifier& classifier, const Shown& shown);
void print_text(const Classifier& classifier, const Shown& shown, int top, bool explain);
[[nodiscard]] nlohmann::json to_json(const Classifier& classifier, const Shown& shown, int top, bool explain);

}  // namespace triage::cli
