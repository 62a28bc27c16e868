// `triage import aslib` and what can be done with the profile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/run_cli.h"
#include "import/aslib_scenario.h"

namespace triage {
namespace {

using testing::matches;
using testing::run_cli;

// 40 instances in two folds: the first algorithm is fast where `size` is even, the second where it is odd.
testing::ScenarioFiles even_and_odd() {
  std::string runs, values, statuses, costs, folds;
  for (int i = 0; i < 40; ++i) {
    const int first = i % 2 == 0 ? 5 : 80;
    runs += fmt::format("i{0},1,even,{1},ok\ni{0},1,odd,{2},ok\n", i, first, 85 - first);
    values += fmt::format("i{},1,{},{}\n", i, i % 2, i);
    statuses += fmt::format("i{},1,ok\n", i);
    costs += fmt::format("i{},1,0.5\n", i);
    folds += fmt::format("i{},1,{}\n", i, 1 + i / 20);
  }
  testing::ScenarioFiles files;
  files["description.txt"] =
      "scenario_id: EVEN\nperformance_measures: [runtime]\nperformance_type: [runtime]\nmaximize: [false]\n"
      "algorithm_cutoff_time: 100\nfeature_steps: {all: {provides: [size, number]}}\n";
  files["algorithm_runs.arff"] = testing::runs_text(runs);
  files["feature_values.arff"] =
      testing::arff_text("@attribute size numeric\n@attribute number numeric\n", values);
  files["feature_runstatus.arff"] = testing::arff_text("@attribute all string\n", statuses);
  files["feature_costs.arff"] = testing::arff_text("@attribute all numeric\n", costs);
  files["cv.arff"] = testing::arff_text("@attribute fold numeric\n", folds);
  return files;
}

class ImportAslibCommand : public ::testing::Test {
 protected:
  ImportAslibCommand() {
    for (const auto& [name, text] : even_and_odd()) folder_.write("scenario/" + name, text);
  }
  [[nodiscard]] testing::CliRun import(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"import", "aslib", scenario_, "-o", profile_});
    return run_cli(more);
  }

  testing::TempFolder folder_;
  std::string scenario_ = (folder_ / "scenario").string();
  std::string profile_ = (folder_ / "x.profile").string();
};

TEST_F(ImportAslibCommand, MakesAProfileThatIsEvaluatedOnItsFolds) {
  const auto run = import();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out,
                      ".*/x\\.profile: 40 instances, 2 algorithms, 2 features in 1 groups, 2 folds\n"
                      "score: PAR10, from 1000 \\(worst\\) to 0 \\(best\\); cost in s\n"));
  const auto evaluated = run_cli({"evaluate", profile_, "--cv", "official", "--bootstrap", "0", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(nlohmann::json::parse(evaluated.out).at("folds"), 2);
}

TEST_F(ImportAslibCommand, TakesItsOptions) {
  const auto run = import({"--feature-costs", "--measure", "runtime", "--cv-repetition", "1", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto summary = nlohmann::json::parse(run.out);
  EXPECT_EQ(summary.at("instances"), 40);
  EXPECT_EQ(summary.at("score"), "PAR10");
  EXPECT_EQ(summary.at("worst"), 1000);
  EXPECT_EQ(summary.at("cost_unit"), "s");
}

TEST_F(ImportAslibCommand, NamesTheFlagOfAnOptionThatDoesNotFit) {
  const auto run = import({"--cv-repetition", "7"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(
      matches(run.err, "triage: .*cv\\.arff: no repetition 7, expected --cv-repetition to be one of 1\n"));
}

TEST_F(ImportAslibCommand, SaysWhatIsWrongInOneLine) {
  folder_.write("scenario/cv.arff", testing::arff_text("@attribute fold numeric\n", "i0,1,x\ni1,1"));
  const auto run = import();
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(matches(run.err,
                      "triage: .*/cv\\.arff: line 6, column 6: 'x' for 'fold', expected a number.*; line 7, "
                      "column 5: the line ends after 2 values.*nothing is imported\n"));
  EXPECT_FALSE(std::filesystem::exists(profile_));
}

TEST_F(ImportAslibCommand, RefusesWhatIsNoScenario) {
  const auto run = run_cli({"import", "aslib", folder_.path().string(), "-o", profile_});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_TRUE(matches(run.err, "triage: .*/description\\.txt: is missing, expected it in the folder.*\n"));
  EXPECT_EQ(run_cli({"import"}).exit_code, 2);
}

}  // namespace
}  // namespace triage
