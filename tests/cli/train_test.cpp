// `triage train` as a user runs it, on a profile of fake networks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/run_cli.h"
#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"
#include "triage/tools/table.h"

namespace triage::testing {
namespace {

class Train : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new triage::testing::TempFolder;
    const auto zoo = load_zoo(triage::testing::write_fake_zoo(
        folder_->path() / "zoo",
        {{.name = "small", .accuracy = 0.7, .ms = 0.01}, {.name = "large", .accuracy = 0.95, .ms = 0.2}}));
    const auto data = triage::testing::write_fake_data(folder_->path() / "data", 120);
    for (const auto& [path, range] :
         {std::pair(profile(), std::pair<std::size_t, std::size_t>(0, 120)),
          std::pair(labelled(), std::pair<std::size_t, std::size_t>(0, 60)),
          std::pair(unlabelled(), std::pair<std::size_t, std::size_t>(60, 120))}) {
      FakeClock clock;  // so that times, and what is made of them, are the same each time
      EngineOptions engine;
      engine.clock = unowned(clock);
      EngineSet engines(engine);
      ProfileOptions options;
      options.clock = unowned(clock);
      measure_profile(zoo, engines,
                      *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = range}),
                      options, path);
    }
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::filesystem::path profile() { return folder_->path() / "fake.profile"; }
  static std::filesystem::path labelled() { return folder_->path() / "labelled.profile"; }
  static std::filesystem::path unlabelled() { return folder_->path() / "more.profile"; }
  static std::filesystem::path out() { return folder_->path() / "out.triage"; }
  static Table table() {
    const std::filesystem::path paths[] = {profile()};
    return load_table(paths);
  }
  static CliRun train(std::vector<std::string> more) {
    more.insert(more.begin(), {"train", profile().string(), "-o", out().string()});
    return run_cli(more);
  }
  static void expect_usage(const std::vector<std::string>& more, const std::string& regex) {
    const auto run = train(more);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_TRUE(matches(run.err, "(.|\n)*" + regex + "(.|\n)*"));
  }

 private:
  static triage::testing::TempFolder* folder_;
};
triage::testing::TempFolder* Train::folder_ = nullptr;

// Each input has two hashes: of its id and of its picture.
std::size_t inputs_of(const std::vector<std::uint64_t>& hashes) { return hashes.size() / 2; }

