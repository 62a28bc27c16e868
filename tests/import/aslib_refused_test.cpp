// Every way in which a scenario is refused, and that nothing is left behind then.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "import/aslib_scenario.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::quality_scenario;
using testing::replace_in;
using testing::run_time_scenario;

void expect_scenario_refused(const testing::ScenarioFiles& files, ErrorCode code,
                             std::initializer_list<std::string_view> parts,
                             const AslibOptions& options = {}) {
  const testing::TempFolder folder;
  testing::expect_error([&] { (void)testing::import_scenario(folder, files, options); }, code, parts);
  EXPECT_FALSE(std::filesystem::exists(folder / "out.profile"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.profile.importing"));
}

struct Change {
  std::string file, from, to;
  std::vector<std::string> parts;
};

void expect_changes_refused(const testing::ScenarioFiles& whole, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    SCOPED_TRACE(change.file + ": " + change.from + " -> " + change.to);
    testing::ScenarioFiles files = whole;
    replace_in(files[change.file], change.from, change.to);
    expect_scenario_refused(files, ErrorCode::kData, {change.file + ":"});
    for (const std::string& part : change.parts) expect_scenario_refused(files, ErrorCode::kData, {part});
  }
}

TEST(AslibRefused, FilesThatAreMissing) {
  for (const char* name : {"description.txt", "algorithm_runs.arff", "cv.arff", "feature_values.arff",
                           "feature_runstatus.arff"}) {
    testing::ScenarioFiles files = run_time_scenario();
    files.erase(name);
    expect_scenario_refused(files, ErrorCode::kIo,
                            {name, "is missing, expected it in the folder of a scenario"});
  }
  testing::ScenarioFiles files = run_time_scenario();
  files.erase("feature_costs.arff");
  expect_scenario_refused(files, ErrorCode::kIo, {"feature_costs.arff: is missing"}, {.feature_costs = true});
}

TEST(AslibRefused, Descriptions) {
  const auto change = [](std::string from, std::string to, std::vector<std::string> parts) {
    return Change{"description.txt", std::move(from), std::move(to), std::move(parts)};
  };
  expect_changes_refused(
      run_time_scenario(),
      {change("scenario_id: TINY", "scenario_id: [", {"line 3, column 17", "expected YAML"}),
       change("runtime\nperf", "{a: b}\nperf",
              {"performance_measures: is a mapping, expected a list of names"}),
       change("[runtime]", "[[runtime]]",
              {"line 3, column 20: performance_type: holds something that is no name"}),
       change("performance_measures: runtime\n", "", {"performance_measures: none, expected 1 or more"}),
       change("[runtime]", "[runtime, runtime]",
              {"1 performance_measures, 2 of performance_type and 1 of maximize, expected as many"}),
       change("- false", "- false\n- true", {"2 of maximize"}),
       change("[runtime]", "[speed]", {"performance_type: 'speed', expected runtime or solution_quality"}),
       change("- false", "- perhaps", {"maximize: 'perhaps', expected true or false"}),
       change("time: 100", "time: soon", {"line 6, column 24: algorithm_cutoff_time: no number of seconds"}),
       change("time: 100", "time: -1", {"algorithm_cutoff_time"}),
       change("time: 100", "time: .inf", {"algorithm_cutoff_time"}),
       change("time: 100", "time: '?'", {"no algorithm_cutoff_time, expected one above 0"}),
       change("feature_steps:", "feature_steps: [a]\nx:",
              {"feature_steps: is no mapping, expected steps by name"}),
       change("  basic:", "  odd: 5\n  basic:", {"feature_steps: a step that is no mapping"}),
       change("[depth, luck]", "{depth: luck}", {"step 'probe', provides: is a mapping"})});
  testing::ScenarioFiles files = run_time_scenario();
  files["description.txt"] = "just a text";
  expect_scenario_refused(files, ErrorCode::kData, {"description.txt: is no YAML mapping"});
}

TEST(AslibRefused, Runs) {
  const auto change = [](std::string from, std::string to, std::vector<std::string> parts) {
    return Change{"algorithm_runs.arff", std::move(from), std::move(to), std::move(parts)};
  };
  expect_changes_refused(
      run_time_scenario(),
      {change("instance_id", "id", {"no attribute 'instance_id', expected one with the names of instances"}),
       change("repetition", "rep", {"no attribute 'repetition'"}),
       change("algorithm string", "solver string", {"no attribute 'algorithm'"}),
       change("runstatus", "status", {"no attribute 'runstatus'"}),
       change("runtime", "time", {"no attribute 'runtime', expected one with a performance measure"}),
       change("10,ok", "10,solved", {"line 8, column 15: 'solved' for 'runstatus', expected ok, timeout"}),
       change("10,ok", "10,?", {"line 8, column 15: a missing value for 'runstatus', expected a name"}),
       change("one,1,fast", "?,1,fast",
              {"line 8, column 1: a missing value for 'instance_id', expected a name"}),
       change("one,1,fast", "'',1,fast", {"line 8, column 1: '' for 'instance_id'"}),
       change("one,1,fast", "one,1.5,fast",
              {"line 8, column 5: '1.5' for 'repetition', expected an integer"}),
       change("one,1,fast", "one,-1,fast", {"'-1' for 'repetition'"}),
       change("one,1,fast", "one,?,fast", {"a missing value for 'repetition'"}),
       change("one,1,fast", "one,1,?",
              {"line 8, column 7: a missing value for 'algorithm', expected a name"}),
       change("10,ok", "-10,ok", {"line 8, column 12: '-10' for 'runtime', expected seconds, 0 or more"}),
       change("10,ok", "ten,ok", {"'ten' for 'runtime', expected a number"}),
       change("one,1,slow", "one,1,fast",
              {"line 9, column 1: instance 'one', algorithm 'fast', repetition 1 for the second time"}),
       change("100,ok\n", "100",
              {"line 11, column 22: the line ends after 4 values, expected 5", "cut short?"})});
  testing::ScenarioFiles files = run_time_scenario();
  files["algorithm_runs.arff"] = testing::runs_text("");
  expect_scenario_refused(files, ErrorCode::kData, {"algorithm_runs.arff: no runs, expected 1 or more"});
}

TEST(AslibRefused, TextsWhereNumbersBelong) {
  testing::ScenarioFiles files = run_time_scenario();
  replace_in(files["algorithm_runs.arff"], "runtime numeric", "runtime string");
  replace_in(files["algorithm_runs.arff"], "50,ok", "long,ok");
  expect_scenario_refused(files, ErrorCode::kData,
                          {"line 9, column 12: 'long' for 'runtime', expected a number"});
  replace_in(files["algorithm_runs.arff"], "repetition numeric", "repetition string");
  replace_in(files["algorithm_runs.arff"], "one,1,fast", "one,first,fast");
  expect_scenario_refused(files, ErrorCode::kData, {"'first' for 'repetition', expected a number"});
}

TEST(AslibRefused, Qualities) {
  const auto change = [](std::string from, std::string to, std::vector<std::string> parts) {
    return Change{"algorithm_runs.arff", std::move(from), std::move(to), std::move(parts)};
  };
  expect_changes_refused(
      quality_scenario(),
      {change("fast,2,ok", "fast,inf,ok", {"'inf' for 'quality', expected a finite number"}),
       change("one,1,fast,2,ok\none,1,slow,6,ok\n'two, too',1,fast,3,ok",
              "one,1,fast,2,crash\none,1,slow,?,ok\n'two, too',1,fast,3,other",
              {"no run that is ok has a 'quality', expected some"}),
       change("slow,6,ok\n'two, too',1,fast,3", "slow,2,ok\n'two, too',1,fast,2",
              {"all runs have the same 'quality', 2"})});
  testing::ScenarioFiles files = quality_scenario();
  replace_in(files["description.txt"], "[quality]", "[quality, seconds]");
  replace_in(files["description.txt"], "[solution_quality]", "[solution_quality, runtime]");
  replace_in(files["description.txt"], "[true]", "[true, false]");
  expect_scenario_refused(files, ErrorCode::kData, {"no attribute 'seconds'"});
  files["algorithm_runs.arff"] = testing::arff_text(
      "@attribute algorithm string\n@attribute quality numeric\n@attribute seconds numeric\n@attribute "
      "runstatus "
      "string\n",
      "one,1,fast,2,?,ok\n'two, too',1,fast,3,1,ok\n");
  expect_scenario_refused(files, ErrorCode::kData, {"algorithm 'fast' on instance 'one' has no time"});
}

TEST(AslibRefused, Folds) {
  const auto change = [](std::string from, std::string to, std::vector<std::string> parts) {
    return Change{"cv.arff", std::move(from), std::move(to), std::move(parts)};
  };
  expect_changes_refused(
      run_time_scenario(),
      {change("fold numeric", "part numeric", {"no attribute 'fold'"}),
       change("one,1,1", "one,1,1.5",
              {"line 6, column 7: '1.5' for 'fold', expected an integer of 0 or more"}),
       change("one,1,1\n", "", {"instance 'one' has runs but no fold in repetition 1, expected one"}),
       change("one,1,1", "three,1,1", {"line 6, column 1: instance 'three', which has no runs"}),
       change("one,1,1", "one,1,1\none,1,2",
              {"line 7, column 1: instance 'one', repetition 1 for the second time"})});
  testing::ScenarioFiles files = run_time_scenario();
  expect_scenario_refused(files, ErrorCode::kUsage,
                          {"no repetition 3, expected cv_repetition to be one of 1, 2"},
                          {.cv_repetition = 3});
  files["cv.arff"] = testing::arff_text("@attribute fold numeric\n", "");
  expect_scenario_refused(files, ErrorCode::kData, {"cv.arff: no rows, expected one for each instance"});
}

TEST(AslibRefused, Features) {
  expect_changes_refused(
      run_time_scenario(),
      {{"feature_values.arff",
        "size",
        "width",
        {"feature 'width' is provided by no step of description.txt"}},
       {"feature_values.arff", "0.5", "half", {"line 8, column 9: 'half' for 'luck', expected a number"}},
       {"feature_values.arff",
        "'two, too'",
        "one",
        {"line 9, column 1: instance 'one', repetition 1 for the second"}},
       {"feature_runstatus.arff", "probe", "prob", {"no attribute 'probe', expected one with how this step"}},
       {"feature_runstatus.arff", "one,1,ok", "one,1,fine", {"line 7, column 7: 'fine' for 'probe'"}},
       {"feature_runstatus.arff",
        "'two, too'",
        "one",
        {"instance 'one', repetition 1 for the second time"}}});
  testing::ScenarioFiles files = run_time_scenario();
  replace_in(files["feature_runstatus.arff"], "{ok,timeout}", "string");
  replace_in(files["feature_runstatus.arff"], "one,1,ok", "one,1,fine");
  expect_scenario_refused(files, ErrorCode::kData,
                          {"'fine' for 'probe', expected ok, timeout, memout, presolved"});
}

TEST(AslibRefused, FeatureCosts) {
  const AslibOptions with_costs{.feature_costs = true};
  testing::ScenarioFiles files = run_time_scenario();
  replace_in(files["feature_costs.arff"], "probe", "prob");
  expect_scenario_refused(files, ErrorCode::kData, {"no attribute 'probe', expected one with what this step"},
                          with_costs);
  for (const char* cost : {"-2", "inf"}) {
    files = run_time_scenario();
    replace_in(files["feature_costs.arff"], "one,1,2", std::string("one,1,") + cost);
    expect_scenario_refused(
        files, ErrorCode::kData,
        {"feature_costs.arff: line 7, column 7", "for 'probe', expected finite seconds, 0 or more"},
        with_costs);
  }
  expect_scenario_refused(quality_scenario(), ErrorCode::kUsage,
                          {"scenario 'Q': feature_costs are seconds", "since these count in runs"},
                          with_costs);
}

TEST(AslibRefused, AMeasureThatIsNotThere) {
  expect_scenario_refused(run_time_scenario(), ErrorCode::kUsage,
                          {"scenario 'TINY': no performance measure 'gap', expected one of runtime"},
                          {.measure = "gap"});
}

TEST(AslibRefused, AnOutputThatIsThere) {
  const testing::TempFolder folder;
  folder.write("out.profile", "mine");
  EXPECT_TRIAGE_ERROR(testing::import_scenario(folder, run_time_scenario()), ErrorCode::kUsage,
                      "out.profile");
}

}  // namespace
}  // namespace triage
