// algorithm_runs.arff of a scenario of the Algorithm Selection Library, and what it makes of models on
// inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "import/aslib_description.h"
#include "profile/outcomes.h"

namespace triage {

// Names in the order in which they came.
class AslibNames {
 public:
  std::size_t add(const std::string& name) {
    const auto [at, is_new] = positions_.emplace(name, names_.size());
    if (is_new) names_.push_back(name);
    return at->second;
  }
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const {
    const auto at = positions_.find(name);
    return at == positions_.end() ? std::nullopt : std::optional(at->second);
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::size_t> positions_;
};

struct AslibRun {
  std::size_t instance = 0, algorithm = 0;
  bool is_ok = false;
  std::optional<double> value;  // of the measure; none where it is missing
  std::optional<double> time;   // seconds, where a measure is of them
};

struct AslibRuns {
  AslibNames instances, algorithms;
  bool has_time = false;
  std::vector<AslibRun> runs;  // of all repetitions
};

// Throws kIo, kData.
[[nodiscard]] AslibRuns read_aslib_runs(const std::filesystem::path& folder,
                                        const AslibDescription& description, const AslibMeasure& measure);

struct AslibOutcomes {
  Terms terms;
  std::vector<std::optional<OutcomeCell>> cells;  // (instances, algorithms) none where it was not run
};

// `folder` is for messages. Throws kData where the measure says nothing: no cutoff, no run that is ok, all
// alike.
[[nodiscard]] AslibOutcomes outcomes_of(const AslibRuns& runs, const AslibMeasure& measure, double cutoff,
                                        const std::filesystem::path& folder);

}  // namespace triage
