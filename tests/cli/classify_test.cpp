// triage classify on fake networks: every form of input, both outputs, and what happens to bad images.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/version.hpp>
#include <regex>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/run_cli.h"
#include "features/extraction.h"
#include "policy/cascade_policy.h"
#include "policy/premodel_policy.h"
#include "support/fake_zoo.h"
#include "triage/classifier.h"
#include "triage/clock.h"
#include "triage/tools/features.h"
#include "triage/zoo.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// The policy is a cascade of a bad network that is always sure enough or not, and a perfect one.
struct Classify : ::testing::Test {
  testing::TempFolder dir;
  fs::path root = dir.path();
  Zoo zoo;
  std::string error;

  PolicyInfo info_of(const std::vector<std::string>& models) const {
    PolicyInfo info;
    info.n_classes = 10;
    for (const std::string& name : models) {
      const ModelSpec& model = zoo.models.at(static_cast<std::size_t>(zoo.find(name)));
      info.models.push_back({{name, model.fingerprint()}});
    }
    return info;
  }
  // What a network says about a picture, asked without the command line.
  TopK said_by(const std::string& model, const Image& image) const {
    static FakeClock clock;
    const RuntimeOptions options{.cache_dir = "", .clock = unowned(clock)};
    const Classifier classifier(make_single(info_of({model}), 0), std::make_shared<Runtime>(zoo, options));
    return classifier.classify(image).answer;
  }

  Classify() {
    const fs::path path = testing::write_fake_zoo(
        root / "zoo", {{.name = "small", .accuracy = 0.5, .ms = 0.01}, {.name = "large", .ms = 0.02}});
    zoo = load_zoo(path);
    const PolicyInfo info = info_of({"small", "large"});
    save_policy(*make_cascade(info, {.thresholds = {2.0}}), root / "zoo/always-large.triage");
    save_policy(*make_cascade(info, {.thresholds = {0.0}}), root / "zoo/always-small.triage");
    fs::create_directories(root / "pictures/deeper");
    for (Label label = 0; label < 3; ++label) {
      testing::write_pnm(root / "pictures" / (std::to_string(label) + ".pgm"), testing::fake_image(label, 1));
    }
    testing::write_pnm(root / "pictures/deeper/7.pgm", testing::fake_image(7, 1));
    testing::write_fake_data(root / "idx", 30);
  }

  testing::CliRun run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"classify", "--policy", "zoo/always-large.triage"});
    return testing::run_cli(arguments, {.input = input, .folder = root, .stdout_path = ""});
  }
  Json run_json(std::vector<std::string> arguments, int exit_code, const std::string& input = "") {
    arguments.push_back("--json");
    const testing::CliRun result = run(arguments, input);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    error = result.err;
    return Json::parse(result.out);
  }
  static std::vector<std::string> names(const Json& document) {
    std::vector<std::string> list;
    for (const Json& result : document["results"]) list.push_back(result["input"]);
    return list;
  }
};

// Two networks with times from elsewhere; the better one is slow once in a thousand runs.
struct ClassifyCapped : Classify {
  ClassifyCapped() {
    PolicyInfo info = info_of({"small", "large"});
    info.machine = "a board, 4 cores";
    for (PolicyModel& model : info.models) {
      model.mean_ms = model.p50_ms = model.p90_ms = model.p99_ms = model.p999_ms = 20;
    }
    info.models[1].p999_ms = 5000;
    save_policy(*make_cascade(info, {.thresholds = {2.0}}), root / "zoo/board.triage");
  }
  testing::CliRun classify(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"classify", "--policy", "zoo/board.triage", "pictures",
                                       "idx/" + images()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::run_cli(arguments, {.input = "", .folder = root, .stdout_path = ""});
  }
  [[nodiscard]] std::string images() const {
    for (const auto& entry : fs::directory_iterator(root / "idx")) {
      if (entry.path().filename().string().find("images") != std::string::npos)
        return entry.path().filename().string();
    }
    return {};
  }
};

