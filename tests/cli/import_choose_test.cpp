// `triage import`, and what can be done with the table: train, evaluate, choose.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/hash.h"
#include "cli/run_cli.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using nlohmann::json;
using testing::matches;
using testing::run_cli;

// Two solvers: `even` is fast where x is below a half, `odd` elsewhere; n rows from a seed.
std::string solvers_csv(int n) {
  Random random(5);
  std::string text = "id,x,noise,even:s,odd:s\n";
  for (int i = 0; i < n; ++i) {
    const double x = random.uniform();
    text +=
        fmt::format("i{},{:.4f},{:.4f},{},{}\n", i, x, random.uniform(), x < 0.5 ? 1 : 90, x < 0.5 ? 80 : 2);
  }
  return text;
}

class ImportCommand : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] testing::CliRun import(const std::string& csv, std::vector<std::string> more = {}) const {
    folder_.write("t.csv", csv);
    more.insert(more.begin(), {"import", "csv", path("t.csv"), "-o", path("t.profile")});
    return run_cli(more);
  }
  // Each line of the answer.
  [[nodiscard]] static std::vector<json> lines_of(const std::string& text) {
    std::vector<json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
  }

  testing::TempFolder folder_;
};

// One word says which model is right.
TEST_F(ImportCommand, ChoosesByATextToo) {
  std::string csv = "id,prompt,maths:score,letters:score\n";
  Random random(7);
  for (int i = 0; i < 300; ++i) {
    const bool is_maths = random.uniform() < 0.5;
    csv += fmt::format("i{},\"Please, {} number {}\",{},{}\n", i, is_maths ? "integral" : "elegance",
                       random.below(20), is_maths ? 1 : 0, is_maths ? 0 : 1);
  }
  const auto read = import(csv, {"--text", "prompt"});
  EXPECT_EQ(read.exit_code, 0) << read.err;
  EXPECT_TRUE(matches(read.out, "[^]*300 texts, of which training makes features\n[^]*"));
  const auto trained = run_cli({"train", path("t.profile"), "--policy", "forests", "-o", path("t.triage")});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  folder_.write("rows.jsonl",
                "{\"prompt\": \"Please, integral number 3\"}\n{\"prompt\": \"Please, elegance number 3\"}\n"
                "{\"x\": 1}\n");
  const auto chosen = run_cli({"choose", "--policy", path("t.triage"), path("rows.jsonl")});
  const auto lines = lines_of(chosen.out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["run"], "maths");
  EXPECT_EQ(lines[1]["run"], "letters");
  EXPECT_TRUE(lines[2].contains("error"));
  const auto written =
      run_cli({"export", path("t.profile"), "--wide", "-o", path("o.csv"), "--columns", path("o.json")});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  const auto again =
      run_cli({"import", "csv", path("o.csv"), "--columns", path("o.json"), "-o", path("o.profile")});
  EXPECT_TRUE(matches(again.out, "[^]*300 texts[^]*")) << again.out;
}

TEST_F(ImportCommand, SaysWhatItRead) {
  const auto run = import("id,note,a:score,a:usd\nq1,x,1,2\nq2,y,,\n");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "2 inputs, 1 models, 0 features; scores: score from 0 \\(worst\\) to 100, costs in usd\n"
              "1 of 2 cells are missing: the model was not run\nIgnored: note\nWrote .*\n"));
  const auto again = import("id,a:score\nq1,1\n");
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_TRUE(matches(again.err, "triage: .*is a profile, expected an output of its own[^]*"));
}

TEST_F(ImportCommand, RefusesWithLineAndColumn) {
  const auto run = import("id,a:score\nq1,x\n");
  EXPECT_NE(run.exit_code, 0);
  EXPECT_TRUE(matches(run.err, "triage: .*t\\.csv: line 2, column 'a:score': 'x', expected a number[^]*"));
  EXPECT_FALSE(std::filesystem::exists(path("t.profile")));
}

TEST_F(ImportCommand, TakesPatternsAndRoles) {
  const auto run = import("key,len,score_a,usd_a,score_b,usd_b\nk1,1,0.5,1,1,2\nk2,2,0,1,1,2\n",
                          {"--id", "key", "--scores", "score_{model}", "--costs", "usd_{model}",
                           "--cost-unit", "usd", "--ignore", "len", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json said = json::parse(run.out);
  EXPECT_EQ(said["models"], 2);
  EXPECT_EQ(said["features"], 0);
  EXPECT_EQ(said["cost_unit"], "usd");
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
           {"--id", "none"}, {"--scores", "x_{model}"}, {"--separator", "ab"}}) {
    const auto refused = run_cli({"import", "csv", path("t.csv"), "-o", path("u.profile"), option, value});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_TRUE(matches(refused.err, "triage: " + option + ": [^]*"));
  }
}

