// Bad input of every kind, each with the message and the exit code that it gets from the real binary. One row
// a case: what is wrong, the command, the exit code, what stderr says.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"
#include "triage/zoo.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void spill(const fs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// Everything good, made once: zoo.json, policy `p.triage`, folder `images` with labels.csv, IDX pair in
// `idx`, `x.profile`.
struct World {
  testing::TempFolder dir;
  fs::path root = dir.path();

  World() {
    const fs::path zoo_path = testing::write_fake_zoo(root / "zoo", {{.name = "small", .accuracy = 0.7},
                                                                     {.name = "large", .accuracy = 0.95},
                                                                     {.name = "broken", .fail_every = 1}});
    Zoo zoo = load_zoo(zoo_path);
    for (const char* name : {"small", "large", "broken"}) {
      PolicyInfo info;
      info.models.push_back({{name, zoo.models[static_cast<std::size_t>(zoo.find(name))].fingerprint()}});
      info.n_classes = 10;
      save_policy(*make_single(info, 0), root / (std::string(name) + ".triage"));
    }
    zoo.models.pop_back();
    save_zoo(zoo, zoo_path.parent_path() / "good.json");
    fs::create_directories(root / "images");
    std::string csv;
    for (Label label = 0; label < 10; ++label) {
      const std::string name = std::to_string(label) + ".pgm";
      testing::write_pnm(root / "images" / name, testing::fake_image(label, 1));
      csv += name + "," + std::to_string(label) + "\n";
    }
    spill(root / "images/labels.csv", csv);
    const testing::FakeData data = testing::write_fake_data(root / "idx", 40);
    EngineSet engines;
    measure_profile(
        zoo, engines,
        *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}, .require_labels = true}),
        {}, root / "x.profile");
  }

  [[nodiscard]] std::string text(const std::string& name) const { return slurp(root / name); }
  // A changed copy of a file, under a name of its own.
  void copy(const std::string& from, const std::string& to,
            const std::function<void(std::string&)>& change) const {
    std::string bytes = text(from);
    change(bytes);
    spill(root / to, bytes);
  }
  void replace(const std::string& from, const std::string& to, const std::string& regex,
               const std::string& with) const {
    copy(from, to, [&](std::string& bytes) {
      const std::string changed =
          std::regex_replace(bytes, std::regex(regex), with, std::regex_constants::format_first_only);
      EXPECT_NE(changed, bytes) << regex << " is not in " << from;
      bytes = changed;
    });
  }
};

struct Case {
  std::string name;
  std::function<void(const World&)> spoil;  // makes the bad input
  std::vector<std::string> arguments;       // run in the world's folder
  int exit_code;
  std::string message;  // regex, found in stderr
};

void PrintTo(const Case& bad, std::ostream* out) { *out << bad.name; }

