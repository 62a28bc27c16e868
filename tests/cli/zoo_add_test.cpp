// triage zoo add, on fake networks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "support/temp_folder.h"
#include "triage/zoo.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::run_cli;

struct ZooAdd : ::testing::Test {
  testing::TempFolder folder;
  std::string network =
      folder.write("net.fake", R"({"classes": 4, "width": 28, "height": 28, "scale": 255, "accuracy": 0.95})")
          .string();
  std::string zoo = (folder.path() / "my.json").string();
  std::string data = (folder.path() / "pictures").string();

  // A folder a class, ten pictures each.
  void write_pictures(const std::vector<std::string>& names) const {
    for (std::size_t c = 0; c < names.size(); ++c) {
      for (std::uint64_t i = 0; i < 10; ++i) {
        testing::write_pnm(folder.path() / "pictures" / names[c] / fmt::format("{}.pgm", i),
                           testing::fake_image(static_cast<Label>(c), 100 * c + i, 4));
      }
    }
  }
};

TEST_F(ZooAdd, FoldersNameTheClassesOfANewZoo) {
  write_pictures({"ant", "bee", "cat", "dog"});
  const CliRun run = run_cli({"zoo", "add", network, "--zoo", zoo, "--data", data});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Zoo made = load_zoo(zoo);
  EXPECT_EQ(made.labels_file, "my.labels.txt");
  EXPECT_EQ(made.label_names, (std::vector<std::string>{"ant", "bee", "cat", "dog"}));
}

TEST_F(ZooAdd, NamesOfTheZooSayWhatFoldersAre) {
  write_pictures({"z first", "y second", "x third", "w fourth"});
  const std::string names = folder.write("names.txt", "z first\ny second\nx third\nw fourth\n").string();
  const CliRun run = run_cli({"zoo", "add", network, "--zoo", zoo, "--data", data, "--names", names});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(load_zoo(zoo).labels_file, "names.txt");
  EXPECT_GT(std::stod(run.out.substr(run.out.find("classes, ") + 9)), 80) << run.out;
}

TEST_F(ZooAdd, NamesInALabelFileNeedNamesOfTheClasses) {
  write_pictures({"a", "b", "c", "d"});
  std::string csv = "file,label\n";
  const std::vector<std::string> folders{"a", "b", "c", "d"}, animals{"dog", "ant", "cat", "bee"};
  for (std::size_t c = 0; c < 4; ++c) {
    for (int i = 0; i < 10; ++i) csv += fmt::format("{}/{}.pgm,{}\n", folders[c], i, animals[c]);
  }
  const std::string labels = folder.write("labels.csv", csv).string();
  std::vector<std::string> add{"zoo", "add", network, "--zoo", zoo, "--data", data, "--labels", labels};
  const CliRun refused = run_cli(add);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("labels.csv:2: label 'dog', expected a class number from 0, below 2^31, or "
                             "--names that have it"),
            std::string::npos)
      << refused.err;
  add.insert(add.end(), {"--names", folder.write("names.txt", "dog\nant\ncat\nbee\n").string()});
  const CliRun run = run_cli(add);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_GT(std::stod(run.out.substr(run.out.find("classes, ") + 9)), 80) << run.out;
}

TEST_F(ZooAdd, AFileOfNamesThatIsThereIsNotOverwritten) {
  write_pictures({"ant", "bee", "cat", "dog"});
  (void)folder.write("my.labels.txt", "somebody's");
  const CliRun run = run_cli({"zoo", "add", network, "--zoo", zoo, "--data", data});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("my.labels.txt: exists"), std::string::npos) << run.err;
  EXPECT_FALSE(std::filesystem::exists(zoo));
}

}  // namespace
}  // namespace triage
