// One input of a profile, as it is written and read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "triage/types.h"

namespace triage {

struct InputRecord {
  std::int64_t input = 0;    // position in the profile
  std::int32_t machine = 0;  // where it was measured
  std::string id;
  Label label = kNoLabel;
  std::string error;  // why it failed; empty when all went well, and only then is the rest meaningful
  int width = 0;
  int height = 0;
  int channels = 0;
  double decode_ms = 0;
  std::vector<float> features;        // (d)
  std::vector<float> node_ms;         // (g)
  std::vector<double> preprocess_ms;  // (r) recipes
  std::vector<std::int32_t> ranks;    // (m) models
  std::vector<TopK> outputs;          // (m)
  std::vector<double> infer_ms;       // (m)
};

}  // namespace triage
