// The study's table with features that were taken at other working sizes.
#pragma once

#include <string>
#include <vector>

#include "triage/tools/study.h"

namespace triage {

struct SizedTables {
  std::vector<Table> tables;  // the study's, but for features, their times and working size
  std::vector<int> same_px;   // sizes with the same features as the study's: no image is larger
};
// For StudyOptions::other_features. Throws kUsage for one that has not the same features of the same inputs,
// and for one whose size is the study's or another's.
[[nodiscard]] SizedTables sized_tables(const Table& table, const StudyOptions& options);

}  // namespace triage
