// triage evaluate, as a user runs it, on a profile of fake networks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"
#include "triage/tools/rows.h"

namespace triage::testing {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One profile for all tests: measuring it takes longer than judging it.
class Evaluate : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new triage::testing::TempFolder;
    const auto zoo = triage::testing::write_fake_zoo(folder_->path() / "zoo",
                                                     {{.name = "small", .accuracy = 0.6, .ms = 1},
                                                      {.name = "middle", .accuracy = 0.8, .ms = 4},
                                                      {.name = "large", .accuracy = 0.95, .ms = 16}});
    const auto data = triage::testing::write_fake_data(folder_->path() / "data", 240);
    FakeClock clock;
    EngineOptions engine;
    engine.clock = unowned(clock);
    EngineSet engines(engine);
    DatasetOptions dataset;
    dataset.data = {data.images};
    dataset.labels = {data.labels};
    ProfileOptions options;
    options.clock = unowned(clock);
    measure_profile(load_zoo(zoo), engines, *open_dataset(dataset), options, profile());
    const std::vector<std::uint32_t> rows{0, 1, 2, 3};
    save_policy(*train_single(table(), rows, Criterion::kTop1, 2), policy());
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string profile() { return (folder_->path() / "fake.profile").string(); }
  static std::string policy() { return (folder_->path() / "mine.triage").string(); }
  static Table table() {
    const std::filesystem::path paths[] = {profile()};
    return load_table(paths);
  }
  static CliRun evaluate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"evaluate", profile()});
    return run_cli(arguments);
  }
  static triage::testing::TempFolder* folder_;
};
triage::testing::TempFolder* Evaluate::folder_ = nullptr;

// The cells of a table's row: the first line after `title` that begins so, marked as recommended or not.
std::vector<std::string> cells_of(const std::string& out, const std::string& title, const std::string& row) {
  std::istringstream lines(out.substr(std::min(out.find(title), out.size())));
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 2 || !line.substr(2).starts_with(row + " ")) continue;
    std::istringstream rest(line.substr(2 + row.size()));
    return {std::istream_iterator<std::string>(rest), {}};
  }
  ADD_FAILURE() << "no row '" << row << "' behind '" << title << "' in\n" << out;
  return std::vector<std::string>(20);
}

// Share of the inputs, in %, for which `is_right`.
template <class IsRight>
std::string over_inputs(const Table& table, const IsRight& is_right) {
  double right = 0;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) right += is_right(i) ? 1 : 0;
  const double percent = 100 * right / static_cast<double>(table.n_inputs());
  return percent == 100 ? "100.0" : fmt::format("{:.2f}", percent);
}

