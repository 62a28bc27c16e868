// `triage zoo list|verify|add` as a user meets them, on fake networks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/zoo.h"

namespace triage::testing {
namespace {

using triage::testing::FakeData;
using triage::testing::TempFolder;
using triage::testing::write_fake_data;
using triage::testing::write_fake_zoo;

class ZooCli : public ::testing::Test {
 protected:
  ZooCli()
      : zoo_(write_fake_zoo(dir_.path() / "zoo", {{.name = "small", .accuracy = 0.7}, {.name = "large"}})),
        data_(write_fake_data(dir_.path() / "data", 120)) {}

  // A network of its own, outside the zoo's folder.
  std::filesystem::path write_net(const std::string& name, double accuracy) {
    const nlohmann::json json{{"classes", 10}, {"width", 28},    {"height", 28},
                              {"mean", 127.5}, {"scale", 127.5}, {"accuracy", accuracy}};
    write_text_atomic(dir_.path() / name, json.dump());
    return dir_.path() / name;
  }
  CliRun add(const std::filesystem::path& file, const std::filesystem::path& zoo,
             const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"zoo",    "add",        file,       "--zoo",     zoo,
                                       "--data", data_.images, "--labels", data_.labels};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments);
  }

  TempFolder dir_;
  std::filesystem::path zoo_;
  FakeData data_;
};

TEST_F(ZooCli, Lists) {
  const CliRun run = run_cli({"zoo", "list", zoo_});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_NE(run.out.find("zoo fake: 2 models, 10 label names, at least "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("28x28 gray f32 mean 0 scale 255 crop none"), std::string::npos) << run.out;
  const nlohmann::json json = nlohmann::json::parse(run_cli({"zoo", "list", zoo_, "--json"}).out);
  EXPECT_EQ(json["models"][1]["name"], "large");
  EXPECT_EQ(json["models"][1]["fingerprint"], load_zoo(zoo_).models[1].fingerprint());
}

TEST_F(ZooCli, AddSaysHowWaysOfResizingCompare) {
  data_ = write_fake_data(dir_.path() / "large", 120, 10, 1, 61);
  const CliRun run = add(write_net("own.fake", 0.8), zoo_);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out,
                      "(.*\n)*resampling: by_size; on these images [1-5] of 5 other ways are within "
                      "noise of it\n"))
      << run.out;
}

TEST_F(ZooCli, ListsAnXmlWithTheSizeOfItsWeights) {
  Zoo zoo = load_zoo(zoo_);
  zoo.models[0].files[0].path = "small.xml";
  save_zoo(zoo, zoo_);
  write_text_atomic(dir_.path() / "zoo/small.xml", std::string(1000, 'x'));
  write_text_atomic(dir_.path() / "zoo/small.bin", std::string(2'000'000, 'w'));
  const CliRun run = run_cli({"zoo", "list", zoo_});
  EXPECT_TRUE(matches(run.out, "(.*\n)*small +2\\.0 MB .*\n(.*\n)*")) << run.out;
}