TEST_F(ClassifyCapped, SaysHowManyACapDecidedAndWhatWouldDecideNone) {
  const testing::CliRun capped = classify({"--max-latency-ms", "1000"});
  EXPECT_EQ(capped.exit_code, 0) << capped.err;
  std::smatch found;
  ASSERT_TRUE(std::regex_search(
      capped.out, found, std::regex("; a cap decided ([0-9]+) \\(none with --max-latency-ms ([0-9.]+)\\)")))
      << capped.out;
  const double enough = std::stod(found[2]);
  EXPECT_GE(enough, 5000);
  EXPECT_LT(enough, 6000);
  EXPECT_NE(capped.err.find("keeps out large, which takes 20 on average: only 999 of 1,000 runs"),
            std::string::npos)
      << capped.err;
  const Json json = Json::parse(classify({"--max-latency-ms", "1000", "--json"}).out);
  EXPECT_EQ(json["cap"]["decided"], std::stoi(found[1]));
  EXPECT_GE(json["cap"]["enough_ms"], 5000.0);
  for (const std::vector<std::string>& none : {std::vector<std::string>{"--max-latency-ms", "6000"},
                                               {"--max-latency-ms", "1000", "--cap-quantile", "0.99"}}) {
    const testing::CliRun run = classify(none);
    EXPECT_EQ(run.out.find("a cap decided"), std::string::npos) << run.out;
    EXPECT_EQ(run.err.find("keeps out"), std::string::npos) << run.err;
  }
  EXPECT_EQ(classify({"--max-latency-ms", "1000", "--cap-quantile", "0.95"}).exit_code, 2);
  EXPECT_NE(run({"pictures", "--max-latency-ms", "1000", "--cap-quantile", "0.9"}).err.find("triage time"),
            std::string::npos)
      << "an older policy knows one quantile alone";
}

TEST_F(ClassifyCapped, TimesOfAnotherMachineAreWarnedOfAndCanBeMeasuredHere) {
  EXPECT_EQ(classify({}).err.find("a board"), std::string::npos) << "without a cap they matter to nobody";
  const std::string warning = classify({"--max-latency-ms", "1000"}).err;
  EXPECT_NE(warning.find("reckons with times of 'a board, 4 cores'"), std::string::npos) << warning;
  EXPECT_NE(warning.find("'triage time zoo/board.triage --zoo zoo/zoo.json -o NEW.triage'"),
            std::string::npos)
      << warning;
  const testing::CliRun timed = testing::run_cli({"time", "zoo/board.triage", "--data", "pictures", "--runs",
                                                  "40", "-o", "zoo/here.triage", "--cache", ""},
                                                 {.input = "", .folder = root, .stdout_path = ""});
  EXPECT_EQ(timed.exit_code, 0) << timed.err;
  EXPECT_NE(timed.out.find("40 runs of each, timed on "), std::string::npos) << timed.out;
  EXPECT_NE(timed.out.find("as it was trained with times of 'a board, 4 cores'"), std::string::npos)
      << timed.out;
  const auto policy = load_policy(root / "zoo/here.triage");
  EXPECT_EQ(policy->info().trained_on, "a board, 4 cores");
  EXPECT_LT(policy->info().models[1].p999_ms, 5000);
  EXPECT_GE(policy->info().models[1].mean_ms, 0.02);
  const testing::CliRun here =
      testing::run_cli({"classify", "--policy", "zoo/here.triage", "pictures", "--max-latency-ms", "1000"},
                       {.input = "", .folder = root, .stdout_path = ""});
  EXPECT_EQ(here.err.find("reckons with times"), std::string::npos) << here.err;
  const testing::CliRun again = testing::run_cli(
      {"time", "zoo/board.triage", "--runs", "5", "-o", "zoo/json.triage", "--cache", "", "--json"},
      {.input = "", .folder = root, .stdout_path = ""});
  EXPECT_EQ(Json::parse(again.out)["models"].size(), 2U) << again.err;
  const auto refuse = [&](const std::vector<std::string>& arguments, int exit_code,
                          std::string_view message) {
    const testing::CliRun refused =
        testing::run_cli(arguments, {.input = "", .folder = root, .stdout_path = ""});
    EXPECT_EQ(refused.exit_code, exit_code) << refused.err;
    EXPECT_NE(refused.err.find(message), std::string::npos) << refused.err;
  };
  refuse({"time", "zoo/board.triage", "-o", "zoo/board.triage"}, 2, "zoo/board.triage");
  refuse({"time", "zoo/board.triage", "--data", "nowhere", "-o", "x.triage"}, 3, "no image could be read");
  refuse({"time", "zoo/board.triage", "--runs", "0", "-o", "x.triage"}, 2, "--runs");
  fs::create_directories(root / "alone");
  fs::copy_file(root / "zoo/board.triage", root / "alone/board.triage");
  refuse({"time", "alone/board.triage", "-o", "x.triage"}, 2, "time: no --zoo and no alone/zoo.json");
}

