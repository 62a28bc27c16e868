// `triage evaluate --perturb` as a user runs it, on fake networks.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::matches;
using testing::run_cli;

class EvaluatePerturbed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TempFolder;
    testing::write_fake_zoo(*folder_ / "", {{.name = "small", .accuracy = 0.6, .ms = 0.001},
                                            {.name = "large", .accuracy = 0.95, .ms = 0.1}});
    const auto training = testing::write_fake_data(*folder_ / "training", 100, 10, 5);
    testing::write_fake_data(*folder_ / "data", 60);
    ASSERT_EQ(run_cli({"profile", "--zoo", file("zoo.json"), "--data", training.images, "--labels",
                       training.labels, "--energy", "off", "-o", file("training.profile")})
                  .exit_code,
              0);
    ASSERT_EQ(run_cli({"train", file("training.profile"), "--policy", "single:small", "-o", file("p.triage")})
                  .exit_code,
              0);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (*folder_ / name).string(); }
  static CliRun perturb(const std::string& list, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"evaluate",
                                       "--policy",
                                       file("p.triage"),
                                       "--data",
                                       file("data/fake-images-idx3-ubyte"),
                                       "--labels",
                                       file("data/fake-labels-idx1-ubyte"),
                                       "--cache",
                                       "",
                                       "--perturb"};
    if (!list.empty()) arguments.push_back(list);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments);
  }
  static testing::TempFolder* folder_;
};
testing::TempFolder* EvaluatePerturbed::folder_ = nullptr;

TEST_F(EvaluatePerturbed, PrintsATableAndAVerdict) {
  const auto run = perturb("brightness:0.5,crop:1,resample:area");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out,
                      "60 inputs, policy of kind single, beside it large alone\n\n  perturbation +inputs "
                      "+same looks %(.|\n)*\n  brightness:0\\.5 +60 +100\\.0 (.|\n)*\n  left:1 (.|\n)*\n  "
                      "resample:area +60 +100\\.0 +100\\.0 (.|\n)*As they are: top-1 % of the policy "
                      "[0-9.]+, of large [0-9.]+(.|\n)*It loses less under\nbrightness:0\\.5(.|\n)*"))
      << run.out;
}

TEST_F(EvaluatePerturbed, AloneTakesTheUsualPerturbations) {
  const auto run = perturb("", {"--json", "--limit", "20", "--bootstrap", "0", "--versus", "small"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["inputs"], 20);
  EXPECT_EQ(document["versus"], "small");
  EXPECT_EQ(document["criterion"], "top1");
  EXPECT_EQ(document["effects"].size(), 15U);
  const auto& first = document["effects"][0];
  EXPECT_EQ(first["perturbation"], "jpeg:90");
  EXPECT_EQ(first["same_looks"], 20);
  EXPECT_EQ(first["policy"], first["single"]);
  EXPECT_EQ(first["extra_loss"]["value"], 0);
  EXPECT_TRUE(first["extra_loss"]["low"].is_null());
}

TEST_F(EvaluatePerturbed, RefusesBadArguments) {
  const auto fails = [&](const CliRun& run, const std::string& regex) {
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*")) << run.err;
  };
  fails(perturb("blur:3"), "'blur:3': not known, expected jpeg:QUALITY");
  fails(perturb("jpeg:75", {"--versus", "huge"}), "--versus: 'huge'");
  fails(perturb("jpeg:75", {"--max-latency-ms", "5"}), "--max-latency-ms: given with perturbations");
  fails(perturb("jpeg:75", {"--mean-latency-ms", "5"}), "--mean-latency-ms: given together with --perturb");
  fails(perturb("jpeg:75", {"--report", "x.html"}), "--perturb excludes --report");
  fails(perturb("jpeg:75", {"--policy", file("p.triage")}), "0 profiles and 2 policies");
  fails(run_cli({"evaluate", file("training.profile"), "--policy", file("p.triage"), "--perturb", "jpeg:75",
                 "--data", file("data")}),
        "1 profiles and 1 policies");
  fails(run_cli({"evaluate", "--policy", file("p.triage"), "--perturb"}), "--perturb: without --data");
  fails(run_cli({"evaluate", "--perturb", "jpeg:75"}), "--perturb requires --policy");
  fails(run_cli({"evaluate", file("training.profile"), "--data", file("data")}), "--data requires --perturb");
  fails(run_cli({"evaluate"}), "profiles: none, expected at least one");
  fails(run_cli({"evaluate", file("training.profile"), "--labels", "from:small", "--labels", "from:large"}),
        "--labels: given 2 times");
}

}  // namespace
}  // namespace triage
