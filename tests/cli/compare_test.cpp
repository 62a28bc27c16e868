// `triage compare` on a fake profile: what is printed, exit codes, what is refused.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"
#include "triage/zoo.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::matches;
using testing::run_cli;

class CompareCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TempFolder;
    profile("fake",
            {{.name = "small", .accuracy = 0.5, .ms = 0.001}, {.name = "large", .accuracy = 0.95, .ms = 0.2}},
            240);
    for (const char* model : {"small", "large"}) {
      ASSERT_EQ(run_cli({"train", file("fake.profile"), "--policy", std::string("single:") + model,
                         "--train-share", "0.25", "-o", file(std::string(model) + ".triage")})
                    .exit_code,
                0);
    }
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string file(const std::string& name) { return (folder_->path() / name).string(); }
  static void profile(const std::string& name, const std::vector<testing::FakeNetworkSpec>& models,
                      std::size_t inputs) {
    const auto zoo = testing::write_fake_zoo(folder_->path() / name, models);
    const auto data = testing::write_fake_data(folder_->path() / name / "data", inputs);
    EngineSet engines;
    measure_profile(load_zoo(zoo), engines,
                    *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), {},
                    file(name + ".profile"));
  }
  static CliRun compare(const std::string& first, const std::string& second,
                        std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"compare", file(first + ".triage"), file(second + ".triage"), "--on", file("fake.profile")});
    return run_cli(more);
  }

  static testing::TempFolder* folder_;
};
testing::TempFolder* CompareCommand::folder_ = nullptr;

TEST_F(CompareCommand, SaysWhichIsBetterAndAtWhatCost) {
  const auto run = compare("large", "small");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "[0-9]+ of 240 inputs\n\n  policy +top-1 % +mean ms\n  large +9[0-9.]+ +[0-9.]+\n  small "
              "+[45][0-9.]+ +[0-9.]+\n(.|\n)*top-1, points +\\+[0-9.]+ \\[\\+[0-9.]+, "
              "\\+[0-9.]+\\]\n(.|\n)*large is better than small, with probability 0\\.95 or "
              "more(.|\n)*large is slower(.|\n)*"))
      << run.out;
  EXPECT_TRUE(matches(run.err,
                      "(.|\n)*large was trained on [0-9]+ of these 240 inputs; they are left "
                      "out(.|\n)*small was trained on(.|\n)*"))
      << run.err;
}

TEST_F(CompareCommand, AsJson) {
  const auto run = compare("small", "large", {"--json", "--margin", "60", "--delta", "0.1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["better"], "second");
  EXPECT_EQ(document["policies"], (std::vector<std::string>{"small", "large"}));
  EXPECT_TRUE(document["within_margin"].get<bool>());
  EXPECT_DOUBLE_EQ(document["margin"].get<double>(), 0.6);
  EXPECT_DOUBLE_EQ(document["delta"].get<double>(), 0.1);
  EXPECT_LT(document["difference"]["high"].get<double>(), 0);
  EXPECT_LT(document["ms"]["ratio"]["high"].get<double>(), 1);
  EXPECT_TRUE(document["j"].is_null());
  EXPECT_TRUE(document["inputs_needed"].is_null());
  EXPECT_EQ(document["warnings"].size(), 2U);
}

TEST_F(CompareCommand, AMarginThatIsNotShownIsExitCodeOne) {
  const auto run = compare("small", "large", {"--margin", "1"});
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_TRUE(matches(run.out,
                      "(.|\n)*Not shown: small is worse than large by less than 1\\.00 points, if "
                      "by anything(.|\n)*"));
}

TEST_F(CompareCommand, FilesOfOneNameAreToldApart) {
  std::filesystem::create_directories(folder_->path() / "new");
  std::filesystem::copy(file("large.triage"), file("new/small.triage"),
                        std::filesystem::copy_options::overwrite_existing);
  const auto run = compare("new/small", "small", {"--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["policies"][0], file("new/small.triage"));
}

TEST_F(CompareCommand, RefusesBadArguments) {
  const auto fails = [&](const CliRun& run, int code, const std::string& regex) {
    EXPECT_EQ(run.exit_code, code) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*")) << run.err;
  };
  fails(compare("small", "small"), 2, "small\\.triage: given twice, expected two different policies");
  fails(compare("small", "large", {"--delta", "1"}), 2, "delta 1, expected a probability");
  fails(compare("small", "large", {"--margin", "0"}), 2, "margin 0, expected a share");
  fails(compare("small", "large", {"--criterion", "top3"}), 2, "top3");
  fails(compare("small", "large", {"--bootstrap", "-1"}), 2, "--bootstrap");
  fails(compare("small", "large", {"--seed", "-1"}), 2, "--seed");
  fails(run_cli({"compare", file("small.triage"), file("large.triage")}), 2, "--on");
  fails(run_cli({"compare", file("small.triage"), "--on", file("fake.profile")}), 2, "second");
  fails(compare("small", "none"), 5, "none\\.triage");
  profile("other", {{.name = "tiny"}, {.name = "large"}}, 40);
  fails(run_cli({"compare", file("small.triage"), file("large.triage"), "--on", file("other.profile")}), 3,
        "small\\.triage: does not fit .*other\\.profile: runs small, expected models of the profile");
}

TEST_F(CompareCommand, AllInputsTrainedOnIsAnError) {
  ASSERT_EQ(run_cli({"train", file("fake.profile"), "--policy", "single:small", "-o", file("all.triage")})
                .exit_code,
            0);
  const auto run = compare("all", "large");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(matches(run.err,
                      "triage: compare: inputs that neither policy was trained on 0, expected at "
                      "least one; .*\n"))
      << run.err;
}

TEST_F(CompareCommand, CtrlCEndsIt) {
  const auto run =
      run_cli({"compare", file("small.triage"), file("large.triage"), "--on", file("fake.profile")},
              {.interrupt = true});
  EXPECT_EQ(run.exit_code, 130) << run.err;
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace triage
