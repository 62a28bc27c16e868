// `triage train`, `evaluate`, `calibrate` and `compare` on a table that somebody brought, in its words.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "profile/outcomes.h"
#include "support/imported.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::run_cli;

// The file of a made-up table. With `answers`, answer 0 is right and answer 1 is wrong.
void write_outcomes(const std::filesystem::path& out, const Table& table, bool answers) {
  OutcomeHeader header;
  header.source = table.machine;
  header.terms = table.terms;
  for (const TableModel& model : table.models) header.models.push_back(model.name);
  header.schema = table.schema;
  if (answers) header.answers = {"yes", "no"};
  OutcomeWriter writer(out, header);
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    OutcomeInput input;
    input.id = table.ids[i];
    if (answers) input.label = 0;
    const auto row = table.feature_row(i);
    input.features.assign(row.begin(), row.end());
    const std::int64_t position = writer.add_input(input);
    for (ModelIndex m = 0; m < 3; ++m) {
      OutcomeCell cell{.score = table.scores[table.at(i, m)], .cost = table.infer_ms[table.at(i, m)]};
      if (answers) cell.score = cell.score > 0.5F ? 1.0F : 0.0F;
      if (answers) cell.answer = cell.score > 0 ? 0 : 1;
      writer.add_cell(position, m, cell);
    }
  }
  writer.finish();
}

class ImportedCommands : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TempFolder;
    write_outcomes(file("seconds.profile"), testing::run_time_table(90), false);
    write_outcomes(file("dollars.profile"), testing::dollar_table(90), true);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (folder_->path() / name).string(); }

  static testing::TempFolder* folder_;
};
testing::TempFolder* ImportedCommands::folder_ = nullptr;

void expect_words(const CliRun& run, std::initializer_list<const char*> said,
                  std::initializer_list<const char*> not_said) {
  EXPECT_EQ(run.exit_code, 0) << run.err;
  for (const char* part : said) EXPECT_NE(run.out.find(part), std::string::npos) << part << "\n" << run.out;
  for (const char* part : not_said)
    EXPECT_EQ(run.out.find(part), std::string::npos) << part << "\n" << run.out;
}

TEST_F(ImportedCommands, TrainSpeaksOfRunTimes) {
  const auto run = run_cli({"train", file("seconds.profile"), "-o", file("auto.triage")});
  expect_words(
      run,
      {"s PAR10", "times its run time", "mean s", "p99.9 s",
       "costs as imported from made.csv, in s; deciding adds nothing; runs end at the cutoff of 100 s"},
      {" ms", "points", "timed on"});
}

TEST_F(ImportedCommands, TrainOfForestsShowsSettingsInTheTablesUnits) {
  const auto run =
      run_cli({"train", file("dollars.profile"), "--policy", "forests", "-o", file("forests.triage")});
  expect_words(run, {"price a usd", "quality %", "expected usd", "expected score", "times its cost"},
               {" ms", "s PAR10"});
}

TEST_F(ImportedCommands, EvaluateSpeaksOfDollars) {
  const auto run = run_cli({"evaluate", file("dollars.profile"), "--cv", "3", "--bootstrap", "50"});
  expect_words(run,
               {"quality %", "mean usd", "cost / SBS", "F1 %", "Costs: as imported from made.csv, in usd"},
               {" ms", "top-5", "faster", "Machine"});
}

TEST_F(ImportedCommands, TrainTakesALearner) {
  const auto run = run_cli({"train", file("dollars.profile"), "--policy", "forests", "--learner", "pairwise",
                            "-o", file("pairs.triage")});
  expect_words(run, {"forests of pairs", "3 of 100 trees, 2 features", "price a usd"}, {});
}