TEST_F(Train, PremodelShowsAlgorithm1AndWritesThePolicy) {
  const auto run = train({"--policy", "premodel", "--features", "contrast,avg_brightness"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  // The cheap network is the optimum wherever it is right; the other one adds what it alone gets right.
  double small = 0, either = 0;
  const Table measured = table();
  for (std::size_t i = 0; i < 120; ++i) {
    const bool is_right = measured.score(i, 0, Criterion::kTop1) > 0;
    small += is_right ? 100.0 / 120 : 0;
    either += is_right || measured.score(i, 1, Criterion::kTop1) > 0 ? 100.0 / 120 : 0;
  }
  EXPECT_NE(run.out.find(fmt::format("  small {:>31.2f} % {:>+14.2f}  kept\n"
                                     "  large {:>31.2f} % {:>+14.2f}  kept\n",
                                     small, small, either, either - small)),
            std::string::npos)
      << run.out << small << " " << either;
  EXPECT_TRUE(matches(run.out,
                      "premodel, trained on 120 inputs\n(.|\n)*Algorithm 1(.|\n)*"
                      "out\\.triage written, [0-9.]+ .*optimistic.*triage evaluate(.|\n)*"));
  const auto policy = load_policy(out());
  EXPECT_EQ(policy->kind(), "premodel");
  ASSERT_EQ(policy->info().schema.size(), 2U);
  EXPECT_EQ(policy->info().schema.features[0].name, "contrast");
  EXPECT_EQ(policy->info().schema.features[1].name, "avg_brightness");
}

TEST_F(Train, CascadeShowsItsThresholds) {
  const auto run = train({"--policy", "cascade", "--margin", "-5", "--max-stages", "2"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto policy = load_policy(out());
  const auto* cascade = dynamic_cast<const Cascade*>(policy.get());
  ASSERT_NE(cascade, nullptr);
  ASSERT_EQ(cascade->parameters().thresholds.size(), 1U);
  EXPECT_TRUE(matches(run.out, fmt::format("cascade, trained on 120 inputs\n(.|\n)*accepted from\n"
                                           "  small +0\\.0100 +0\\.0100   confidence {:.4f}\n"
                                           "  large +0\\.2000 +0\\.2000   always\n(.|\n)*",
                                           cascade->parameters().thresholds[0])))
      << run.out;
}

TEST_F(Train, AdaptiveIsTheDefaultAndShowsItsSettings) {
  const auto run = train({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto policy = load_policy(out());
  const auto* adaptive = dynamic_cast<const Adaptive*>(policy.get());
  ASSERT_NE(adaptive, nullptr);
  const AdaptiveParameters& made = adaptive->parameters();
  ASSERT_GT(made.settings.size(), 10U);
  const auto lines = [&](std::size_t first, std::size_t end) {
    std::string out = "  order\n";
    for (std::size_t i = first; i < end; ++i) {
      const AdaptiveSetting& setting = made.settings[i];
      std::string order;
      for (const ModelIndex m : setting.order) {
        order += (order.empty() ? "" : " > ") + policy->info().models[static_cast<std::size_t>(m)].name;
      }
      out += fmt::format("{} {:>12.4g} {:>8.2f} {:>10.4f}  {}\n", i == made.chosen ? '*' : ' ', setting.price,
                         100 * setting.score, setting.cost, order);
    }
    return out;
  };
  const std::size_t first = made.chosen < 3 ? 0 : made.chosen - 3,
                    end = std::min(made.settings.size(), made.chosen + 4);
  const std::string around =
      lines(first, end) + fmt::format("  {} of {} settings; ", end - first, made.settings.size());
  EXPECT_NE(run.out.find(around), std::string::npos) << run.out << around;
  const auto full = train({"--all-settings"});
  const std::string all = lines(0, made.settings.size()) + "\n";
  EXPECT_NE(full.out.find(all), std::string::npos) << full.out << all;
  EXPECT_TRUE(matches(run.out, fmt::format("adaptive, trained on 120 inputs\n(.|\n)*Settings, by price(.|\n)*"
                                           "expected score +{:.4f} by inner cross-validation(.|\n)*",
                                           made.settings[made.chosen].score)))
      << run.out;
}

TEST_F(Train, SaysWhatItCompared) {
  const auto run = train({});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Kinds of policy, by inner cross-validation against the single best model\n"),
            std::string::npos)
      << run.out;
  const auto document = nlohmann::json::parse(train({"--json"}).out);
  const auto& choice = document["choice"];
  ASSERT_EQ(choice["compared"].size(), 4U) << "two models: no cascade of three";
  const auto most = std::max_element(choice["compared"].begin(), choice["compared"].end(),
                                     [](const auto& a, const auto& b) { return a["worth"] < b["worth"]; });
  EXPECT_EQ(choice["kind"], (*most)["kind"]);
  EXPECT_FALSE(nlohmann::json::parse(train({"--policy", "adaptive", "--json"}).out).contains("choice"));
}

TEST_F(Train, AShareLeavesTheOthersForCalibration) {
  const auto trained_on = [](const char* share, const char* seed) {
    EXPECT_EQ(train({"--policy", "adaptive", "--train-share", share, "--seed", seed}).exit_code, 0);
    return load_policy(out())->info().training.input_hashes;
  };
  const auto quarter = trained_on("0.25", "3"), other = trained_on("0.5", "4"), half = trained_on("0.5", "3");
  // Three standard errors of half of 120 inputs, and of a quarter.
  EXPECT_NEAR(static_cast<double>(inputs_of(half)), 60, 3 * std::sqrt(30));
  EXPECT_NEAR(static_cast<double>(inputs_of(quarter)), 30, 3 * std::sqrt(22.5));
  EXPECT_TRUE(std::includes(half.begin(), half.end(), quarter.begin(), quarter.end()))
      << "a larger share keeps the inputs of a smaller one";
  EXPECT_NE(half, other) << "the seed draws";
  // Calibration has all the others, and none of these.
  const auto policy = load_policy(out());
  EXPECT_EQ(policy->info().training.inputs, inputs_of(half));
  const auto calibrated = run_cli({"calibrate", profile().string(), "--policy", out().string(), "--max-loss",
                                   "0.5", "-o", out().string() + ".certified", "--json"});
  ASSERT_EQ(calibrated.exit_code, 0) << calibrated.err;
  const auto document = nlohmann::json::parse(calibrated.out);
  EXPECT_EQ(document["left_out"], inputs_of(half));
  EXPECT_EQ(document["inputs"], 120 - inputs_of(half));
}

TEST_F(Train, SingleRunsTheNamedModel) {
  EXPECT_EQ(train({"--policy", "single:large", "--criterion", "top5"}).exit_code, 0);
  const auto policy = load_policy(out());
  EXPECT_EQ(policy->kind(), "single");
  EXPECT_EQ(policy->info().models.at(0).name, "large");
  EXPECT_EQ(policy->info().criterion, Criterion::kTop5);
}

TEST_F(Train, JsonIsOneDocument) {
  const auto run = train({"--policy", "premodel", "--fallback", "refuse", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_EQ(document["policy"], "premodel");
  EXPECT_EQ(document["inputs"], 120);
  EXPECT_EQ(document["features"].size(), 7U);
  EXPECT_EQ(document["training"]["fallback"], "refuse");
  EXPECT_EQ(document["selection"][0]["kept"], true);
  EXPECT_EQ(document["size_bytes"], std::filesystem::file_size(out()));
}

TEST_F(Train, LabelsFromAModelAreInThePolicy) {
  const auto run = train({"--policy", "cascade", "--labels", "from:large"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out, "(.|\n)*\n  labels +from large: agreement, not accuracy\n(.|\n)*"));
  const auto kept = [&] { return load_policy(out())->info().training.labels_from == "large"; };
  EXPECT_TRUE(kept());
  const auto json = train({"--policy", "single:small", "--labels", "from:large", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["training"]["labels"], "from large: agreement, not accuracy");
  EXPECT_EQ(train({"--policy", "single:small"}).exit_code, 0);
  EXPECT_FALSE(kept());
}

// As a program may write one that gives no labels to measure_profile.
TEST_F(Train, InputsWithoutLabelsNeedAModels) {
  const auto path = out().parent_path() / "unlabelled.profile";
  const auto images = out().parent_path() / "unlabelled-images";
  const std::vector<Image> pictures(30, fake_image(3, 1));
  write_idx_images(images, pictures);
  EngineSet engines;
  measure_profile(load_zoo(out().parent_path() / "zoo" / "zoo.json"), engines,
                  *open_dataset({.data = {images}, .labels = {}, .range = {}, .require_labels = false}), {},
                  path);
  std::vector<std::string> command = {"train", path.string(), "--policy", "cascade", "-o", out().string()};
  const auto none = run_cli(command);
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(
      none.err.find("unlabelled.profile: 30 of 30 inputs have no label, expected one each; take a model's "
                    "answers for labels with --labels from:MODEL"),
      std::string::npos)
      << none.err;
  command.insert(command.end(), {"--labels", "from:large"});
  EXPECT_EQ(run_cli(command).exit_code, 0);
}

TEST_F(Train, WarnsOfConstantFeatures) {
  // The fake images are gray: no hue.
  const auto run = train({"--policy", "premodel", "--features", "contrast,hue1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(matches(run.err, "triage: warning: feature 'hue1' is 0 on every training input(.|\n)*"));
}

TEST_F(Train, RefusesBadArguments) {
  expect_usage(
      {"--policy", "magic"},
      "--policy: 'magic', expected auto, adaptive, premodel, cascade, forests, ladder or single:MODEL");
  expect_usage({"--policy", "single:huge"},
               "--policy: no model 'huge' in the profile, expected one of: small, large");
  expect_usage({"--policy", "cascade", "--theta", "1"}, "--theta: given for --policy cascade");
  expect_usage({"--policy", "premodel", "--price", "1"},
               "--price: given for --policy premodel, expected only with --policy adaptive or cascade");
  expect_usage({"--policy", "adaptive", "--max-stages", "5"}, "adaptive: stages 5, expected 1 to 4");
  expect_usage({"--policy", "adaptive", "--price", "-1"}, "adaptive: price -1, expected a finite score");
  expect_usage({"--policy", "adaptive", "--margin", "inf"}, "adaptive: margin inf, expected a finite share");
  expect_usage({"--margin", "inf"}, "train: margin inf, expected a finite share");
  expect_usage({"--price", "1"},
               "--price: given for --policy auto, expected only with --policy adaptive or cascade");
  expect_usage({"--cost", "energy"}, "energy");
  expect_usage({"--train-share", "0"}, "--train-share: 0, expected above 0 and at most 1");
  expect_usage({"--policy", "adaptive", "--train-share", "0.01"},
               "adaptive: training inputs [0-9]+, expected at least 20");
  expect_usage({"--policy", "premodel", "--k", "4"}, "k: 4, expected an odd number from 1 to 63");
  expect_usage({"--policy", "premodel", "--features", "beauty"}, "feature 'beauty': not in the profile");
  expect_usage({"--policy", "premodel", "--fallback", "worst"}, "--fallback: 'worst', expected best, refuse");
  expect_usage({"--policy", "premodel", "--criterion", "top3"}, "top3");
  expect_usage({"--policy", "cascade", "--max-stages", "4"}, "stages 4, expected 1 to 3");
  expect_usage({"--policy", "cascade", "--labels", "from:huge"},
               "labels from 'huge': no such model in the profile, expected one of: small, large");
  expect_usage({"--policy", "cascade", "--labels", "a.csv"}, "--labels: 'a.csv', expected from:MODEL");
}

// Small is right as often as large and a twentieth of the time: looking twice cannot pay where nothing is
// right more often, and a network alone never claims to.
TEST_F(Train, SaysWhatItsKindGains) {
  const auto json = nlohmann::json::parse(train({"--policy", "cascade", "--json"}).out);
  ASSERT_TRUE(json.at("inner_estimate").is_object()) << json.dump(1);
  EXPECT_LT(json["inner_estimate"].at("cost_ratio"), 1.0);
  EXPECT_TRUE(json.at("pays"));
  const auto single = nlohmann::json::parse(train({"--policy", "single:large", "--json"}).out);
  EXPECT_TRUE(single.at("inner_estimate").is_null());
  EXPECT_TRUE(single.at("pays"));
  EXPECT_TRUE(nlohmann::json::parse(train({"--policy", "cascade", "--price", "1", "--json"}).out)
                  .at("inner_estimate")
                  .is_null());
  EXPECT_NE(train({"--policy", "cascade"}).out.find("\n  against the best "), std::string::npos);
}

TEST_F(Train, WarnsWhereItsKindDoesNotPay) {
  // Without its cheap network, there is nothing to gain.
  const auto zoo = load_zoo(triage::testing::write_fake_zoo(
      out().parent_path() / "flat",
      {{.name = "good", .accuracy = 0.97, .ms = 0.01}, {.name = "poor", .accuracy = 0.3, .ms = 0.2}}));
  const auto data = triage::testing::write_fake_data(out().parent_path() / "flat-data", 120);
  FakeClock clock;
  EngineSet engines({.cache_dir = {}, .clock = unowned(clock)});
  ProfileOptions options;
  options.clock = unowned(clock);
  const std::string flat = (out().parent_path() / "flat.profile").string();
  measure_profile(zoo, engines, *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}),
                  options, flat);
  for (const char* kind : {"cascade", "premodel", "adaptive"}) {
    const CliRun run = run_cli({"train", flat, "--policy", kind, "-o", out().string()});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.err.find("does not pay"), std::string::npos) << kind << run.err << run.out;
    EXPECT_NE(run.err.find("--policy single:good"), std::string::npos) << run.err;
  }
}

TEST_F(Train, CtrlCLeavesTheOutputAlone) {
  for (const char* policy : {"adaptive", "premodel", "cascade", "single:large"}) {
    const auto folder = out().parent_path() / "stopped";
    std::filesystem::create_directories(folder);
    write_text_atomic(folder / "out.triage", "as it was");
    const auto run =
        run_cli({"train", profile().string(), "--policy", policy, "-o", (folder / "out.triage").string()},
                {.interrupt = true});
    EXPECT_EQ(run.exit_code, 130) << policy << run.err;
    EXPECT_TRUE(matches(run.err, "triage: .*: stopped, expected to run to the end; start it again\n"));
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(read_text(folder / "out.triage"), "as it was");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "nothing beside it";
  }
}

TEST_F(Train, AFileSizeLimitIsAnErrorOfWriting) {
  const auto folder = out().parent_path() / "limited";
  std::filesystem::create_directories(folder);
  const auto run =
      run_cli({"train", profile().string(), "-o", (folder / "out.triage").string()}, {.max_file_bytes = 512});
  EXPECT_EQ(run.exit_code, 5) << run.err;
  EXPECT_TRUE(matches(run.err, "triage: .*out\\.triage: writing failed \\(File too large\\)\n"));
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "nothing is left behind";
}

TEST_F(Train, RefusesWhatIsNoProfile) {
  const auto path = out().parent_path() / "text.profile";
  std::ofstream(path) << "not a profile";
  const auto run = run_cli({"train", path.string(), "--policy", "premodel", "-o", out().string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(matches(run.err, "triage: .*text\\.profile(.|\n)*"));
}

TEST_F(Train, PremodelsOfOtherKindsSayHowTheyWereTrained) {
  const auto run =
      train({"--policy", "premodel", "--features", "contrast,avg_brightness", "--premodel", "dt.svm",
             "--label", "correct", "--max-distance-quantile", "0.9", "--beyond", "fallback"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "(.|\n)*premodel +dt\\.svm\n +label +correct\n +cost +time\n(.|\n)*DT-1 +depth [0-9]+, at "
              "least(.|\n)*distance limit +[0-9.]+, quantile 0\\.9 .*beyond: fallback\n(.|\n)*"))
      << run.out;
  EXPECT_EQ(load_policy(out())->kind(), "premodel");
}

TEST_F(Train, RefusesPremodelOptionsThatDoNotFit) {
  expect_usage({"--policy", "premodel", "--premodel", "forest"}, "expected knn, dt or svm");
  expect_usage({"--policy", "premodel", "--label", "right"}, "label: 'right', expected optimum or correct");
  expect_usage({"--policy", "premodel", "--weights", "heavy"},
               "weights: 'heavy', expected uniform or distance");
  expect_usage({"--policy", "premodel", "--premodel", "dt", "--weights", "distance"},
               "weights: distance, expected uniform for the premodel 'dt'");
  expect_usage({"--policy", "premodel", "--beyond", "stop"}, "beyond: 'stop', expected refuse or fallback");
  expect_usage({"--policy", "premodel", "--cost", "money"},
               "cost: 'money', expected time, energy, or a sum such as 'ms \\+ 40 j'");
  expect_usage({"--policy", "premodel", "--features", "contrast", "--cost", "energy"},
               "energy was not measured");
  expect_usage({"--policy", "cascade", "--premodel", "dt"}, "--premodel: given for --policy cascade");
}

TEST_F(Train, AimsAtOneThing) {
  for (const char* policy : {"adaptive", "cascade"}) {
    expect_usage({"--policy", policy, "--margin", "1", "--price", "2"}, "--margin excludes --price");
  }
}

TEST_F(Train, UnlabelledInputsTrainBesideTheLabelled) {
  const auto run =
      run_cli({"train", labelled().string(), "--unlabelled", unlabelled().string(), "-o", out().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(load_policy(out())->info().training.inputs, 120U);
  const auto twice =
      run_cli({"train", labelled().string(), "--unlabelled", labelled().string(), "-o", out().string()});
  EXPECT_EQ(twice.exit_code, 3) << twice.err;
  const auto answers = run_cli({"train", labelled().string(), "--labels", "from:large", "--unlabelled",
                                unlabelled().string(), "-o", out().string()});
  EXPECT_EQ(answers.exit_code, 2);
  EXPECT_NE(answers.err.find("--unlabelled: given where labels are the answers of large"), std::string::npos);
}

}  // namespace
}  // namespace triage::testing