TEST_F(ZooCli, VerifiesAndJudges) {
  const CliRun run =
      run_cli({"zoo", "verify", zoo_, "--data", data_.images, "--labels", data_.labels, "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["models"][1]["top1_rate"], 1.0);
  EXPECT_EQ(json["models"][1]["images"], 120);
  EXPECT_NEAR(json["models"][0]["top1_rate"].get<double>(), 0.7, 0.15);
  EXPECT_EQ(json["models"][0]["inputs"][0]["shape"], (std::vector<int>{1, 1, 28, 28}));
  const CliRun text = run_cli({"zoo", "verify", zoo_, "--data", data_.images, "--limit", "20"});
  EXPECT_NE(text.out.find("best by top1: large, 100.0 %\n2 of 2 models are fine\n"), std::string::npos)
      << text.out;
}

TEST_F(ZooCli, VerifyWarnsOfModelsThatOnlyGuess) {
  // Labels that count from 1, all but the last class.
  std::vector<Label> shifted;
  for (std::size_t i = 0; i < 120; ++i) shifted.push_back((fake_label(i) + 1) % 10);
  write_idx_labels(dir_.path() / "shifted-labels-idx1-ubyte", shifted);
  const auto verify = [&](const std::filesystem::path& labels, const std::string& limit) {
    return run_cli({"zoo", "verify", zoo_, "--data", data_.images, "--labels", labels, "--limit", limit});
  };
  CliRun run = verify(dir_.path() / "shifted-labels-idx1-ubyte", "120");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_NE(run.err.find("of 120 inputs): every model; usual causes: labels that count from 1"),
            std::string::npos)
      << run.err;
  EXPECT_EQ(verify(dir_.path() / "shifted-labels-idx1-ubyte", "2").err.find("warning"), std::string::npos)
      << "two images say nothing";
  EXPECT_EQ(verify(data_.labels, "120").err.find("warning"), std::string::npos);

  zoo_ = write_fake_zoo(dir_.path() / "zoo", {{.name = "guessing", .accuracy = 0.1}, {.name = "large"}});
  run = verify(data_.labels, "120");
  EXPECT_NE(run.err.find("of 120 inputs): guessing; usual causes"), std::string::npos) << run.err;
}

TEST_F(ZooCli, VerifyNamesWhatIsWrongAndGoesOn) {
  std::filesystem::remove(dir_.path() / "zoo/small.fake");
  CliRun run = run_cli({"zoo", "verify", zoo_});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_TRUE(
      matches(run.err, "triage: .*small\\.fake: is missing, expected the weights of model 'small'; .*\n"));
  EXPECT_NE(run.out.find("1 of 2 models are fine\n"), std::string::npos) << run.out;
  write_text_atomic(dir_.path() / "zoo/small.fake", "changed");
  run = run_cli({"zoo", "verify", zoo_, "--json"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_TRUE(matches(run.err, "triage: .*small\\.fake: sha256 is .*, expected .*\n"));
  EXPECT_EQ(nlohmann::json::parse(run.out)["models"][0]["ok"], false);
}

TEST_F(ZooCli, AddsToAManifest) {
  const std::filesystem::path net = write_net("own.fake", 0.9);
  const CliRun run = add(net, zoo_);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("added own to "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("28x28 gray f32 mean 127.5 scale 127.5 crop none"), std::string::npos) << run.out;
  const Zoo zoo = load_zoo(zoo_);
  ASSERT_EQ(zoo.models.size(), 3U);
  EXPECT_EQ(zoo.models[2].name, "own");
  EXPECT_EQ(zoo.models[2].files[0].path, std::filesystem::canonical(net));  // outside: absolute
  EXPECT_EQ(run_cli({"zoo", "verify", zoo_}).exit_code, 0);
  // Once more: the name is taken.
  const CliRun again = add(net, zoo_);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_TRUE(matches(again.err, "triage: model 'own': is in .* already, expected a new name; .*--name\n"));
}

TEST_F(ZooCli, AddMakesAManifestAndRefersToFilesInItsFolderRelatively) {
  const std::filesystem::path manifest = dir_.path() / "new.json";
  const CliRun run =
      add(write_net("own.fake", 0.9), manifest, {"--name", "mine", "--license", "MIT", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["model"], "mine");
  const Zoo zoo = load_zoo(manifest);
  ASSERT_EQ(zoo.models.size(), 1U);
  EXPECT_EQ(zoo.models[0].files[0].path, "own.fake");
  EXPECT_EQ(zoo.models[0].license, "MIT");
}

TEST_F(ZooCli, AddLeavesTheManifestAloneWhenNothingBeatsChance) {
  const std::string before = read_text(zoo_);
  const CliRun run = add(write_net("own.fake", 0.1), zoo_);
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_TRUE(matches(run.err, "(.*\n)*triage: model 'own': the best of .* recipes is right on .*\n"));
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(read_text(zoo_), before);
}

TEST_F(ZooCli, AddWritesWhatDoesNotBeatChanceIfToldTo) {
  const CliRun run = add(write_net("own.fake", 0.1), zoo_, {"--allow-chance"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("triage: warning: model 'own': "), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("is no more than guessing"), std::string::npos) << run.err;
  EXPECT_EQ(load_zoo(zoo_).models.size(), 3U);
}

TEST_F(ZooCli, AddWarnsOfANetworkThatIsFarSurerThanRight) {
  const CliRun run = add(write_net("own.fake", 0.35), zoo_);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.err,
                      "(.*\n)*triage: warning: model 'own': right on .* % of 120 images, but .* % sure of "
                      "itself; .*\n(.*\n)*"))
      << run.err;
  EXPECT_EQ(load_zoo(zoo_).models.size(), 3U);
}

TEST_F(ZooCli, AddTakesExtensionsInUpperCase) {
  EXPECT_EQ(add(write_net("OWN.FAKE", 0.9), zoo_).exit_code, 0);
  EXPECT_EQ(run_cli({"zoo", "verify", zoo_}).exit_code, 0);
}

// A folder for each of two classes; a network of two.
class ZooCliFolders : public ZooCli {
 protected:
  CliRun add_from_folders(const std::vector<std::string>& names, const std::filesystem::path& zoo,
                          const std::vector<std::string>& more = {}) {
    std::filesystem::remove_all(dir_.path() / "pictures");
    for (std::size_t c = 0; c < names.size(); ++c) {
      for (std::size_t i = 0; i < 20; ++i) {
        write_pnm(dir_.path() / "pictures" / names[c] / fmt::format("{}.pgm", i),
                  fake_image(static_cast<Label>(c), i, static_cast<std::int32_t>(names.size())));
      }
    }
    const nlohmann::json json{{"classes", names.size()}, {"width", 28}, {"height", 28}, {"scale", 255}};
    write_text_atomic(dir_.path() / "two.fake", json.dump());
    std::vector<std::string> arguments{"zoo", "add",    dir_.path() / "two.fake", "--zoo",
                                       zoo,   "--data", dir_.path() / "pictures"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments);
  }
};

TEST_F(ZooCliFolders, ALabelsFileOfTheSameNamesIsTaken) {
  const std::filesystem::path zoo = dir_.path() / "new/zoo.json";
  write_text_atomic(dir_.path() / "new/zoo.labels.txt", "cat\ndog\n");
  EXPECT_EQ(add_from_folders({"cat", "dog"}, zoo).exit_code, 0);
  EXPECT_EQ(load_zoo(zoo).labels_file, "zoo.labels.txt");
  EXPECT_EQ(load_zoo(zoo).label_names, (std::vector<std::string>{"cat", "dog"}));
}

TEST_F(ZooCliFolders, NamesThatAFileCannotHoldAreLeftOut) {
  const std::filesystem::path zoo = dir_.path() / "new/zoo.json";
  const CliRun run = add_from_folders({"cat", "two\nlines"}, zoo);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("triage: warning: the classes stay without names"), std::string::npos) << run.err;
  EXPECT_TRUE(load_zoo(zoo).label_names.empty());
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "new/zoo.labels.txt"));
}

TEST_F(ZooCliFolders, NamesOfItsOwnStay) {
  write_text_atomic(dir_.path() / "names.txt", "a\nb\n");
  const std::filesystem::path zoo = dir_.path() / "zoo.json";
  const CliRun run = add_from_folders({"a", "b"}, zoo, {"--names", dir_.path() / "names.txt"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(load_zoo(zoo).labels_file, "names.txt");
}

TEST_F(ZooCli, AddRefusesBadArguments) {
  EXPECT_EQ(add(dir_.path() / "none.fake", zoo_).exit_code, 5);
  EXPECT_EQ(add(write_net("own.pth", 1), zoo_).exit_code, 4);
  EXPECT_EQ(add(write_net("own.fake", 1), zoo_, {"--limit", "0"}).exit_code, 2);
  EXPECT_EQ(add(write_net("own.fake", 1), zoo_, {"--names", "names.txt"}).exit_code, 2);
  EXPECT_EQ(run_cli({"zoo"}).exit_code, 2);
  EXPECT_EQ(run_cli({"zoo", "list", dir_.path() / "none.json"}).exit_code, 5);
}

}  // namespace
}  // namespace triage::testing
