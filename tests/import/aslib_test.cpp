// Tiny scenarios, with scores and costs computed by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "import/aslib_scenario.h"
#include "profile/outcomes.h"
#include "triage/tools/table.h"

namespace triage {
namespace {

using testing::import_scenario;
using testing::quality_scenario;
using testing::run_time_scenario;
using testing::runs_text;
using testing::ScenarioFiles;

Table table_of(const ScenarioFiles& files, const AslibOptions& options = {}) {
  const testing::TempFolder folder;
  (void)import_scenario(folder, files, options);
  return load_outcomes(folder / "out.profile");
}

using Floats = std::vector<float>;

TEST(Aslib, RunTimesAreScoredByPar10) {
  const Table table = table_of(run_time_scenario());
  EXPECT_EQ(table.ids, (std::vector<std::string>{"one", "two, too"}));
  ASSERT_EQ(table.models.size(), 2U);
  EXPECT_EQ(table.models[0].name, "fast");
  EXPECT_EQ(
      table.terms,
      (Terms{
          .score = "PAR10", .worst = 1000, .best = 0, .score_unit = "s", .cost_unit = "s", .cutoff = 100}));
  // 10 s: 1 - 10/1000; the time-out 0; 100 s, which is the cutoff, 1 - 100/1000.
  EXPECT_EQ(table.scores, (Floats{0.99F, 0.95F, 0.0F, 0.9F}));
  EXPECT_EQ(table.infer_ms, (Floats{10, 50, 100, 100}));
}

TEST(Aslib, RunsThatDoNotCountScoreZeroAtWhatTheyTook) {
  ScenarioFiles files = run_time_scenario();
  files["algorithm_runs.arff"] = runs_text(
      "one,1,fast,100.5,ok\none,1,slow,3,crash\n"
      "'two, too',1,fast,?,memout\n'two, too',1,slow,inf,not_applicable\n");
  const Table table = table_of(files);
  EXPECT_EQ(table.scores, (Floats{0, 0, 0, 0}));
  EXPECT_EQ(table.infer_ms, (Floats{100, 3, 100, 100}));
}

TEST(Aslib, RepetitionsOfRunTimesAreSolvedIfMostAre) {
  ScenarioFiles files = run_time_scenario();
  files["algorithm_runs.arff"] = runs_text(
      "one,1,fast,10,ok\none,2,fast,20,ok\none,3,fast,300,timeout\n"
      "one,1,slow,10,ok\none,2,slow,200,timeout\n'two, too',1,fast,1,ok\n");
  const testing::TempFolder folder;
  EXPECT_EQ(import_scenario(folder, files).missing_cells, 1U);
  const Table table = load_outcomes(folder / "out.profile");
  // (10 + 20 + 100) / 3 s, solved twice of three times; once of two is not most.
  EXPECT_FLOAT_EQ(table.infer_ms[0], 130.0F / 3);
  EXPECT_FLOAT_EQ(table.scores[0], 1 - 130.0F / 3 / 1000);
  EXPECT_EQ(table.infer_ms[1], 55);
  EXPECT_EQ(table.scores[1], 0);
  EXPECT_TRUE(std::isnan(table.scores[3])) << "slow was not run on the second";
}

TEST(Aslib, QualitiesAreSharesOfTheRangeSeen) {
  const Table table = table_of(quality_scenario());
  EXPECT_EQ(table.terms,
            (Terms{.score = "quality", .worst = 2, .best = 6, .score_unit = "", .cost_unit = "runs"}));
  EXPECT_EQ(table.scores, (Floats{0, 1, 0.25F, 0})) << "the run that crashed is as bad as the worst";
  EXPECT_EQ(table.infer_ms, (Floats{1, 1, 1, 1}));
}

TEST(Aslib, LessIsBetterUnlessItIsMaximized) {
  ScenarioFiles files = quality_scenario();
  testing::replace_in(files["description.txt"], "maximize: [true]", "maximize: [no]");
  const Table table = table_of(files);
  EXPECT_EQ(table.terms.worst, 6);
  EXPECT_EQ(table.terms.best, 2);
  EXPECT_EQ(table.scores, (Floats{1, 0, 0.75F, 0}));
}

// A time and a quality: with a cutoff for runs without a time.
ScenarioFiles two_measures() {
  ScenarioFiles files = quality_scenario();
  files["description.txt"] =
      "scenario_id: T\nperformance_measures: [gap, seconds]\nperformance_type: [solution_quality, runtime]\n"
      "algorithm_cutoff_time: 60\nfeature_steps:\n  all: {provides: [size, luck, depth]}\n";
  files["algorithm_runs.arff"] = testing::arff_text(
      "@attribute algorithm string\n@attribute gap numeric\n@attribute seconds numeric\n@attribute runstatus "
      "string\n",
      "one,1,fast,0,30,ok\none,2,fast,4,90,ok\none,1,slow,?,?,timeout\n'two, too',1,fast,4,6,ok\n"
      "'two, too',1,slow,3,7,ok\n");
  files["feature_runstatus.arff"] = testing::arff_text("@attribute all string\n", "one,1,ok\n");
  return files;
}

TEST(Aslib, AMeasureOfTimeIsTheCostOfOneOfQuality) {
  const Table table = table_of(two_measures());
  EXPECT_EQ(table.terms.cost_unit, "s");
  EXPECT_EQ(table.terms.cutoff, 0);
  EXPECT_EQ(table.scores, (Floats{0.5F, 0, 0, 0.25F})) << "the mean of two repetitions, 1 and 0";
  EXPECT_EQ(table.infer_ms, (Floats{60, 60, 6, 7}));
}

TEST(Aslib, AMeasureCanBeNamed) {
  const Table table = table_of(two_measures(), {.measure = "seconds"});
  EXPECT_EQ(table.terms.score, "PAR10");
  // 30 s solved and 90 s not: once of two is not most.
  EXPECT_EQ(table.scores, (Floats{0, 0, 0.99F, 1 - 7.0F / 600}));
  EXPECT_EQ(table.infer_ms, (Floats{45, 60, 6, 7}));
}

TEST(Aslib, FoldsAreThoseOfOneRepetitionCountedFromZero) {
  EXPECT_EQ(table_of(run_time_scenario()).given_folds, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(table_of(run_time_scenario(), {.cv_repetition = 2}).given_folds,
            (std::vector<std::int32_t>{1, 0}));
}

TEST(Aslib, FeaturesBelongToTheFirstStepThatProvidesThem) {
  const Table table = table_of(run_time_scenario());
  EXPECT_EQ(table.schema.groups, (std::vector<std::string>{"basic", "probe"}));
  ASSERT_EQ(table.schema.size(), 3U);
  EXPECT_EQ(table.schema.features[0], (FeatureRef{"size", 0, 0}));
  EXPECT_EQ(table.schema.features[1], (FeatureRef{"luck", 0, 1}));
  EXPECT_EQ(table.schema.features[2], (FeatureRef{"depth", 0, 0}));
  EXPECT_EQ(Floats(table.features.begin(), table.features.begin() + 4), (Floats{4, 0.5F, 7, 5}));
  EXPECT_TRUE(std::isnan(table.features[4])) << "infinite";
  EXPECT_TRUE(std::isnan(table.features[5])) << "missing";
}

TEST(Aslib, StepsWithoutFeaturesAreNoGroups) {
  ScenarioFiles files = run_time_scenario();
  testing::replace_in(files["description.txt"],
                      "  probe:", "  none:\n  again:\n    provides: [size]\n  probe:");
  EXPECT_EQ(table_of(files).schema.groups, (std::vector<std::string>{"basic", "probe"}));
}

TEST(Aslib, FeaturesAreThereHoweverTheirStepEnded) {
  ScenarioFiles files = run_time_scenario();
  files["feature_runstatus.arff"] =
      testing::arff_text("@attribute probe string\n@attribute basic string\n",
                         "one,1,ok,presolved\n'two, too',1,timeout,ok\nthree,1,ok,ok\n");
  testing::replace_in(files["feature_values.arff"], "inf", "3");
  const Table table = table_of(files);
  EXPECT_EQ(Floats(table.features.begin(), table.features.begin() + 5), (Floats{4, 0.5F, 7, 5, 3}));
}

TEST(Aslib, RepetitionsOfFeaturesAreTheirMean) {
  ScenarioFiles files = run_time_scenario();
  files["feature_values.arff"] =
      testing::arff_text("@attribute size numeric\n", "one,1,4\none,2,8\none,3,?\nother,1,7\n");
  files["feature_runstatus.arff"] =
      testing::arff_text("@attribute basic string\n", "one,1,ok\none,3,crash\n");
  const testing::TempFolder folder;
  const AslibSummary summary = import_scenario(folder, files);
  EXPECT_EQ(summary.features, 1U);
  EXPECT_EQ(summary.groups, 1U);
  EXPECT_EQ(summary.without_features, 1U) << "'two, too'";
  const Table table = load_outcomes(folder / "out.profile");
  EXPECT_EQ(table.features[0], 6) << "the third repetition has no value";
  EXPECT_TRUE(std::isnan(table.features[1]));
}

TEST(Aslib, FeaturesCostNothingUnlessAskedFor) {
  EXPECT_EQ(table_of(run_time_scenario()).node_ms, (Floats{0, 0, 0, 0}));
  EXPECT_EQ(table_of(run_time_scenario(), {.feature_costs = true}).node_ms, (Floats{0.5F, 2, 1, 0}));
  ScenarioFiles files = run_time_scenario();
  files.erase("feature_costs.arff");
  EXPECT_EQ(table_of(files).node_ms, (Floats{0, 0, 0, 0}));
}

TEST(Aslib, AScenarioMayHaveNoFeatures) {
  ScenarioFiles files = run_time_scenario();
  files["description.txt"] =
      "performance_measures: [runtime]\nperformance_type: [runtime]\nalgorithm_cutoff_time: 100\n"
      "feature_steps:\n";
  files["feature_values.arff"] = files["feature_runstatus.arff"] = testing::arff_text("", "");
  const testing::TempFolder folder;
  const AslibSummary summary = import_scenario(folder, files);
  EXPECT_EQ(summary.features, 0U);
  EXPECT_EQ(summary.instances, 2U);
  EXPECT_EQ(summary.folds, 2U);
  EXPECT_EQ(load_outcomes(folder / "out.profile").n_inputs(), 2U);
}

TEST(Aslib, AnAlgorithmMayBeCalledLikeAColumn) {
  ScenarioFiles files = run_time_scenario();
  files["algorithm_runs.arff"] = runs_text("one,1,runstatus,10,ok\n'two, too',1,runtime,5,ok\n");
  EXPECT_EQ(table_of(files).models[1].name, "runtime");
}

}  // namespace
}  // namespace triage
