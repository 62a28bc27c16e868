// One input of a profile, as it is written and read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "triage/types.h"

namespace triage {

// Goes with a mean: the number of runs, and the sum of squared deviations from it.
struct Spread {
  int runs = 1;
  double m2 = 0;
};

struct InputRecord {
  std::int64_t input = 0;    // position in the profile
  std::int32_t machine = 0;  // where it was measured
  std::string id;
  Label label = kNoLabel;
  std::string group;   // Dataset::group; empty: it stands alone
  std::string error;   // why it failed; empty when all went well, and only then is the rest meaningful
  std::string remark;  // Image::remark; not stored
  int width = 0;
  int height = 0;
  int channels = 0;
  std::optional<std::int64_t> pixel_hash;  // of the decoded picture; profiles of format 1 have none
  double decode_ms = 0;
  std::vector<float> features;        // (d)
  std::vector<float> node_ms;         // (g)
  std::vector<double> preprocess_ms;  // (r) recipes
  std::vector<std::int32_t> ranks;    // (m) models
  std::vector<TopK> outputs;          // (m)
  std::vector<double> infer_ms;       // (m)
  int feature_runs = 1;
  std::vector<Spread> preprocess_spread;  // (r)
  std::vector<Spread> infer_spread;       // (m)
  int capped = 0;                         // cells that ended at the cap
  double warming_ms = 0;                  // of runs that are not in infer_ms; not stored
  int retries = 0;                        // runs given up because the process stood still; not stored
  int disturbed = 0;                      // cells in which it did so in the end; not stored
};

}  // namespace triage