std::vector<std::string> classify(std::vector<std::string> inputs) {
  std::vector<std::string> all{"classify", "--policy", "large.triage", "--zoo", "zoo/good.json",
                               "--cache",  ""};
  all.insert(all.end(), inputs.begin(), inputs.end());
  return all;
}
std::vector<std::string> classify_with(const std::string& policy, const std::string& zoo) {
  return {"classify", "--policy", policy, "--zoo", zoo, "--cache", "", "images/1.pgm"};
}
std::vector<std::string> profile_csv(const std::string& csv) {
  return {"profile", "--zoo", "zoo/good.json", "--data", "images", "--labels", csv, "-o", "out.profile"};
}
std::vector<std::string> profile_idx(const std::string& images, const std::string& labels) {
  return {"profile", "--zoo", "zoo/good.json", "--data", images, "--labels", labels, "-o", "out.profile"};
}
std::vector<std::string> train(const std::string& profile, std::vector<std::string> more = {}) {
  std::vector<std::string> all{"train", profile, "--policy", "premodel", "-o", "out.triage"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
std::function<void(const World&)> file(const std::string& name, const std::string& bytes) {
  return [=](const World& world) { spill(world.root / name, bytes); };
}
std::function<void(const World&)> cut(const std::string& from, const std::string& to, double share) {
  return [=](const World& world) {
    world.copy(from, to, [&](std::string& b) {
      b.resize(static_cast<std::size_t>(static_cast<double>(b.size()) * share));
    });
  };
}
std::function<void(const World&)> edit(const std::string& from, const std::string& to,
                                       const std::string& regex, const std::string& with) {
  return [=](const World& world) { world.replace(from, to, regex, with); };
}
void nothing(const World&) {}

std::vector<Case> image_cases() {
  return {
      {"ImageEmpty", file("empty.jpg", ""), classify({"empty.jpg"}), 1, "empty\\.jpg: .*empty"},
      {"ImageTruncatedPgm", cut("images/1.pgm", "cut.pgm", 0.5), classify({"cut.pgm"}), 1, "cut\\.pgm: "},
      {"ImageTruncatedJpeg", file("cut.jpg", "\xFF\xD8\xFF\xE0"), classify({"cut.jpg"}), 1, "cut\\.jpg: "},
      {"ImageTruncatedPng", file("cut.png", "\x89PNG\r\n\x1a\n"), classify({"cut.png"}), 1, "cut\\.png: "},
      {"ImageOfUnknownFormat", file("text.jpg", "not a picture\n"), classify({"text.jpg"}), 1,
       "text\\.jpg: "},
      {"ImageWithWrongExtension", cut("images/1.pgm", "wrong.png", 1), classify({"wrong.png"}), 0,
       "wrong\\.png: content is PPM/PGM, not PNG as its name says"},
      {"ImageTooLarge", file("huge.pgm", "P5\n200000 200000\n255\n"), classify({"huge.pgm"}), 1,
       "huge\\.pgm: is 200000 x 200000 pixels, expected at most --max-pixels 100000000"},
      {"ImageOverAskedLimit", nothing, classify({"images/1.pgm", "--max-pixels", "10"}), 1,
       "1\\.pgm: is 28 x 28 pixels, expected at most --max-pixels 10;"},
      {"ImageAbsent", nothing, classify({"absent.png"}), 1, "absent\\.png: "},
      {"FolderWithoutImages", nothing, classify({"zoo"}), 1, "zoo: no image file"},
      {"OneBadAmongGood", file("empty.jpg", ""), classify({"images/1.pgm", "empty.jpg", "images/2.pgm"}), 1,
       "1 of 3 inputs failed:\n  empty\\.jpg\n"},
  };
}

std::vector<Case> manifest_cases() {
  const std::string zoo = "zoo/good.json";
  const std::string bad = "zoo/bad.json";
  return {
      {"ManifestAbsent", nothing, classify_with("large.triage", "zoo/absent.json"), 5, "absent\\.json"},
      {"ManifestNotJson", file(bad, "{\"models\": ["), classify_with("large.triage", bad), 3, "bad\\.json: "},
      {"ManifestOfAnotherFormat", edit(zoo, bad, "triage-zoo", "other-zoo"),
       classify_with("large.triage", bad), 3, "bad\\.json: format: found 'other-zoo', expected 'triage-zoo'"},
      {"ManifestWidthNotANumber", edit(zoo, bad, "\"width\": 28", "\"width\": \"28\""),
       classify_with("large.triage", bad), 3, "models\\[0\\]\\.input\\.width: "},
      {"ManifestWidthZero", edit(zoo, bad, "\"width\": 28", "\"width\": 0"),
       classify_with("large.triage", bad), 3, "models\\[0\\]\\.input\\.width: "},
      {"ManifestUnknownKey", edit(zoo, bad, "\"width\"", "\"breadth\""), classify_with("large.triage", bad),
       3, "models\\[0\\]\\.input\\.(breadth|width): "},
      {"ManifestRepeatedName", edit(zoo, bad, "\"name\": \"large\"", "\"name\": \"small\""),
       classify_with("large.triage", bad), 3, "models\\[1\\]\\.name: found 'small'"},
      {"ModelFileAbsent", edit(zoo, bad, "large\\.fake", "gone.fake"), classify_with("large.triage", bad), 5,
       "gone\\.fake: "},
      {"ModelFileChanged",
       [zoo, bad](const World& world) {
         world.replace(zoo, bad, "large\\.fake", "changed.fake");
         world.copy("zoo/large.fake", "zoo/changed.fake", [](std::string& bytes) { bytes += "\n"; });
       },
       classify_with("large.triage", bad), 3,
       "changed\\.fake: sha256 is [0-9a-f]{64}, expected [0-9a-f]{64}"},
      {"NetworkFails", nothing, classify_with("broken.triage", "zoo/zoo.json"), 4, "broken"},
  };
}

std::vector<Case> data_cases() {
  const std::string csv = "images/bad.csv";
  const std::string images = "idx/fake-images-idx3-ubyte";
  const std::string labels = "idx/fake-labels-idx1-ubyte";
  return {
      {"CsvWithoutComma", file(csv, "1.pgm,1\n2.pgm\n"), profile_csv(csv), 3, "bad\\.csv:2: "},
      {"CsvLabelNotANumber", file(csv, "1.pgm,1\n2.pgm,two\n"), profile_csv(csv), 3, "bad\\.csv:2: "},
      {"CsvNegativeLabel", file(csv, "1.pgm,-3\n2.pgm,1\n"), profile_csv(csv), 3, "bad\\.csv:1: "},
      {"CsvEmpty", file(csv, ""), profile_csv(csv), 3, "bad\\.csv: no rows"},
      {"CsvAbsent", nothing, profile_csv("images/absent.csv"), 5, "absent\\.csv"},
      {"DataAbsent",
       nothing,
       {"profile", "--zoo", "zoo/good.json", "--data", "absent", "-o", "out.profile"},
       5,
       "absent: "},
      {"IdxTruncated", cut(images, "idx/cut-images-idx3-ubyte", 0.5),
       profile_idx("idx/cut-images-idx3-ubyte", labels), 3, "cut-images-idx3-ubyte: .*complete IDX file"},
      {"IdxOfAnotherKind", nothing, profile_idx(labels, labels), 3, "fake-labels-idx1-ubyte: "},
      {"IdxFewerLabels",
       [labels](const World& world) {
         world.copy(labels, "idx/few-labels-idx1-ubyte", [](std::string& bytes) {
           bytes[7] = 39;
           bytes.pop_back();
         });
       },
       profile_idx(images, "idx/few-labels-idx1-ubyte"), 3, "39 labels, expected 40"},
  };
}

std::vector<Case> profile_cases() {
  return {
      {"ProfileAbsent", nothing, train("absent.profile"), 5, "absent\\.profile"},
      {"ProfileNotAProfile", file("text.profile", "not a profile\n"), train("text.profile"), 3,
       "text\\.profile"},
      {"ProfileEmpty", file("empty.profile", ""), train("empty.profile"), 3, "empty\\.profile"},
      {"ProfileTruncated", cut("x.profile", "cut.profile", 0.4), train("cut.profile"), 3, "cut\\.profile"},
      {"ProfileOfOtherData",
       [](const World& world) { fs::copy_file(world.root / "x.profile", world.root / "other.profile"); },
       {"profile", "--zoo", "zoo/good.json", "--data", "images", "--labels", "images/labels.csv", "-o",
        "other.profile"},
       3,
       "other\\.profile"},
  };
}

std::vector<Case> policy_cases() {
  return {
      {"PolicyAbsent", nothing, classify_with("absent.triage", "zoo/good.json"), 5, "absent\\.triage"},
      {"PolicyNotAPolicy", file("text.triage", "not a policy\n"),
       classify_with("text.triage", "zoo/good.json"), 3, "text\\.triage"},
      {"PolicyEmpty", file("empty.triage", ""), classify_with("empty.triage", "zoo/good.json"), 3,
       "empty\\.triage"},
      {"PolicyTruncated", cut("large.triage", "cut.triage", 0.6),
       classify_with("cut.triage", "zoo/good.json"), 3, "cut\\.triage"},
      {"PolicyOfAnotherZoo", nothing, classify_with("broken.triage", "zoo/good.json"), 3,
       "broken\\.triage.*: model 'broken' is not in zoo .*, expected every model"},
      {"PolicyOfOtherRecipe", edit("zoo/good.json", "zoo/recipe.json", "\"height\": 28", "\"height\": 27"),
       classify_with("small.triage", "zoo/recipe.json"), 3,
       "model 'small' has fingerprint [0-9a-f]{16} in zoo .*, expected [0-9a-f]{16}"},
  };
}

std::vector<Case> argument_cases() {
  return {
      {"NoCommand", nothing, {}, 2, "triage --help"},
      {"UnknownCommand", nothing, {"fly"}, 2, "fly"},
      {"UnknownCommandWithHelp",
       nothing,
       {"fly", "--help"},
       2,
       "'fly' is not a command; try 'triage --help'"},
      {"UnknownZooCommandWithHelp",
       nothing,
       {"zoo", "fly", "--help"},
       2,
       "'fly' is not a command; try 'triage zoo --help'"},
      {"PolicyLeftOut", nothing, {"classify", "images/1.pgm"}, 2, "--policy"},
      {"NothingToClassify", nothing, classify({}), 2, "inputs"},
      {"ZooLeftOut", nothing, {"classify", "--policy", "large.triage", "images/1.pgm"}, 2, "no --zoo"},
      {"TopZero", nothing, classify({"images/1.pgm", "--top", "0"}), 2, "--top"},
      {"TopNotANumber", nothing, classify({"images/1.pgm", "--top", "many"}), 2, "--top"},
      {"RangeBackwards", nothing, classify({"idx/fake-images-idx3-ubyte", "--range", "9:3"}), 2,
       "--range: '9:3', expected"},
      {"RangeBeyondTheEnd", nothing, classify({"idx/fake-images-idx3-ubyte", "--range", "30:50"}), 2,
       "range 30:50: "},
      {"RangeWithoutIdx", nothing, classify({"images/1.pgm", "--range", "0:3"}), 2, "--range: no IDX file"},
      {"TrainUnknownPolicy",
       nothing,
       {"train", "x.profile", "--policy", "magic", "-o", "out.triage"},
       2,
       "magic"},
      {"TrainUnknownCriterion", nothing, train("x.profile", {"--criterion", "top3"}), 2, "top3"},
      {"OutputInAbsentFolder",
       nothing,
       {"train", "x.profile", "--policy", "cascade", "-o", "/proc/none/out.triage"},
       5,
       "/proc/none"},
      {"EvaluateOneFold", nothing, {"evaluate", "x.profile", "--cv", "1"}, 2, "1"},
      {"TrainNegativeSeed", nothing, train("x.profile", {"--seed", "-1"}), 2,
       "--seed: -1, expected 0 or more"},
      {"TrainHugeSeed", nothing, train("x.profile", {"--seed", "18446744073709551616"}), 2,
       "--seed: 18446744073709551616, expected at most 18446744073709551615"},
      {"TrainNegativeMaxModels", nothing, train("x.profile", {"--max-models", "-3"}), 2,
       "--max-models: -3, expected 0 or more"},
      {"EvaluateNegativeSeed",
       nothing,
       {"evaluate", "x.profile", "--seed", "-1"},
       2,
       "--seed: -1, expected 0 or more"},
      {"FeaturesNegativeSeed",
       nothing,
       {"features", "x.profile", "--seed", "-1"},
       2,
       "--seed: -1, expected 0 or more"},
      {"FeaturesNegativeSlice",
       nothing,
       {"features", "x.profile", "--slice", "-1"},
       2,
       "--slice: -1, expected 0 or more"},
      {"FeaturesNegativeThreads",
       nothing,
       {"features", "x.profile", "--threads", "-1"},
       2,
       "--threads: -1, expected 0 or more"},
      {"FeaturesNegativeCount",
       nothing,
       {"features", "x.profile", "--n-features", "-7"},
       2,
       "--n-features: -7, expected 0 or more"},
      {"StudyNegativeSeed",
       nothing,
       {"study", "paper", "--profile", "x.profile", "-o", "s", "--seed", "-1"},
       2,
       "--seed: -1, expected 0 or more"},
      {"StudyNegativeSlice",
       nothing,
       {"study", "paper", "--profile", "x.profile", "-o", "s", "--slice=-1"},
       2,
       "--slice: -1, expected 0 or more"},
      {"StudyNegativeThreads",
       nothing,
       {"study", "learning", "--profile", "x.profile", "-o", "s", "--threads", "-1"},
       2,
       "--threads: -1, expected 0 or more"},
      {"ZooAddNegativeSeed",
       nothing,
       {"zoo", "add", "m.onnx", "--zoo", "z.json", "--data", "images", "--seed", "-1"},
       2,
       "--seed: -1, expected 0 or more"},
      {"EvaluateMoreFoldsThanInputs",
       nothing,
       {"evaluate", "x.profile", "--cv", "1000"},
       2,
       "folds: 1000 of 40 inputs, expected 2 or more and an input for each; "},
      {"ShardBeyondCount",
       nothing,
       {"profile", "--zoo", "zoo/good.json", "--data", "idx/fake-images-idx3-ubyte", "--shard", "3/2", "-o",
        "s.profile"},
       2,
       "--shard"},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& part :
       {image_cases(), manifest_cases(), data_cases(), profile_cases(), policy_cases(), argument_cases()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class BadInput : public ::testing::TestWithParam<Case> {
 protected:
  static World& world() {
    static World world;
    return world;
  }
};

TEST_P(BadInput, GetsItsMessageAndExitCode) {
  const Case& bad = GetParam();
  bad.spoil(world());
  const testing::CliRun run =
      testing::run_cli(bad.arguments, {.input = "", .folder = world().root, .stdout_path = ""});
  EXPECT_EQ(run.exit_code, bad.exit_code) << run.err;
  EXPECT_TRUE(std::regex_search(run.err, std::regex("^triage: "))) << run.err;
  EXPECT_TRUE(std::regex_search(run.err, std::regex(bad.message))) << bad.message << "\nfound: " << run.err;
}

INSTANTIATE_TEST_SUITE_P(Each, BadInput, ::testing::ValuesIn(all_cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace triage
