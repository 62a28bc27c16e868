// `triage import feedback`, and what can be done with the profile.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/run_cli.h"
#include "import/made_feedback.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using testing::matches;
using testing::run_cli;

TEST(ImportFeedbackCommand, MakesAProfileToTrainAndCalibrateOn) {
  const testing::TempFolder folder;
  const std::string store = (folder / "store.sqlite").string(), out = (folder / "x.profile").string();
  const std::string policy = (folder / "p.triage").string();
  std::vector<testing::MadeInput> inputs(100, {.label = 1});
  inputs.push_back({.label = kNoLabel});
  for (std::size_t i = 0; i < 20; ++i) inputs[i].label = 2;
  testing::write_feedback(store, {testing::made_facts("v1")}, inputs);
  const auto run = run_cli({"import", "feedback", store, "-o", out});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out,
                      ".*/x\\.profile: 100 inputs, 2 models, of 1 version of the policy; explored at a share "
                      "of 1\n1 explored inputs left out: nobody told their labels\n"));
  EXPECT_EQ(run_cli({"import", "feedback", store, "-o", out}).exit_code, 2);
  EXPECT_EQ(run_cli({"train", out, "--policy", "adaptive", "--train-share", "0.5", "-o", policy}).exit_code,
            0);
  const auto calibrated = run_cli({"calibrate", out, "--policy", policy, "--max-loss", "0.2", "-o",
                                   (folder / "c.triage").string(), "--json"});
  EXPECT_EQ(calibrated.exit_code, 0) << calibrated.err;
  const auto all =
      run_cli({"import", "feedback", store, "-o", (folder / "y.profile").string(), "--unlabelled", "--json"});
  EXPECT_EQ(nlohmann::json::parse(all.out)["inputs"], 101);
}

TEST(ImportFeedbackCommand, RefusesOtherFiles) {
  const testing::TempFolder folder;
  const auto run = run_cli(
      {"import", "feedback", folder.write("x", "no store").string(), "-o", (folder / "x.profile").string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(matches(run.err, ".*is another file, expected a feedback store of 'triage serve'(.|\n)*"));
}

}  // namespace
}  // namespace triage