TEST_F(Classify, SaysWhatAndWho) {
  const testing::CliRun result = run({"pictures/2.pgm", "--top", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const TopK answer = said_by("large", testing::fake_image(2, 1));
  ASSERT_EQ(answer.best(), 2);
  std::string classes;
  for (const ClassProbability& entry : answer.entries().first(2)) {
    classes +=
        fmt::format("  class {}  {:>5.1f} %\n", entry.cls, 100 * static_cast<double>(entry.probability));
  }
  EXPECT_TRUE(result.out.starts_with("pictures/2.pgm\n" + classes + "  model     large after small\n"))
      << result.out << classes;
  EXPECT_TRUE(testing::matches(
      result.out,
      "(.|\n)*\n  time      [0-9.]+ ms: features 0\\.000, decision [0-9.]+, preprocess [0-9.]+, inference "
      "[0-9.]+; decode [0-9.]+ apart\n\n"));
  EXPECT_EQ(result.err, "");
}

// One look of a cascade, as its explanation has to tell it.
struct ToldLook {
  std::string model;
  TopK said;
  std::string decision;
};
void expect_told(const std::string& out, const std::vector<ToldLook>& looks) {
  std::istringstream lines(out);
  std::vector<std::string> why, look;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  why       ")) why.push_back(line);
    if (line.starts_with("  look      ")) look.push_back(line);
  }
  ASSERT_EQ(why.size(), looks.size()) << out;
  ASSERT_EQ(look.size(), looks.size()) << out;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const double confidence = looks[i].said.confidence();
    for (const std::string& part : {looks[i].model, fmt::format("{:.4f}", confidence), looks[i].decision}) {
      EXPECT_NE(why[i].find(part), std::string::npos) << why[i] << " lacks " << part;
    }
    EXPECT_TRUE(look[i].starts_with(fmt::format("  look      {}: class {} with {:.1f} %, ", looks[i].model,
                                                looks[i].said.best(), 100 * confidence)))
        << look[i];
  }
}

TEST_F(Classify, ExplainsEveryLook) {
  const Image image = testing::fake_image(2, 1);
  const testing::CliRun large = run({"pictures/2.pgm", "--explain"});
  EXPECT_EQ(large.exit_code, 0) << large.err;
  expect_told(large.out, {{"small", said_by("small", image), "goes on"},
                          {"large", said_by("large", image), "accepted"}});
  const testing::CliRun small =
      testing::run_cli({"classify", "--policy", "zoo/always-small.triage", "pictures/2.pgm", "--explain"},
                       {.input = "", .folder = root, .stdout_path = ""});
  expect_told(small.out, {{"small", said_by("small", image), "accepted"}});
}

// A premodel's trace has raw and scaled values as steps; people get each once, side by side.
TEST_F(Classify, ExplainsFeaturesOnce) {
  PolicyInfo info = info_of({"small", "large"});
  info.schema = make_schema(std::vector<std::string_view>{"contrast"});
  PremodelParameters model;
  model.k = 1;
  model.n_stages = 2;
  model.minimum = {0};
  model.maximum = {1000};
  model.rows = {0, 1};
  model.optimum = {0, 1};
  for (const char* id : {"low.png", "high.png"}) model.ids.push_back(id);
  model.choosers = paper_choosers(model);
  save_policy(*make_premodel(info, model), root / "zoo/premodel.triage");
  const std::vector<std::string> arguments{"classify", "--policy", "zoo/premodel.triage", "pictures/2.pgm",
                                           "--explain"};
  const testing::CliRun result =
      testing::run_cli(arguments, {.input = "", .folder = root, .stdout_path = ""});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("  why       KNN-1: 1 of 1 neighbours say small: yes\n"), std::string::npos)
      << result.out;
  // The nearer neighbour is at 0, so that its distance is the scaled value.
  const Image image = testing::fake_image(2, 1);
  float contrast = 0;
  FakeClock clock;
  FeatureExtraction(info.schema, image, clock).extract(1, std::span(&contrast, 1));
  ASSERT_GT(contrast, 1) << "else rounding tells nothing";
  EXPECT_NE(result.out.find(fmt::format("  feature   contrast = {:.4g}, scaled {:.4g}\n"
                                        "  near      low.png at {:.4g}, optimum small\n",
                                        contrast, contrast / 1000, contrast / 1000)),
            std::string::npos)
      << result.out << contrast;
  const std::size_t first = result.out.find("contrast");
  EXPECT_EQ(result.out.find("contrast", first + 1), std::string::npos) << result.out;
}