TEST_F(Evaluate, BySource) {
  const auto data = triage::testing::write_fake_data(folder_->path() / "elsewhere", 100, 10, 9);
  const std::filesystem::path images = data.images.parent_path() / "elsewhere-idx3-ubyte";
  std::filesystem::copy_file(data.images, images, std::filesystem::copy_options::overwrite_existing);
  const std::string other = (folder_->path() / "elsewhere.profile").string();
  ASSERT_EQ(run_cli({"profile", "--zoo", (folder_->path() / "zoo/zoo.json").string(), "--data", images,
                     "--labels", data.labels, "--energy", "off", "-o", other})
                .exit_code,
            0);
  const CliRun run = run_cli({"evaluate", profile(), other, "--by-source", "--bootstrap", "0"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto has = [](const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(run.out, "340 inputs, 3 models, top-1, each of 2 sources judged by")) << run.out;
  EXPECT_TRUE(has(run.out, "By source, trained on the others\n  source ")) << run.out;
  EXPECT_TRUE(std::regex_search(run.out, std::regex("\n  fake +240 "))) << run.out;
  EXPECT_TRUE(std::regex_search(run.out, std::regex("\n  elsewhere +100 "))) << run.out;
  const CliRun one = evaluate({"--by-source"});
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_TRUE(has(one.err, "sources: 1 with inputs, expected two or more")) << one.err;
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--cv", "3"}, {"--policy", policy()}}) {
    std::vector<std::string> arguments{"--by-source"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CliRun both = evaluate(arguments);
    EXPECT_EQ(both.exit_code, 2);
    EXPECT_TRUE(has(both.err, "excludes")) << both.err;
  }
}

TEST_F(Evaluate, PrintsTablesAndAVerdict) {
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "50"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      run.out.starts_with("240 inputs, 3 models, top-1, 3-fold cross-validation, seed 0\n\n  method "))
      << run.out;
  const Table measured = table();
  const auto cell = [&](const std::string& row, std::size_t column) {
    return cells_of(run.out, "  method", row).at(column);
  };
  const auto right = [&](std::size_t i, ModelIndex m) { return measured.score(i, m, Criterion::kTop1) > 0; };
  for (ModelIndex m = 0; m < 3; ++m) {
    const std::string& name = measured.models[static_cast<std::size_t>(m)].name;
    EXPECT_EQ(cell(name, 0), over_inputs(measured, [&](std::size_t i) { return right(i, m); })) << name;
    EXPECT_EQ(
        cell(name, 2),
        over_inputs(measured, [&](std::size_t i) { return measured.score(i, m, Criterion::kTop5) > 0; }))
        << name;
  }
  EXPECT_EQ(cell("SBS", 0), cell("large", 0)) << "the best single model";
  EXPECT_EQ(cell("VBS (oracle)", 0),
            over_inputs(measured, [&](std::size_t i) { return right(i, 0) || right(i, 1) || right(i, 2); }));
  // Algorithm 1: the cheapest where it is right, then what the others add, the one that adds most first.
  double before = 0;
  std::vector<bool> is_covered(240);
  for (const char* name : {"small", "large", "middle"}) {
    double covered = 0;
    for (std::size_t i = 0; i < 240; ++i) {
      is_covered[i] = is_covered[i] || right(i, measured.find(name));
      covered += is_covered[i] ? 100.0 / 240 : 0;
    }
    const auto row = cells_of(run.out, "Algorithm 1 over all inputs (theta 0.50 points)", name);
    EXPECT_EQ(row.at(0), fmt::format("{:.2f}", covered)) << name;
    EXPECT_EQ(row.at(1), fmt::format("{:+.2f}", covered - before)) << name;
    before = covered;
  }
}

// Scores and choices are those of the document, which tests of the library cover; times vary with decisions.
TEST_F(Evaluate, TextAndJsonSayTheSame) {
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "50"});
  const auto json = nlohmann::json::parse(evaluate({"--cv", "3", "--bootstrap", "50", "--json"}).out);
  for (const auto& method : json["methods"]) {
    const std::string name = method["name"];
    const auto cells = cells_of(run.out, "  method", name);
    EXPECT_EQ(cells.at(0), fmt::format("{:.2f}", 100 * method["pooled"]["top1"].get<double>())) << name;
    EXPECT_EQ(cells.at(1), fmt::format("{:.2f}", 100 * method["standard_deviation"]["top1"].get<double>()))
        << name;
  }
  for (const auto& stage : json["stages"]) {
    const auto cells = cells_of(run.out, "The premodel's stages", stage["stage"]);
    EXPECT_EQ(cells.at(0), fmt::format("{:.1f}", 100 * stage["accuracy"].get<double>()));
    EXPECT_EQ(cells.at(1), fmt::format("{:.1f}", 100 * stage["base_rate"].get<double>()));
  }
  EXPECT_EQ(json["stages"].size(), 3U);
  const std::string recommended = json["recommended"];
  std::smatch found;
  const std::regex verdict("\nVerdict: Use (large alone|what training chooses by itself)[^:]*: ([0-9.]+) %");
  ASSERT_TRUE(std::regex_search(run.out, found, verdict)) << run.out;
  EXPECT_EQ(found[1] == "large alone", recommended == "SBS") << recommended;
  for (const auto& method : json["methods"]) {
    if (method["name"] != recommended) continue;
    EXPECT_EQ(found[2], fmt::format("{:.2f}", 100 * method["pooled"]["score"].get<double>()));
  }
  EXPECT_NE(run.out.find("\n* " + recommended + " "), std::string::npos) << "marked in the tables";
}