TEST_F(ImportCommand, DescribesAndReadsTheDescription) {
  folder_.write("t.csv", "id,x,a:score\nq1,3,1\n");
  const auto shown = run_cli({"import", "describe", path("t.csv")});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("\"a:score\": {\"is\":\"score\",\"of\":\"a\"}"), std::string::npos) << shown.out;
  EXPECT_EQ(run_cli({"import", "describe", path("t.csv"), "-o", path("c.json")}).exit_code, 0);
  const auto run = run_cli(
      {"import", "csv", path("t.csv"), "--columns", path("c.json"), "-o", path("t.profile"), "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json::parse(run.out)["features"], 1);
}

TEST_F(ImportCommand, ReadsStandardInput) {
  const auto run = run_cli({"import", "jsonl", "-", "-o", path("t.profile"), "--json"},
                           {.input = "{\"id\": 1, \"a:score\": 1}\n"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json::parse(run.out)["inputs"], 1);
}

class ChooseCommand : public ImportCommand {
 protected:
  ChooseCommand() {
    EXPECT_EQ(import(solvers_csv(300), {"--cutoff", "50"}).exit_code, 0);
    const auto run = run_cli({"train", path("t.profile"), "--policy", "forests", "-o", path("p.triage")});
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
};

TEST_F(ChooseCommand, ChoosesWhatIsKnownToBeBest) {
  std::string rows;
  for (int i = 0; i < 40; ++i) {
    const double x = (i + 0.5) / 40;
    if (std::abs(x - 0.5) > 0.05)
      rows += fmt::format("{{\"id\": \"r{}\", \"x\": {}, \"noise\": 0.5}}\n", i, x);
  }
  const auto run = run_cli({"choose", "--policy", path("p.triage")}, {.input = rows});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 36U);
  for (const json& line : lines) {
    const int i = std::stoi(line["id"].get<std::string>().substr(1));
    // With a schedule the presolver runs first, stopped after a while.
    if (line.contains("stop_after")) continue;
    EXPECT_EQ(line["run"], i < 20 ? "even" : "odd") << line.dump();
  }
}

TEST_F(ChooseCommand, ReadsCsvAndExplains) {
  folder_.write("rows.csv", "noise,x\n0.5,0.1\n0.5,\n");
  const auto run = run_cli({"choose", path("rows.csv"), "--policy", path("p.triage"), "--explain"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["id"], "line 2");
  EXPECT_TRUE(lines[0].contains("why"));
}

TEST_F(ChooseCommand, AnswersInTheOrderOfTheRows) {
  std::string rows;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = fmt::format("\"id\": \"r{}\"", i);
    if (i % 3 == 1) {
      rows += "{" + id + "}\n";  // without features
    } else if (i % 3 == 2) {
      rows += "{" + id + ", \"x\": 0.1, \"noise\": 0.5, \"looks\": [{\"model\": \"even\"}]}\n";
    } else {
      rows += "{" + id + ", \"x\": 0.1, \"noise\": 0.5}\n";
    }
  }
  const auto run = run_cli({"choose", "--policy", path("p.triage")}, {.input = rows});
  EXPECT_EQ(run.exit_code, 1);
  const auto lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 10'000U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const json& line = lines[i];
    const std::size_t sort = i % 3;
    if (sort == 1) {
      EXPECT_TRUE(line["error"].get<std::string>().starts_with(fmt::format("line {}:", i + 1)))
          << line.dump();
    } else {
      EXPECT_EQ(line["id"], fmt::format("r{}", i));
      EXPECT_EQ(line.contains("stop"), sort == 2) << line.dump();
    }
  }
}

TEST_F(ChooseCommand, GoesOnBehindARowThatIsNotRight) {
  const auto run =
      run_cli({"choose", "--policy", path("p.triage")}, {.input = "{\n{\"x\": 0.1, \"noise\": 1}\n"});
  EXPECT_EQ(run.exit_code, 1);
  const auto lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].contains("error"));
  EXPECT_TRUE(lines[1].contains("run"));
}

TEST_F(ChooseCommand, IsEvaluatedWithoutTimesOfDeciding) {
  const auto run = run_cli({"evaluate", path("t.profile"), "--cv", "4", "--bootstrap", "0", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json evaluation = json::parse(run.out);
  for (const json& method : evaluation["methods"]) {
    if (method["kind"] != "forests") continue;
    EXPECT_GT(method["score"]["value"].get<double>(), 0.99);
    return;
  }
  FAIL() << "no forests";
}

TEST_F(ChooseCommand, WantsOfficialFoldsToBeThere) {
  const auto run = run_cli({"evaluate", path("t.profile"), "--cv", "official"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(matches(run.err, "[^]*folds: none came with the inputs[^]*"));
}

}  // namespace
}  // namespace triage
