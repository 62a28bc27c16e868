// What triage classify calls a class: its name wherever one is known, by the zoo or by the profile that the
// policy was trained on.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::run_cli;
using Json = nlohmann::json;

// Four classes of pictures; a zoo of two networks, with or without names.
struct ClassNames : ::testing::Test {
  testing::TempFolder folder;
  std::string zoo, data = (folder.path() / "pictures").string();
  std::string policy = (folder.path() / "p.triage").string();

  void write_zoo(bool with_labels) {
    zoo = testing::write_fake_zoo(
              folder.path() / "zoo",
              {{.name = "small", .accuracy = 0.7, .ms = 0.01}, {.name = "large", .ms = 0.1}}, 4, with_labels)
              .string();
  }
  void write_pictures(const std::vector<std::string>& names) const {
    for (std::size_t c = 0; c < names.size(); ++c) {
      for (std::uint64_t i = 0; i < 12; ++i) {
        testing::write_pnm(folder.path() / "pictures" / names[c] / fmt::format("{}.pgm", i),
                           testing::fake_image(static_cast<Label>(c), 100 * c + i, 4));
      }
    }
  }
  static void expect_done(const std::vector<std::string>& arguments) {
    const CliRun run = run_cli(arguments);
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  void make_policy(const std::vector<std::string>& kind, const std::vector<std::string>& labels = {}) const {
    const std::string profile = (folder.path() / "p.profile").string();
    std::vector<std::string> arguments{"profile", "--zoo", zoo, "--data", data, "-o", profile, "--no-cache"};
    arguments.insert(arguments.end(), labels.begin(), labels.end());
    expect_done(arguments);
    arguments = {"train", profile, "-o", policy, "--policy"};
    arguments.insert(arguments.end(), kind.begin(), kind.end());
    expect_done(arguments);
  }
  [[nodiscard]] std::string classify(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"classify", "-p", policy, "-z", zoo, "--cache", ""};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }
  // In every way of asking; the first picture of the class.
  void expect_called(const std::string& picture, const std::string& name, const std::string& no_name) const {
    for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
             {}, {"--explain"}, {"-k", "1"}, {"--max-latency-ms", "1000"}}) {
      std::vector<std::string> arguments = more;
      arguments.push_back(picture);
      const std::string text = classify(arguments);
      EXPECT_NE(text.find("\n  " + name + " "), std::string::npos) << text;
      EXPECT_EQ(text.find("\n  " + no_name + " "), std::string::npos) << text;
      arguments.emplace_back("--json");
      const Json result = Json::parse(classify(arguments))["results"][0];
      EXPECT_EQ(result["answer"][0]["label"], name);
      ASSERT_FALSE(result["looks"].empty());
      for (const Json& look : result["looks"]) {
        EXPECT_NE(look["label"], fmt::to_string(look["class"].get<int>())) << look.dump();
      }
    }
  }
};

TEST_F(ClassNames, AreTheZoosOwn) {
  write_zoo(true);
  write_pictures({"class 0", "class 1", "class 2", "class 3"});
  make_policy({"adaptive"});
  expect_called(data + "/class 2/0.pgm", "class 2", "2");
}

TEST_F(ClassNames, AreTheFoldersWhereTheZooHasNone) {
  write_zoo(false);
  write_pictures({"ant", "bee", "cat", "dog"});
  for (const char* kind : {"adaptive", "single:large"}) {
    make_policy({kind});
    expect_called(data + "/cat/0.pgm", "cat", "2");
  }
}

TEST_F(ClassNames, AreThoseOfTheLabelFileWhereTheZooHasNone) {
  write_zoo(false);
  write_pictures({"a", "b", "c", "d"});
  std::string csv = "file,label\n";
  const std::vector<std::string> folders{"a", "b", "c", "d"}, names{"ant", "bee", "cat", "dog"};
  for (std::size_t c = 0; c < 4; ++c) {
    for (int i = 0; i < 12; ++i) csv += fmt::format("{}/{}.pgm,{}\n", folders[c], i, names[c]);
  }
  make_policy({"adaptive"}, {"--labels", folder.write("labels.csv", csv).string()});
  expect_called(data + "/c/0.pgm", "cat", "2");
}

TEST_F(ClassNames, TheZoosComeBeforeThoseOfTheFolders) {
  write_zoo(false);
  write_pictures({"ant", "bee", "cat", "dog"});
  make_policy({"single:large"});
  write_zoo(true);  // the same networks, named since
  expect_called(data + "/cat/0.pgm", "class 2", "cat");
}

TEST_F(ClassNames, ThatAreNumbersStayNumbers) {
  write_zoo(false);
  write_pictures({"0", "1", "2", "3"});
  make_policy({"single:large"});
  EXPECT_NE(classify({data + "/2/0.pgm"}).find("\n  2 "), std::string::npos);
}

}  // namespace
}  // namespace triage