TEST_F(Classify, JsonHoldsTheWholeStory) {
  const Json document = run_json({"pictures/2.pgm", "--top", "3", "--explain"}, 0);
  EXPECT_EQ(document["kind"], "cascade");
  ASSERT_EQ(document["results"].size(), 1U);
  const Json& result = document["results"][0];
  EXPECT_EQ(result["model"], "large");
  EXPECT_EQ(result["refused"], false);
  ASSERT_EQ(result["answer"].size(), 3U);
  EXPECT_EQ(result["answer"][0]["class"], 2);
  EXPECT_EQ(result["answer"][0]["label"], "class 2");
  const std::vector<std::string> models{"small", "large"};
  ASSERT_EQ(result["looks"].size(), 2U);
  ASSERT_EQ(result["why"]["steps"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const TopK said = said_by(models[i], testing::fake_image(2, 1));
    EXPECT_EQ(result["looks"][i]["model"], models[i]);
    EXPECT_EQ(result["looks"][i]["class"], said.best());
    EXPECT_EQ(result["looks"][i]["label"], fmt::format("class {}", said.best()));
    EXPECT_DOUBLE_EQ(result["looks"][i]["confidence"], said.confidence());
    EXPECT_DOUBLE_EQ(result["why"]["steps"][i]["values"]["confidence"], said.confidence());
  }
  const TopK said = said_by("large", testing::fake_image(2, 1));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result["answer"][i]["class"], said.entries()[i].cls);
    EXPECT_DOUBLE_EQ(result["answer"][i]["probability"], static_cast<double>(said.entries()[i].probability));
  }
  const Json& times = result["times_ms"];
  EXPECT_NEAR(times["total"].get<double>(),
              times["features"].get<double>() + times["decision"].get<double>() +
                  times["preprocess"].get<double>() + times["inference"].get<double>(),
              1e-6);
  EXPECT_TRUE(document["failed"].empty());
}

TEST_F(Classify, FoldersStandForAllTheirImagesSorted) {
  std::ofstream(root / "pictures/notes.txt") << "not an image";
  const Json document = run_json({"pictures"}, 0);
  EXPECT_EQ(names(document), (std::vector<std::string>{"pictures/0.pgm", "pictures/1.pgm", "pictures/2.pgm",
                                                       "pictures/deeper/7.pgm"}));
  EXPECT_NE(error.find("left out: 1 .txt"), std::string::npos) << error;
}

TEST_F(Classify, StdinListsPathsBetweenOtherInputs) {
  const Json document =
      run_json({"pictures/0.pgm", "-", "pictures/2.pgm"}, 0, "pictures/1.pgm\n\npictures/deeper\n");
  EXPECT_EQ(names(document), (std::vector<std::string>{"pictures/0.pgm", "pictures/1.pgm",
                                                       "pictures/deeper/7.pgm", "pictures/2.pgm"}));
}

// Functions of the system would stop reading at the NUL and take another file than the one that is listed.
TEST_F(Classify, ANulInAListOnStdinIsOneBadInput) {
  using namespace std::string_literals;
  const Json document =
      run_json({"-"}, 1, "pictures/0.pgm\0.png\npictures/1.pgm\npictures/2.pgm\0pictures/1.pgm\0"s);
  EXPECT_EQ(names(document), (std::vector<std::string>{"pictures/1.pgm"}));
  ASSERT_EQ(document["failed"].size(), 2U);
  EXPECT_NE(error.find("pictures/0.pgm\\x00.png: holds a NUL, expected one path a line"), std::string::npos)
      << error;
  EXPECT_NE(error.find("2 of 3 inputs failed"), std::string::npos) << error;
}

TEST_F(Classify, IdxFilesGiveTheirImagesAndLabels) {
  const Json document = run_json({"idx/fake-images-idx3-ubyte", "--range", "4:7"}, 0);
  ASSERT_EQ(document["results"].size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(document["results"][i]["label"]["class"], testing::fake_label(i + 4));
    EXPECT_EQ(document["results"][i]["answer"][0]["class"], testing::fake_label(i + 4));
  }
  const testing::CliRun result = run({"idx/fake-images-idx3-ubyte", "--range", "4:7"});
  EXPECT_NE(result.out.find("3 inputs, "), std::string::npos);
  EXPECT_NE(result.out.find("3 of 3 labelled ones right"), std::string::npos);
  EXPECT_NE(result.out.find("answered by large (3)"), std::string::npos);
}

TEST_F(Classify, OneBadImageDoesNotStopTheRest) {
  std::ofstream(root / "pictures/1.pgm") << "P5\n28 28\n255\nshort";
  const Json document = run_json({"pictures", "absent.png"}, 1);
  EXPECT_EQ(names(document),
            (std::vector<std::string>{"pictures/0.pgm", "pictures/2.pgm", "pictures/deeper/7.pgm"}));
  ASSERT_EQ(document["failed"].size(), 2U);
  EXPECT_EQ(document["failed"][0]["input"], "pictures/1.pgm");
  EXPECT_NE(error.find("triage: 2 of 5 inputs failed:\n  pictures/1.pgm\n  absent.png\n"), std::string::npos)
      << error;
}

