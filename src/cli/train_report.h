// What `triage train` shows: models, settings and how the policy was trained, as a table or JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/inner_gain.h"
#include "triage/tools/learn.h"
#include "triage/tools/table.h"

namespace triage::cli {

struct TrainedPolicy {
  std::unique_ptr<Policy> policy;
  std::vector<SelectionStep> selection;  // of a premodel
  std::vector<std::string> warnings;
  std::optional<KindChoice> choice = std::nullopt;  // where training chose the kind
};

struct TrainReport {
  const Table& table;
  Rows rows;  // that were trained on
  const TrainedPolicy& trained;
  std::string out;
  std::uintmax_t size = 0;            // bytes of the file
  std::optional<InnerGain> estimate;  // against the single best model, where training can tell
  bool pays = true;                   // as far as it can
  double theta_points = 0;
  bool all_settings = false;
  CostWeights cost = kTimeCost;  // that was asked to be saved
};

void print_report(const TrainReport& report);
[[nodiscard]] nlohmann::json to_json(const TrainReport& report);

}  // namespace triage::cli
