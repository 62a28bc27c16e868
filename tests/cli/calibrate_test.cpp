// `triage calibrate` on a fake profile: exit codes, files, what is printed; its policy through `classify` and
// `evaluate`; and requests on the command line.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"
#include "triage/zoo.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::matches;
using testing::run_cli;

class CalibrateCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TempFolder;
    zoo_ = testing::write_fake_zoo(folder_->path() / "zoo", {{.name = "small", .accuracy = 0.5, .ms = 0.001},
                                                             {.name = "large", .accuracy = 0.95, .ms = 0.2}});
    const auto data = testing::write_fake_data(folder_->path() / "data", 240);
    images_ = data.images;
    EngineSet engines;
    measure_profile(load_zoo(zoo_), engines,
                    *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), {},
                    folder_->path() / "fake.profile");
    ASSERT_EQ(
        run_cli({"train", file("fake.profile"), "--train-share", "0.5", "-o", file("half.triage")}).exit_code,
        0);
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (folder_->path() / name).string(); }
  static CliRun calibrate(std::vector<std::string> more) {
    more.insert(more.begin(), {"calibrate", file("fake.profile"), "--policy", file("half.triage")});
    return run_cli(more);
  }

  static std::filesystem::path zoo_, images_;
  static testing::TempFolder* folder_;
};
testing::TempFolder* CalibrateCommand::folder_ = nullptr;
std::filesystem::path CalibrateCommand::zoo_, CalibrateCommand::images_;

TEST_F(CalibrateCommand, WritesACertifiedPolicy) {
  const auto run = calibrate({"--max-loss", "0.3", "-o", file("certified.triage")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "[0-9]+ inputs; [0-9]+ that the policy was trained on are left out\n(.|\n)*passed(.|\n)*"
              "Certified on [0-9]+ inputs(.|\n)*certified\\.triage written\n"))
      << run.out;
  const auto policy = load_policy(file("certified.triage"));
  EXPECT_TRUE(policy->certifies({}));
  const auto shown = run_cli({"classify", "--policy", file("certified.triage"), "--zoo", zoo_.string(),
                              images_.string(), "--range", "0:1", "--json"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_TRUE(nlohmann::json::parse(shown.out)["results"][0]["certified"].get<bool>());
  const auto explain = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"classify", "--policy", file("certified.triage"), "--zoo", zoo_.string(),
                               images_.string(), "--range", "0:1", "--explain"});
    return run_cli(more).out;
  };
  EXPECT_TRUE(matches(explain({}),
                      "(.|\n)*\n  promise   a loss of at most 30\\.00 points against large with probability "
                      "0\\.95 or more, calibrated on [0-9]+ inputs\n(.|\n)*"));
  EXPECT_EQ(explain({"--price", "1"}).find("promise"), std::string::npos) << "another setting";
  EXPECT_EQ(nlohmann::json::parse(explain({"--json"}))["results"][0]["why"]["certificate"]["versus"],
            "large");
  const auto warned =
      run_cli({"evaluate", file("fake.profile"), "--policy", file("half.triage"), "--bootstrap", "10"});
  EXPECT_TRUE(matches(warned.err, "(.|\n)*half was trained on [0-9]+ of these 240 inputs(.|\n)*"))
      << warned.err;
}

TEST_F(CalibrateCommand, AnytimeAndPerClass) {
  const auto anytime = calibrate({"--max-loss", "0.3", "--anytime", "-o", file("anytime.triage"), "--json"});
  ASSERT_EQ(anytime.exit_code, 0) << anytime.err;
  EXPECT_TRUE(nlohmann::json::parse(anytime.out)["anytime"].get<bool>());
  EXPECT_TRUE(nlohmann::json::parse(anytime.out)["per"].is_null());
  const auto run = calibrate({"--max-loss", "0.9", "--per", "class", "-o", file("class.triage")});
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_TRUE(matches(run.out,
                      "(.|\n)*worst class, points\n(.|\n)*Certified on [0-9]+ inputs: a loss of at "
                      "most 90\\.00 points against large, on average and in each of [0-9]+ "
                      "classes, with probability(.|\n)*to hold in each class takes(.|\n)*"))
      << run.out;
  EXPECT_EQ(load_policy(file("class.triage"))->certificate()->per, "class");
  const auto document = nlohmann::json::parse(
      calibrate({"--max-loss", "0.9", "--per", "class", "-o", file("class.triage"), "--json"}).out);
  EXPECT_EQ(document["per"], "class");
  EXPECT_FALSE(document["groups"].empty());
  EXPECT_GT(document["group_needs"].get<int>(), 0);
  EXPECT_TRUE(document["steps"][0].contains("worst_group"));
}