TEST_F(Classify, NamesWithStrangeCharactersAreShownSafely) {
  const std::string name = "pictures/\x1b[31mred\n.pgm";
  testing::write_pnm(root / name, testing::fake_image(3, 1));
  const testing::CliRun result = run({name});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, result.out.find('\n')), "pictures/\\x1b[31mred\\x0a.pgm");
  EXPECT_EQ(run_json({name}, 0)["results"][0]["input"], name);
}

TEST_F(Classify, PathsThatAreNotUtf8GiveValidJson) {
  testing::write_pnm(root / "\xFF.pgm", testing::fake_image(3, 1));
  EXPECT_EQ(run_json({"\xFF.pgm"}, 0)["results"][0]["answer"][0]["class"], 3);
}

TEST_F(Classify, ZooIsTheOneBesideThePolicyUnlessNamed) {
  fs::rename(root / "zoo/zoo.json", root / "zoo/other.json");
  EXPECT_EQ(run({"pictures/1.pgm"}).exit_code, 2);
  EXPECT_EQ(run({"pictures/1.pgm", "--zoo", "zoo/other.json"}).exit_code, 0);
}

TEST_F(Classify, UnwritableOutputIsAnError) {
  const testing::CliRun result =
      testing::run_cli({"classify", "--policy", "zoo/always-large.triage", "pictures/1.pgm"},
                       {.input = "", .folder = root, .stdout_path = "/dev/full"});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_NE(result.err.find("triage: stdout: "), std::string::npos) << result.err;
}

// The same facts as text and as JSON, but for what changes from moment to moment.
TEST(Info, SaysWhatIsThereAndWhatIsMissing) {
  const testing::CliRun text = testing::run_cli({"info"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  const testing::CliRun run = testing::run_cli({"info", "--json"});
  EXPECT_EQ(run.exit_code, 0);
  const Json document = Json::parse(run.out);
  const auto has_line = [&](const std::string& start) {
    EXPECT_NE(("\n" + text.out).find("\n" + start), std::string::npos) << start << "\nin\n" << text.out;
  };
  const auto word = [&](const char* key) { return document[key].get<std::string>(); };
  has_line("triage      " + word("version") + " (" + word("compiler") + ")\n");
  ASSERT_FALSE(word("machine").empty());
  has_line("machine     " + word("machine") + "; load ");
  for (const Json& engine : document["engines"]) {
    std::vector<std::string> devices;
    for (const auto& [device, precisions] : engine["precisions"].items()) {
      devices.push_back(
          fmt::format("{} ({})", device, fmt::join(precisions.get<std::vector<std::string>>(), ", ")));
    }
    EXPECT_EQ(devices.size(), engine["devices"].size());
    has_line(fmt::format("engine      {} {}: {}\n", engine["name"].get<std::string>(),
                         engine["version"].get<std::string>(), fmt::join(devices, ", ")));
  }
  std::string libraries;
  for (const auto& [name, version] : document["libraries"].items()) {
    libraries += (libraries.empty() ? "" : ", ") + name + " " + version.get<std::string>();
  }
  EXPECT_NE(libraries.find("OpenCV " CV_VERSION), std::string::npos) << libraries;
  has_line("libraries   " + libraries + "\n");
  has_line("energy      " + document["energy"]["note"].get<std::string>() + "\n");
  const Json &data = document["default_data"], &cache = document["model_cache"]["folder"];
  has_line("data        " + data["name"].get<std::string>() +
           (data["present"].get<bool>() ? " in " : " absent from ") + data["folder"].get<std::string>() +
           "\n");
  has_line("cache       " + (cache.is_null() ? "none" : cache.get<std::string>()));
  has_line("disk        ");
  EXPECT_EQ(text.out.ends_with("\nmissing     nothing\n"), document["missing"].empty());
  for (const Json& item : document["missing"]) {
    EXPECT_FALSE(item["how_to_get_it"].get<std::string>().empty());
    has_line("missing     " + item["what"].get<std::string>() + "; ");
  }
#ifdef TRIAGE_WITH_OPENVINO
  EXPECT_EQ(document["engines"][0]["name"], "OpenVINO");
#else
  EXPECT_NE(run.out.find("OpenVINO: not in this build"), std::string::npos);
#endif
}

}  // namespace
}  // namespace triage
