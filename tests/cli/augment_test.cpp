// `triage profile --perturb`, `train --augment` and `evaluate --augment` as a user runs them, on fake
// networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/policy.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::matches;
using testing::run_cli;

class Augment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TempFolder;
    testing::write_fake_zoo(*folder_ / "", {{.name = "small", .accuracy = 0.7, .ms = 0.01},
                                            {.name = "large", .accuracy = 0.95, .ms = 0.1}});
    testing::write_fake_data(*folder_ / "data", 100);
    ASSERT_EQ(profile("a.profile", {"--range", "0:80"}).exit_code, 0);
    ASSERT_EQ(profile("b.profile", {"--perturb", "brightness:0.5,left:1"}).exit_code, 0);
    ASSERT_EQ(profile("other.profile", {"--range", "80:100", "--perturb", "left:2"}).exit_code, 0);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (*folder_ / name).string(); }
  static CliRun profile(const std::string& out, std::vector<std::string> more) {
    more.insert(more.begin(),
                {"profile", "--zoo", file("zoo.json"), "--data", file("data/fake-images-idx3-ubyte"),
                 "--energy", "off", "--features", "paper", "-o", file(out)});
    return run_cli(more);
  }
  static CliRun train(std::vector<std::string> more) {
    more.insert(more.begin(), {"train", file("a.profile"), "-o", file("p.triage")});
    return run_cli(more);
  }
  static void fails(const CliRun& run, const std::string& regex) {
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*")) << run.err;
  }
  static testing::TempFolder* folder_;
};
testing::TempFolder* Augment::folder_ = nullptr;

TEST_F(Augment, ProfilesPerturbedCopies) {
  const std::vector<std::filesystem::path> path{file("b.profile")};
  const Table table = load_table(path);
  EXPECT_EQ(table.n_inputs(), 200U);
  EXPECT_EQ(table.ids[3], "fake-images-idx3-ubyte#1~left:1");
  EXPECT_EQ(table.groups[3], "fake-images-idx3-ubyte#1");
}

TEST_F(Augment, PerturbAloneTakesTheUsualList) {
  ASSERT_EQ(profile("usual.profile", {"--limit", "2", "--perturb"}).exit_code, 0);
  const std::vector<std::filesystem::path> path{file("usual.profile")};
  EXPECT_EQ(load_table(path).n_inputs(), 30U) << "two inputs, fifteen ways";
}

TEST_F(Augment, AnotherListIsAnotherProfile) {
  const auto run = profile("b.profile", {"--perturb", "brightness:0.5,left:2"});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(matches(run.err,
                      "(.|\n)*b\\.profile: holds another profile: perturbations "
                      "brightness:0\\.5,left:1, expected brightness:0\\.5,left:2(.|\n)*"))
      << run.err;
  EXPECT_EQ(profile("b.profile", {"--perturb", "brightness:0.5,left:1"}).exit_code, 0);
  fails(profile("c.profile", {"--perturb", "blur:3"}), "'blur:3': not known, expected jpeg:QUALITY");
}

TEST_F(Augment, TrainsOnTheCopiesOfItsInputs) {
  const auto run = train({"--policy", "cascade", "--augment", file("b.profile")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out,
                      "cascade, trained on 240 inputs\n(.|\n)*  perturbed +80 inputs as they are, 160 "
                      "copies\n(.|\n)*"))
      << run.out;
  EXPECT_EQ(load_policy(file("p.triage"))->info().training.inputs, 240U);
  // Of inputs that --train-share leaves out the copies stay out too.
  ASSERT_EQ(train({"--policy", "cascade", "--augment", file("b.profile"), "--train-share", "0.5"}).exit_code,
            0);
  const std::size_t some = load_policy(file("p.triage"))->info().training.inputs;
  EXPECT_EQ(some % 3, 0U);
  EXPECT_LT(some, 240U);
  // Behind them those without labels of their own.
  ASSERT_EQ(profile("more.profile", {"--range", "80:100"}).exit_code, 0);
  ASSERT_EQ(
      train({"--policy", "cascade", "--augment", file("b.profile"), "--unlabelled", file("more.profile")})
          .exit_code,
      0);
  EXPECT_EQ(load_policy(file("p.triage"))->info().training.inputs, 260U);
}

TEST_F(Augment, CopiesOfOtherInputsAreRefused) {
  fails(train({"--augment", file("other.profile")}),
        "--augment: .*other\\.profile with no perturbed copy of the 80 training inputs");
  const auto run = train({"--augment", file("a.profile")});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(matches(run.err, "(.|\n)*has input 'fake-images-idx3-ubyte#0' of (.|\n)*")) << run.err;
  fails(run_cli({"evaluate", file("a.profile"), "--augment", file("other.profile")}),
        "has no copy of an input, expected the table's inputs");
  fails(
      run_cli({"evaluate", file("a.profile"), "--augment", file("b.profile"), "--policy", file("p.triage")}),
      "--policy excludes --augment");
}

TEST_F(Augment, IsEvaluatedOnTheInputsAlone) {
  const auto run = run_cli({"evaluate", file("a.profile"), "--augment", file("b.profile"), "--cv", "3",
                            "--bootstrap", "0", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["inputs"], 80);
  EXPECT_EQ(document["perturbed_copies"], 160);
  EXPECT_NE(document["make"].get<std::string>().find(" --augment "), std::string::npos);
}

}  // namespace
}  // namespace triage