TEST_F(CalibrateCommand, LeavesTheFileAloneWhenItCannotPromise) {
  const auto run = calibrate({"--max-loss", "0.0001", "-o", file("never.triage"), "--json"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(file("never.triage")));
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_FALSE(document["achieved"].get<bool>());
  EXPECT_TRUE(document["file"].is_null());
  EXPECT_FALSE(document["steps"].empty());
}

TEST_F(CalibrateCommand, CtrlCLeavesTheOutputAlone) {
  write_text_atomic(file("stopped/out.triage"), "as it was");
  const auto run = run_cli({"calibrate", file("fake.profile"), "--policy", file("half.triage"), "--max-loss",
                            "0.3", "-o", file("stopped/out.triage")},
                           {.interrupt = true});
  EXPECT_EQ(run.exit_code, 130) << run.err;
  EXPECT_TRUE(matches(run.err, "triage: calibrate: stopped, expected to run to the end; start it again\n"));
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(read_text(file("stopped/out.triage")), "as it was");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file("stopped")), {}), 1)
      << "nothing beside it";
}

TEST_F(CalibrateCommand, RefusesBadArguments) {
  const auto usage = [&](std::vector<std::string> more, const std::string& regex) {
    more.insert(more.end(), {"-o", file("bad.triage")});
    const auto run = calibrate(more);
    EXPECT_EQ(run.exit_code, 2) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*")) << run.err;
  };
  usage({"--max-loss", "0"}, "max loss 0, expected a share");
  usage({"--per", "colour"}, "per 'colour', expected class or source");
  usage({"--max-loss", "0.05", "--per", "class"}, "inputs of the largest class [0-9]+, expected at least");
  usage({"--max-loss", "0.05", "--per", "source"}, "sources 1, expected two or more; give a profile of each");
  usage({"--delta", "1"}, "delta 1, expected a probability");
  usage({"--versus", "huge"}, "versus 'huge', expected a model");
  usage({"--labels", "from:large"}, "labels '.*', expected '', those of training");
  EXPECT_EQ(calibrate({"-o", file("half.triage")}).exit_code, 2) << "output is input";
}

TEST_F(CalibrateCommand, APolicyForAnotherZooIsNamedWithTheProfile) {
  const auto zoo =
      load_zoo(testing::write_fake_zoo(folder_->path() / "other", {{.name = "tiny"}, {.name = "huge"}}));
  const auto data = testing::write_fake_data(folder_->path() / "other", 40);
  EngineSet engines;
  measure_profile(zoo, engines, *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}),
                  {}, file("other.profile"));
  const std::string expected =
      "triage: .*half\\.triage: does not fit .*other\\.profile: runs .*small.*, expected models of the "
      "profile, which has tiny, huge; profile the zoo that .*\n";
  const auto calibrated = run_cli(
      {"calibrate", file("other.profile"), "--policy", file("half.triage"), "-o", file("misfit.triage")});
  EXPECT_EQ(calibrated.exit_code, 3);
  EXPECT_TRUE(matches(calibrated.err, expected));
  EXPECT_FALSE(std::filesystem::exists(file("misfit.triage")));
  const auto evaluated = run_cli({"evaluate", file("other.profile"), "--policy", file("half.triage")});
  EXPECT_EQ(evaluated.exit_code, 3);
  EXPECT_TRUE(matches(evaluated.err, expected));
}

TEST_F(CalibrateCommand, RequestsOnTheCommandLine) {
  const auto evaluate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"evaluate", file("fake.profile"), "--bootstrap", "0"});
    return run_cli(more);
  };
  EXPECT_EQ(evaluate({"--max-latency-ms", "5"}).exit_code, 2) << "without a finished policy";
  const auto impossible = evaluate({"--policy", file("half.triage"), "--max-latency-ms", "1e-9"});
  EXPECT_EQ(impossible.exit_code, 0) << impossible.err;
  EXPECT_TRUE(matches(
      impossible.err,
      "(.|\n)*--max-latency-ms: 1e-09, every input is refused; at least (.|\n)*fastest model(.|\n)*"));
  EXPECT_EQ(evaluate({"--policy", file("half.triage"), "--max-energy-j", "1"}).exit_code, 2)
      << "not measured";
  EXPECT_EQ(evaluate({"--policy", file("half.triage"), "--price", "1", "--mean-latency-ms", "1"}).exit_code,
            2)
      << "one excludes the other";
  const auto capped = evaluate({"--policy", file("half.triage"), "--mean-latency-ms", "1000", "--json"});
  ASSERT_EQ(capped.exit_code, 0) << capped.err;
  EXPECT_EQ(nlohmann::json::parse(capped.out)["request"]["mean_latency_ms"].get<double>(), 1000);
}

}  // namespace
}  // namespace triage
