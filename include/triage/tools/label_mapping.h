// How the labels of a data set became classes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/types.h"

namespace triage {

// What labels were read from.
enum class LabelsBy {
  kNothing,      // there are none
  kName,         // names of classes, WordNet ids among them
  kNumber,       // class numbers, from 0
  kNumberFrom1,  // class numbers, from 1
  kPosition      // a folder's place among the others'
};

// "nothing", "name", "number", "number from 1" or "position", as profiles and JSON have it.
[[nodiscard]] std::string_view labels_by_word(LabelsBy by);

// To be shown to whoever gave them.
struct LabelMapping {
  LabelsBy by = LabelsBy::kNothing;
  std::size_t n_classes = 0;                            // that occur
  std::vector<std::pair<std::string, Label>> examples;  // as written, and its class; three at most
  std::vector<std::string> warnings;                    // what may be wrong, a sentence each
  std::vector<std::string> notes;  // what was taken otherwise than as written, or left out
};

}  // namespace triage