TEST_F(ImportedCommands, RefuseLearnersThatMakeNoSense) {
  const auto expect_refused = [](const std::vector<std::string>& arguments, const char* message) {
    const auto run = run_cli(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_NE(run.err.find(message), std::string::npos) << run.err;
  };
  const auto train = [&](const char* policy, const char* learner) {
    return std::vector<std::string>{
        "train", file("dollars.profile"), "--policy", policy, "--learner", learner, "-o", file("no.triage")};
  };
  expect_refused(train("forests", "svm"), "learner: 'svm', expected seven-forests, pairwise, knn");
  expect_refused(train("ladder", "knn"), "--learner: given for --policy ladder, expected only with");
  const auto evaluate = [&](const char* learners) {
    return std::vector<std::string>{"evaluate", file("dollars.profile"), "--learners", learners};
  };
  expect_refused(evaluate("knn,svm"), "learner: 'svm'");
  expect_refused(evaluate("seven-forests"), "it is judged as forests anyway");
  expect_refused(evaluate("knn,pairwise,knn"), "learner knn twice, expected once");
  Table bare = testing::dollar_table(30);
  bare.schema = {};
  bare.features.clear();
  bare.node_ms.clear();
  write_outcomes(file("bare.profile"), bare, false);
  expect_refused({"evaluate", file("bare.profile"), "--learners", "knn"},
                 "learner knn for a table without features of its own");
}

// By their names, in the table and as frontiers, and never recommended.
TEST_F(ImportedCommands, EvaluateJudgesLearnersBesideForests) {
  const auto run =
      run_cli({"evaluate", file("seconds.profile"), "--cv", "2", "--bootstrap", "0", "--learners",
               "pairwise,knn,boosted-regression,boosted-classification", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto report = nlohmann::json::parse(run.out);
  std::vector<std::string> rivals, frontiers;
  double by_chance = 1;
  for (const auto& method : report.at("methods")) {
    if (method.at("kind") == "random") by_chance = method.at("pooled").at("score");
    if (method.at("kind") != "rival" || method.at("name").get<std::string>().starts_with("cascade")) continue;
    rivals.push_back(method.at("name"));
    EXPECT_NE(method.at("about").get<std::string>().find("as forests, by"), std::string::npos);
    EXPECT_GT(method.at("pooled").at("score").get<double>(), by_chance + 0.1) << rivals.back();
  }
  EXPECT_EQ(rivals,
            (std::vector<std::string>{"pairwise", "knn", "boosted-regression", "boosted-classification"}));
  for (const auto& frontier : report.at("frontiers")) frontiers.push_back(frontier.at("name"));
  for (const std::string& name : rivals) {
    EXPECT_EQ(std::count(frontiers.begin(), frontiers.end(), name), 1) << name;
  }
  EXPECT_NE(report.at("command").get<std::string>().find("--learners pairwise,knn,"), std::string::npos);
}

TEST_F(ImportedCommands, CompareSpeaksOfDollars) {
  for (const char* model : {"small", "large"}) {
    ASSERT_EQ(run_cli({"train", file("dollars.profile"), "--policy", std::string("single:") + model,
                       "--train-share", "0.3", "-o", file(std::string(model) + ".triage")})
                  .exit_code,
              0);
  }
  const auto run =
      run_cli({"compare", file("large.triage"), file("small.triage"), "--on", file("dollars.profile")});
  expect_words(run,
               {"quality %", "mean usd", "quality, points", "difference, usd", "ratio, usd",
                "large is dearer", "Costs as imported from made.csv"},
               {" ms", "top-1", "slower", "Timed on"});
}

TEST_F(ImportedCommands, CompareTakesAMarginInSeconds) {
  for (const char* model : {"small", "large"}) {
    ASSERT_EQ(run_cli({"train", file("seconds.profile"), "--policy", std::string("single:") + model,
                       "--train-share", "0.3", "-o", file(std::string(model) + "-s.triage")})
                  .exit_code,
              0);
  }
  const std::vector<std::string> compare{"compare", file("large-s.triage"),  file("small-s.triage"),
                                         "--on",    file("seconds.profile"), "--margin",
                                         "300"};
  expect_words(run_cli(compare), {"PAR10", "better on", "by less than 300 s PAR10"},
               {"right alone on", " points"});
  auto as_json = compare;
  as_json.emplace_back("--json");
  const auto document = nlohmann::json::parse(run_cli(as_json).out);
  EXPECT_DOUBLE_EQ(document["margin"].get<double>(), 0.3) << "of 1,000 s";
}

TEST_F(ImportedCommands, CalibrateSpeaksOfSecondsAndChooseOfThePromise) {
  ASSERT_EQ(run_cli({"train", file("seconds.profile"), "--policy", "forests", "--train-share", "0.4", "-o",
                     file("forests-s.triage")})
                .exit_code,
            0);
  expect_words(
      run_cli({"calibrate", file("seconds.profile"), "--policy", file("forests-s.triage"), "--max-loss",
               "0.4", "-o", file("certified-s.triage")}),
      {"loss, s", "mean s", "a loss of at most 400 s PAR10 against ", "Costs as imported from made.csv"},
      {" ms", "points", "Timed on"});
  folder_->write("rows.csv", "hardness,noise\n0.2,0.5\n");
  const auto promise_of = [](const std::string& policy, std::vector<std::string> more) {
    more.insert(more.begin(), {"choose", file("rows.csv"), "--policy", file(policy), "--explain"});
    return nlohmann::json::parse(run_cli(more).out)["certificate"];
  };
  EXPECT_TRUE(promise_of("forests-s.triage", {}).is_null());
  EXPECT_EQ(promise_of("certified-s.triage", {})["max_loss"], 0.4);
  EXPECT_TRUE(promise_of("certified-s.triage", {"--price", "0"}).is_null()) << "for default requests only";
}

}  // namespace
}  // namespace triage