// What is recommended can be made by the command as it stands there.
TEST_F(Evaluate, SaysHowToMakeWhatItRecommends) {
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "0", "--seed", "4", "--margin", "-1"});
  std::smatch found;
  ASSERT_TRUE(std::regex_search(run.out, found, std::regex("\n  To make it: triage (train .*)\n")))
      << run.out;
  const auto json = nlohmann::json::parse(
      evaluate({"--cv", "3", "--bootstrap", "0", "--seed", "4", "--margin", "-1", "--json"}).out);
  EXPECT_EQ(json.at("make").get<std::string>().substr(0, 13), "triage train ");
  std::istringstream words(found[1]);
  std::vector<std::string> command;
  for (std::string word; words >> word;) command.push_back(word);
  const CliRun made = run_cli(command, {.folder = folder_->path()});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const std::string policy = (folder_->path() / command.back()).string();
  EXPECT_TRUE(std::filesystem::exists(policy));
  // A finished policy is there already.
  const CliRun finished = evaluate({"--policy", policy, "--bootstrap", "0", "--report", policy + ".html"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  if (finished.out.find("Use the ") != std::string::npos) {
    EXPECT_EQ(finished.out.find("To make it"), std::string::npos) << finished.out;
  }
  std::filesystem::remove(policy);
}

TEST_F(Evaluate, WithoutResamplesThereAreNoIntervals) {
  const std::string path = (folder_->path() / "plain.html").string();
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "0", "--report", path});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_FALSE(std::regex_search(run.out, std::regex("[0-9] -[ .;\n]"))) << run.out;
  EXPECT_EQ(run.out.find("interval"), std::string::npos) << run.out;
  const std::string page = slurp(path);
  for (const char* text : {"points -", "ootstrap 95 %", "<dt>interval", "figure\">band"}) {
    EXPECT_EQ(page.find(text), std::string::npos) << text;
  }
}

TEST_F(Evaluate, JsonIsOneDocument) {
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "20", "--json", "--criterion", "top5"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["criterion"], "top5");
  EXPECT_EQ(json["inputs"], 240);
  const Table measured = table();
  for (std::size_t m = 0; m < 3; ++m) {
    double among_five = 0;
    for (std::size_t i = 0; i < 240; ++i) {
      among_five += measured.score(i, static_cast<ModelIndex>(m), Criterion::kTop5) / 240;
    }
    EXPECT_NEAR(json["methods"][m]["pooled"]["score"].get<double>(), among_five, 1e-9);
  }
  EXPECT_EQ(json["profiles"][0], "fake.profile");
  EXPECT_EQ(json["command"].get<std::string>().find(folder_->path().string()), std::string::npos)
      << "no folders of the user's in a document that is passed on";
}

TEST_F(Evaluate, LabelsFromAModelAreMarkedAsSuch) {
  const std::vector<std::string> arguments = {"--cv", "3", "--bootstrap", "20", "--labels", "from:large"};
  const CliRun run = evaluate(arguments);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("240 inputs, 3 models, agreement with large, 3-fold"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("top-1"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("triage: warning: labels are the answers of large, not the truth"),
            std::string::npos)
      << run.err;
  std::vector<std::string> more = arguments;
  more.emplace_back("--json");
  const auto json = nlohmann::json::parse(evaluate(more).out);
  EXPECT_EQ(json["labels_from"], "large");
  EXPECT_NE(json["command"].get<std::string>().find(" --labels from:large"), std::string::npos);
  EXPECT_EQ(json["methods"][2]["pooled"]["score"], 1.0);
  const CliRun judged = evaluate({"--policy", policy(), "--bootstrap", "20", "--labels", "from:large"});
  EXPECT_NE(
      judged.err.find("mine was trained with labels that came with the inputs, and is judged with labels "
                      "from large"),
      std::string::npos)
      << judged.err;
}

TEST_F(Evaluate, WritesReportAndFolds) {
  const std::string report = (folder_->path() / "new/report.html").string(),
                    folds = (folder_->path() / "folds.csv").string();
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "20", "--report", report, "--folds", folds});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Report: "), std::string::npos);
  EXPECT_EQ(slurp(report).rfind("<!DOCTYPE html>", 0), 0U);
  const Table measured = table();
  const auto fold_of = make_folds(measured, 3, 0);
  std::string csv = "input,fold\n";
  for (std::size_t i = 0; i < 240; ++i) csv += fmt::format("{},{}\n", measured.ids[i], fold_of[i]);
  EXPECT_EQ(slurp(folds), csv);
}

