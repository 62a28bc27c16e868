// Tiny scenarios of the Algorithm Selection Library, whole or with one file changed.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "support/temp_folder.h"
#include "triage/tools/import_aslib.h"

namespace triage::testing {

// By file name.
using ScenarioFiles = std::map<std::string, std::string>;

inline std::string arff_text(const std::string& attributes, const std::string& rows) {
  std::string text = "@relation r\n@attribute instance_id string\n@attribute repetition numeric\n";
  return text + attributes + "@data\n" + rows;
}

inline std::string runs_text(const std::string& rows) {
  return arff_text("@attribute algorithm string\n@attribute runtime numeric\n@attribute runstatus string\n",
                   rows);
}

// Two instances, two algorithms, a cutoff of 100 s, three features in two steps.
inline ScenarioFiles run_time_scenario() {
  ScenarioFiles files;
  files["description.txt"] =
      "scenario_id: TINY\nperformance_measures: runtime\nperformance_type: [runtime]\nmaximize:\n- false\n"
      "algorithm_cutoff_time: 100\nfeature_steps:\n  basic:\n    provides:\n    - size\n    - depth\n"
      "  probe:\n    provides: [depth, luck]\n    requires: [basic]\n";
  files["algorithm_runs.arff"] = runs_text(
      "one,1,fast,10,ok\none,1,slow,50,ok\n"
      "'two, too',1,fast,100,timeout\n'two, too',1,slow,100,ok\n");
  files["feature_values.arff"] =
      arff_text("@attribute size numeric\n@attribute luck numeric\n@attribute depth numeric\n",
                "one,1,4,0.5,7\n'two, too',1,5,inf,?\n");
  files["feature_runstatus.arff"] =
      arff_text("@attribute probe {ok,timeout}\n@attribute basic {ok,presolved}\n",
                "one,1,ok,ok\n'two, too',1,ok,ok\n");
  files["feature_costs.arff"] =
      arff_text("@attribute probe numeric\n@attribute basic numeric\n", "one,1,2,0.5\n'two, too',1,?,1\n");
  files["cv.arff"] =
      arff_text("@attribute fold numeric\n", "one,1,1\n'two, too',1,2\none,2,2\n'two, too',2,1\n");
  return files;
}

// The same judged by a quality from 2 to 6, of which more is better, and without times.
inline ScenarioFiles quality_scenario() {
  ScenarioFiles files = run_time_scenario();
  files["description.txt"] =
      "scenario_id: Q\nperformance_measures: [quality]\nperformance_type: [solution_quality]\n"
      "maximize: [true]\nalgorithm_cutoff_time: '?'\nfeature_steps:\n  basic: {provides: [size, depth]}\n"
      "  probe: {provides: [luck]}\n";
  files["algorithm_runs.arff"] =
      arff_text("@attribute algorithm string\n@attribute quality numeric\n@attribute runstatus string\n",
                "one,1,fast,2,ok\none,1,slow,6,ok\n'two, too',1,fast,3,ok\n'two, too',1,slow,9,crash\n");
  return files;
}

// Replaces `from`, which must be there.
inline void replace_in(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

// Writes and imports it; the profile is `out` of the folder.
inline AslibSummary import_scenario(const TempFolder& folder, const ScenarioFiles& files,
                                    const AslibOptions& options = {}) {
  for (const auto& [name, text] : files) folder.write("scenario/" + name, text);
  return import_aslib(folder / "scenario", options, folder / "out.profile");
}

}  // namespace triage::testing
