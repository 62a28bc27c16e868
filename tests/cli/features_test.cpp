// `triage features` and `triage train --features auto` as a user runs them, on a profile of fake networks.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"

namespace triage::testing {
namespace {

class Features : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    const auto zoo =
        load_zoo(write_fake_zoo(folder_->path() / "zoo", {{.name = "small", .accuracy = 0.6},
                                                          {.name = "large", .accuracy = 0.9, .ms = 0.2}}));
    const auto data = write_fake_data(folder_->path() / "data", 120);
    EngineSet engines;
    measure_profile(zoo, engines,
                    *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), {},
                    profile());
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::filesystem::path profile() { return folder_->path() / "fake.profile"; }
  static std::filesystem::path file(const std::string& name) { return folder_->path() / name; }
  static CliRun features(std::vector<std::string> more) {
    more.insert(more.begin(), {"features", profile().string()});
    return run_cli(more);
  }
  static void expect_usage(const std::vector<std::string>& more, const std::string& regex) {
    const auto run = features(more);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*"));
  }

 private:
  static TempFolder* folder_;
};
TempFolder* Features::folder_ = nullptr;

TEST_F(Features, ShowsWhatWentAndWhy) {
  const auto run = features({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "Features of the premodel, searched on 120 inputs; top1, models to choose from: small(.|\n)*"
              "Dropped at once\n(.|\n)*  hue1 +constant: 0 on every input\n(.|\n)*"
              "Removed for \\|r\\| > 0.75 (.|\n)*  perceived_brightness_rms +for [a-z_]+ +\\+1.00\n(.|\n)*"
              "Greedy elimination(.|\n)*10 inner folds, k 5\n(.|\n)* %  +[0-9.]+  chosen\n(.|\n)*"
              "Accuracy lost(.|\n)*Chosen: [a-z_0-9, ]+\n(.|\n)*without any feature.*\n"));
}

TEST_F(Features, LabelsFromAModelAreMarkedAsSuch) {
  const auto run = features({"--labels", "from:large", "--candidates", "contrast,avg_brightness"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(
      run.out.find("120 inputs; top1 (labels from large: agreement, not accuracy), models to choose from"),
      std::string::npos)
      << run.out;
  const auto json = features({"--labels", "from:large", "--candidates", "contrast,avg_brightness", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["labels_from"], "large");
}

TEST_F(Features, JsonIsOneDocument) {
  const auto run = features({"--candidates", "contrast,n_keypoints,edge_angle1,hue1", "--n-features", "2",
                             "--slice", "80", "--seed", "3", "--inner-folds", "4", "--correlation", "1",
                             "--keep", "useful", "--threads", "1", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["inputs"], 80);
  EXPECT_EQ(document["inner_folds"], 4);
  EXPECT_EQ(document["keep"], "useful");
  EXPECT_EQ(document["features"].size(), 2U);
  EXPECT_EQ(document["candidates"].size(), 3U);
  EXPECT_EQ(document["dropped"][0]["feature"], "hue1");
  EXPECT_EQ(document["trace"].size(), 2U);
  EXPECT_TRUE(document["trace"][0]["removed"].is_null());
  EXPECT_EQ(document["trace"][1]["features"], document["features"]);
  EXPECT_EQ(document["trace"][0]["left_out"].size(), 3U);
  EXPECT_GT(document["trace"][0]["extraction_ms"], document["trace"][1]["extraction_ms"]);
  EXPECT_EQ(document["importance"].size(), 2U);
}

TEST_F(Features, TheTableHasALineForEachCandidate) {
  const auto path = file("table.csv");
  const auto run = features(
      {"--candidates", "contrast,n_keypoints,avg_brightness,hue1", "--n-features", "1", "-o", path.string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out, "(.|\n)*table.csv written\n"));
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_TRUE(text.starts_with("feature,fate,reason,"));
  EXPECT_NE(text.find("\nhue1,dropped,constant: 0 on every input,"), std::string::npos);
  EXPECT_NE(text.find(",chosen,"), std::string::npos);
}

TEST_F(Features, PaperMeansThoseOfItsTable2) {
  const auto run = features({"--candidates", "paper", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["candidates"].size() + document["dropped"].size(), 29U);
}

TEST_F(Features, RefusesBadArguments) {
  expect_usage({"--candidates", "beauty"}, "candidate feature 'beauty': not in the profile");
  expect_usage({"--correlation", "2"}, "greatest correlation: 2, expected 0 to 1");
  expect_usage({"--keep", "best"}, "pair rule: 'best', expected cheaper or useful");
  expect_usage({"--n-features", "0"}, "--n-features: 0, expected 1 or more");
  expect_usage({"--slice", "0"}, "--slice: 0, expected 1 or more");
  expect_usage({"--n-features", "3", "--tolerance", "1"}, "--n-features excludes --tolerance");
  expect_usage({"--inner-folds", "1"}, "inner folds: 1, expected 2 to 120");
  expect_usage({"--slice", "5"}, "inner folds: 10, expected 2 to 5");
  expect_usage({"--k", "6"}, "k: 6, expected an odd number");
  expect_usage({"--criterion", "top3"}, "top3");
}

TEST_F(Features, TrainTakesWhatTheSearchChooses) {
  const auto search = features({"--json", "--k", "3"});
  ASSERT_EQ(search.exit_code, 0) << search.err;
  const auto chosen = nlohmann::json::parse(search.out)["features"];
  const auto out = file("auto.triage");
  const auto run = run_cli({"train", profile().string(), "--policy", "premodel", "--features", "auto", "--k",
                            "3", "-o", out.string(), "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["features"], chosen);
  EXPECT_TRUE(matches(document["training"]["features"].get<std::string>(),
                      "[0-9]+ of 34 candidates, searched on 120 inputs \\([0-9]+ dropped, [0-9]+ correlated, "
                      "[0-9]+ eliminated\\); premodel accuracy .*"));
  EXPECT_EQ(load_policy(out)->info().schema.size(), chosen.size());
}

}  // namespace
}  // namespace triage::testing
