// `triage export` and the way back, as a user runs them; and of import what import_choose_test.cpp does not
// say.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::matches;
using testing::run_cli;

constexpr const char* kTable =
    "id,prompt,small:score,small:usd,large:score,large:usd,length\n"
    "1,hello,1,0.5,1,2,3\n"
    "2,there,0,0.25,1,4,5\n"
    "3,you,,,0,3,9\n";

class ExportCommand : public ::testing::Test {
 protected:
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  CliRun import_csv(const std::string& text, std::vector<std::string> more = {}) {
    std::filesystem::remove(folder_ / "t.profile");
    more.insert(more.begin(),
                {"import", "csv", folder_.write("t.csv", text).string(), "-o", file("t.profile")});
    return run_cli(more);
  }
  static void expect_failure(const CliRun& run, int code, const std::string& regex) {
    EXPECT_EQ(run.exit_code, code) << run.out;
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*")) << run.err;
  }

  testing::TempFolder folder_;
};

TEST_F(ExportCommand, ImportReadsStandardInputTwice) {
  const CliRun run = run_cli({"import", "csv", "-", "-o", file("t.profile")}, {.input = kTable});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out, "3 inputs, 2 models(.|\n)*"));
  expect_failure(run_cli({"import", "jsonl", "-", "-o", file("u.profile")}, {.input = "{}\n"}), 3,
                 "standard input: has no object with a key");
}

TEST_F(ExportCommand, EndsAndLeavesNothingWhenStopped) {
  ASSERT_EQ(import_csv(kTable).exit_code, 0);
  const CliRun import =
      run_cli({"import", "csv", "-", "-o", file("u.profile")}, {.input = kTable, .interrupt = true});
  EXPECT_EQ(import.exit_code, 130) << import.err;
  const CliRun run = run_cli({"export", file("t.profile"), "-o", file("t.out")}, {.interrupt = true});
  EXPECT_EQ(run.exit_code, 130) << run.err;
  for (const char* name : {"u.profile", "u.profile.importing", "t.out", "t.out.exporting"}) {
    EXPECT_FALSE(std::filesystem::exists(folder_ / name)) << name;
  }
}

TEST_F(ExportCommand, AnImportsPatternTakesTheColumnsOverFromTheGuess) {
  const CliRun run = import_csv("id,a:score,a:usd,a:ms\n1,1,2,3\n",
                                {"--costs", "{model}:ms", "--cost-unit", "ms", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["ignored"], std::vector<std::string>{"a:usd"});
}

TEST_F(ExportCommand, AnImportsRangeMayBeNegative) {
  EXPECT_TRUE(matches(import_csv("id,a:score\n1,-3\n", {"--score-range=-5,10"}).out,
                      "(.|\n)*from -5 \\(worst\\) to 10(.|\n)*"));
}

TEST_F(ExportCommand, WritesWhatIsImportedAgain) {
  ASSERT_EQ(import_csv(kTable).exit_code, 0);
  for (const bool wide : {false, true}) {
    std::vector<std::string> arguments{"export",      file("t.profile"), "-o",
                                       file("e.csv"), "--columns",       file("e.json")};
    if (wide) arguments.emplace_back("--wide");
    const CliRun run = run_cli(arguments);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_TRUE(matches(run.out, "Wrote 3 inputs and 2 models to .*e\\.csv\n"));
    std::filesystem::remove(folder_ / "e.profile");
    const CliRun again = run_cli(
        {"import", "csv", file("e.csv"), "--columns", file("e.json"), "-o", file("e.profile"), "--json"});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(nlohmann::json::parse(again.out)["cells"], 5);
    EXPECT_EQ(nlohmann::json::parse(again.out)["cost_unit"], "usd");
  }
}

TEST_F(ExportCommand, WritesDecisions) {
  std::string text = "id,a:score,a:usd,b:score,b:usd\n";
  for (int i = 0; i < 60; ++i) text += std::to_string(i) + (i % 3 == 0 ? ",0,1,1,5\n" : ",1,1,1,5\n");
  ASSERT_EQ(import_csv(text).exit_code, 0);
  const CliRun train = run_cli({"train", file("t.profile"), "--policy", "single:b", "-o", file("b.triage")});
  ASSERT_EQ(train.exit_code, 0) << train.err;
  const std::vector<std::string> call{"export", file("t.profile"), "--decisions", file("b.triage"),
                                      "-o",     file("d.csv")};
  const CliRun run = run_cli(call);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(text_of("d.csv"),
                      "id,looks,models,answer,score,cost,trained\n0,1,b,,1,5,1\n1,1,b,,1,5,1\n(.|\n)*"))
      << text_of("d.csv");
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), call.begin(), call.end());
    return run_cli(more);
  };
  expect_failure(with({"--wide"}), 2, "--wide: given with --decisions, expected without");
  expect_failure(with({"--columns", file("x.json")}), 2, "--columns: given with --decisions");
  expect_failure(with({"--price", "0.5"}), 2, "price");
  expect_failure(run_cli({"export", file("t.profile"), "-o", file("x.csv"), "--price", "1"}), 2,
                 "--price: given without a policy, expected --decisions");
  expect_failure(run_cli({"export", file("t.profile"), "-o", file("t.profile")}), 2, "t\\.profile");
  expect_failure(run_cli({"export", file("none.profile"), "-o", file("x.csv")}), 5, "none\\.profile");
}

}  // namespace
}  // namespace triage