TEST_F(Evaluate, PutsPremodelsBesideEachOther) {
  const CliRun run = evaluate({"--cv", "3", "--bootstrap", "20", "--premodel", "knn.dt", "--premodel", "svm",
                               "--label", "both", "--max-distance-quantile", "0.9", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  std::vector<std::string> premodels;
  for (const auto& method : json["methods"]) {
    if (method["kind"] == "premodel") premodels.push_back(method["name"]);
  }
  EXPECT_EQ(premodels, (std::vector<std::string>{"premodel", "premodel knn.dt, correct", "premodel svm"}));
  EXPECT_EQ(json["stages"][0]["stage"], "KNN-1");
  EXPECT_GT(json["soundness"]["inputs"], 0);
  EXPECT_LT(json["soundness"]["inputs"], 240) << "the farthest are refused";
  EXPECT_NE(json["command"].get<std::string>().find("--premodel knn.dt --premodel svm --label both"),
            std::string::npos);
}

TEST_F(Evaluate, NeighboursVoteByDistanceWhereThereAreSome) {
  const CliRun run = evaluate({"--cv", "2", "--bootstrap", "0", "--premodel", "knn.dt", "--premodel", "dt",
                               "--weights", "distance", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  for (const auto& method : json["methods"]) {
    const bool votes = method["about"].get<std::string>().find("voting by 1 / distance") != std::string::npos;
    EXPECT_EQ(votes, method["name"] == "premodel") << method["name"];
  }
}

// On some of the inputs, with the fake clock's times, which are the same however often they are taken.
TEST_F(Evaluate, SaysWhatDifferenceTheTimingMakes) {
  const std::string exhaustive = (folder_->path() / "exhaustive.profile").string();
  FakeClock clock;
  EngineOptions engine;
  engine.clock = unowned(clock);
  EngineSet engines(engine);
  DatasetOptions dataset;
  dataset.data = {folder_->path() / "data" / "fake-images-idx3-ubyte"};
  dataset.labels = {folder_->path() / "data" / "fake-labels-idx1-ubyte"};
  dataset.range = {0, 60};
  ProfileOptions options;
  options.clock = unowned(clock);
  options.timing = {.mode = TimingMode::kExhaustive, .bound = 0.05, .min_runs = 2, .max_runs = 3};
  measure_profile(load_zoo(folder_->path() / "zoo" / "zoo.json"), engines, *open_dataset(dataset), options,
                  exhaustive);
  const std::string report = (folder_->path() / "timing.html").string();
  const CliRun run =
      evaluate({"--cv", "2", "--bootstrap", "20", "--exhaustive", exhaustive, "--report", report, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const std::string difference = nlohmann::json::parse(run.out)["timing_difference"];
  EXPECT_TRUE(difference.starts_with("On 60 inputs, timed exhaustively (0.0 % of the cells capped)"))
      << difference;
  EXPECT_NE(difference.find("a premodel loses "), std::string::npos) << difference;
  EXPECT_NE(slurp(report).find("On 60 inputs, timed exhaustively"), std::string::npos);
  const CliRun without = evaluate({"--cv", "2", "--bootstrap", "20"});
  EXPECT_NE(without.out.find("What difference the timing makes: not measured; "), std::string::npos)
      << without.out;
  const CliRun same = evaluate({"--cv", "2", "--exhaustive", profile()});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_NE(same.err.find("timed 'cheap' and 'cheap'"), std::string::npos) << same.err;
}

TEST_F(Evaluate, JudgesAFinishedPolicy) {
  const CliRun run = evaluate({"--policy", policy(), "--bootstrap", "20"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  double large = 0;
  const Table measured = table();
  for (std::size_t i = 0; i < 240; ++i) large += measured.score(i, 2, Criterion::kTop1) * 100 / 240;
  EXPECT_EQ(cells_of(run.out, "  method", "mine").at(0), fmt::format("{:.2f}", large)) << "it runs large";
  EXPECT_EQ(run.err.find("very inputs"), std::string::npos) << "trained on four of them only";
}

TEST_F(Evaluate, RejectsWhatMakesNoSense) {
  const auto fails = [&](std::vector<std::string> arguments, int code, const std::string& regex) {
    const CliRun run = evaluate(std::move(arguments));
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_TRUE(matches(run.err, regex));
    EXPECT_EQ(run.out, "");
  };
  fails({"--cv", "1"}, 2, "triage: --cv: [^\n]*\n");
  fails({"--cv", "3", "--policy", policy()}, 2, "triage: [^\n]*excludes[^\n]*\n");
  fails({"--criterion", "top3"}, 2, "triage: [^\n]*top3[^\n]*\n");
  fails({"--fallback", "nobody"}, 2, "triage: --fallback: 'nobody', expected [^\n]*\n");
  fails({"--premodel", "forest"}, 2, "triage: premodel: 'forest'[^\n]*expected knn, dt or svm[^\n]*\n");
  fails({"--premodel", "knn", "--label", "correct"}, 2, "triage: label: correct[^\n]*\n");
  fails({"--weights", "heavy"}, 2, "triage: weights: 'heavy'[^\n]*\n");
  fails({"--premodel", "dt", "--weights", "distance"}, 2, "triage: --weights: distance[^\n]*\n");
  fails({"--cost", "energy"}, 2, "triage: cost: energy was not measured[^\n]*\n");
  fails({"--labels", "from:huge"}, 2, "triage: labels from 'huge'[^\n]*one of: small, middle, large\n");
  fails({"--labels", "large"}, 2, "triage: --labels: 'large', expected from:MODEL[^\n]*\n");
  fails({"--premodel", "dt", "--policy", policy()}, 2, "triage: [^\n]*excludes[^\n]*\n");
  fails({"--cv", "241"}, 2, "triage: [^\n]*241[^\n]*\n");
  fails({"--policy", policy(), "--folds", (folder_->path() / "f.csv").string()}, 2,
        "triage: --folds: [^\n]*\n");
  const auto reserved = folder_->path() / "SBS.triage";
  std::filesystem::copy_file(policy(), reserved);
  fails({"--policy", reserved.string()}, 2,
        "triage: policy 'SBS': is the name of a built-in method[^\n]*rename[^\n]*\n");
  fails({"--policy", (folder_->path() / "none.triage").string()}, 5, "triage: [^\n]*none.triage[^\n]*\n");
  const CliRun run = run_cli({"evaluate", (folder_->path() / "none.profile").string()});
  EXPECT_EQ(run.exit_code, 5) << run.err;
}

TEST_F(Evaluate, StudyWritesAPageTablesAndMarkdown) {
  const std::filesystem::path out = folder_->path() / "study";
  const std::string images = (folder_->path() / "data" / "fake-images-idx3-ubyte").string();
  const CliRun run = run_cli({"study", "paper", "--profile", profile(), "-o", out.string(), "--cv", "3",
                              "--bootstrap", "20", "--slice", "100", "--data", images});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Figure 8c: accuracy"), std::string::npos) << run.out;
  const std::string page = slurp((out / "study.html").string());
  EXPECT_NE(page.find("data:image/png;base64,"), std::string::npos);
  EXPECT_NE(page.find("--profile fake.profile --data fake-images-idx3-ubyte"), std::string::npos);
  EXPECT_TRUE(slurp((out / "study.md").string())
                  .starts_with("# Adaptive model selection on 240 inputs and 3 models"));
  EXPECT_TRUE(slurp((out / "csv" / "figure-5.csv").string()).starts_with("model,"));
}

TEST_F(Evaluate, StudyDrawsLearningCurves) {
  const std::filesystem::path out = folder_->path() / "learning";
  const auto learning = [&](std::vector<std::string> more, const CliOptions& options = {}) {
    std::vector<std::string> arguments{"study", "learning", "--profile", profile(), "-o", out.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments, options);
  };
  EXPECT_EQ(learning({"--draws", "2"}, {.interrupt = true}).exit_code, 130);
  const CliRun few = learning({"--draws", "1"});
  EXPECT_EQ(few.exit_code, 2);
  EXPECT_NE(few.err.find("learning: draws 1, expected 2 or more"), std::string::npos) << few.err;
  EXPECT_FALSE(std::filesystem::exists(out));
  const CliRun run = learning({"--draws", "2", "--threads", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("The check: auto against the best of its rivals"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("learning from training set 4 of 4"), std::string::npos) << run.err;
  const std::string page = slurp((out / "study.html").string());
  EXPECT_NE(page.find("--draws 2 --most 40000 --judging 5000 --unlabelled 0 --seed 0"), std::string::npos);
  EXPECT_NE(page.find("line subject"), std::string::npos);
  const std::string csv = slurp((out / "csv" / "learning-curves.csv").string());
  const CliRun json = learning({"--draws", "2", "--threads", "1", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["exhibits"][1]["id"], "learning-curves");
  EXPECT_EQ(slurp((out / "csv" / "learning-curves.csv").string()), csv) << "whatever the threads";
}

TEST_F(Evaluate, AStudyThatFailsLeavesNothingBehind) {
  const std::filesystem::path parent = folder_->path() / "failed";
  std::filesystem::create_directories(parent / "there/csv");
  const auto guarantee = [&](const std::string& inputs, const std::string& out, const CliOptions& options) {
    return run_cli({"study", "guarantee", "--profile", profile(), "--inputs", inputs, "--resamples", "10",
                    "--retrainings", "0", "-o", (parent / out).string()},
                   options);
  };
  for (const char* out : {"new/deep", "there"}) {
    EXPECT_EQ(guarantee("0", out, {}).exit_code, 2);
    EXPECT_EQ(guarantee("50", out, {.interrupt = true}).exit_code, 130);
    EXPECT_EQ(guarantee("50", out, {.max_file_bytes = 1000}).exit_code, 5);
  }
  EXPECT_FALSE(std::filesystem::exists(parent / "new"));
  EXPECT_TRUE(std::filesystem::is_empty(parent / "there/csv"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(parent), {}), 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(parent / "there"), {}), 1);
  const CliRun run = guarantee("50", "there", {});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_FALSE(std::filesystem::is_empty(parent / "there/csv"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(parent / "there"), {}), 3);
}

TEST_F(Evaluate, StudyWantsAKnownStudyAndAFolder) {
  EXPECT_EQ(run_cli({"study"}).exit_code, 2);
  EXPECT_EQ(run_cli({"study", "novel"}).exit_code, 2);
  const CliRun run = run_cli({"study", "paper", "--profile", profile(), "-o", profile()});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_NE(run.err.find("fake.profile: Not a directory, expected a folder"), std::string::npos) << run.err;
}

TEST_F(Evaluate, NeverWritesOverWhatItReads) {
  const std::string before = slurp(profile());
  const CliRun report = evaluate({"--cv", "2", "--report", profile()});
  EXPECT_EQ(report.exit_code, 2);
  EXPECT_NE(report.err.find("fake.profile: is also an input, expected an output of its own"),
            std::string::npos)
      << report.err;
  const std::string page = (folder_->path() / "twice").string();
  EXPECT_EQ(evaluate({"--cv", "2", "--report", page, "--folds", page}).exit_code, 2);
  const CliRun train = run_cli({"train", profile(), "--policy", "cascade", "-o", profile()});
  EXPECT_EQ(train.exit_code, 2) << train.err;
  const std::string copy = (folder_->path() / "copy.profile").string();
  std::filesystem::copy_file(profile(), copy);
  const CliRun other = run_cli({"train", profile(), "--policy", "cascade", "-o", copy});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("copy.profile: is a profile"), std::string::npos) << other.err;
  EXPECT_EQ(slurp(profile()), before);
}

}  // namespace
}  // namespace triage::testing
