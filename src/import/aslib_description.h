// description.txt of a scenario of the Algorithm Selection Library: what was measured, and how.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace triage {

struct AslibMeasure {
  std::string name;
  bool is_runtime = false;  // seconds
  bool maximize = false;
};

// What computes features together.
struct AslibStep {
  std::string name;
  std::vector<std::string> provides;
};

struct AslibDescription {
  std::string id;
  double cutoff = 0;                   // seconds; 0: not said
  std::vector<AslibMeasure> measures;  // 1 or more
  std::vector<AslibStep> steps;        // in their order; may be none
};

// Throws kIo, kData.
[[nodiscard]] AslibDescription read_aslib_description(const std::filesystem::path& folder);
// The one of this name, or the first. Throws kUsage, naming all.
[[nodiscard]] const AslibMeasure& measure_named(const AslibDescription& description, const std::string& name);

}  // namespace triage
