// Which files of a folder triage profile and triage classify take, and what they say of the others: the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using testing::CliRun;
using testing::run_cli;

// 24 bits a pixel, from the bottom.
std::vector<std::uint8_t> bmp(const Image& image) {
  std::vector<std::uint8_t> bytes{'B', 'M'};
  const auto put = [&](std::uint32_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto n_values = static_cast<std::uint32_t>(image.pixels.size() * 3);
  for (const std::uint32_t value : {54 + n_values, 0U, 54U, 40U}) put(value, 4);
  put(static_cast<std::uint32_t>(image.width), 4);
  put(static_cast<std::uint32_t>(image.height), 4);
  put(1, 2);
  put(24, 2);
  for (const std::uint32_t value : {0U, n_values, 0U, 0U, 0U, 0U}) put(value, 4);
  const auto side = static_cast<std::size_t>(image.width);  // a multiple of 4: rows need no padding
  for (std::size_t y = image.pixels.size() / side; y-- > 0;) {
    for (std::size_t x = 0; x < side; ++x) bytes.insert(bytes.end(), 3, image.pixels[y * side + x]);
  }
  return bytes;
}

struct LeftOut : ::testing::Test {
  testing::TempFolder folder;
  fs::path data = folder.path() / "data";
  std::string zoo = testing::write_fake_zoo(folder.path() / "zoo", {{.name = "net", .ms = 0.01}}, 4).string();
  std::string profile = (folder.path() / "p.profile").string();
  std::string policy = (folder.path() / "p.triage").string();

  LeftOut() {
    for (Label label = 0; label < 4; ++label) {
      testing::write_pnm(data / fmt::format("class {}/a.pgm", label), testing::fake_image(label, 1, 4));
    }
  }
  [[nodiscard]] CliRun run_profile() const {
    return run_cli({"profile", "--zoo", zoo, "--data", data, "-o", profile, "--no-cache"});
  }
  [[nodiscard]] CliRun run_classify() const {
    const CliRun trained = run_cli({"train", profile, "--policy", "single:net", "-o", policy});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return run_cli({"classify", "-p", policy, "-z", zoo, "--cache", "", "--json", data});
  }
  // Both take so many pictures, without a failure, and say what was left out.
  void expect_taken(std::size_t n, const std::string& left_out) const {
    const CliRun profiled = run_profile();
    ASSERT_EQ(profiled.exit_code, 0) << profiled.err;
    EXPECT_NE(profiled.out.find(fmt::format("{} inputs, 0 failed", n)), std::string::npos) << profiled.out;
    const CliRun classified = run_classify();
    ASSERT_EQ(classified.exit_code, 0) << classified.err;
    EXPECT_EQ(nlohmann::json::parse(classified.out)["results"].size(), n);
    for (const CliRun& run : {profiled, classified}) {
      if (left_out.empty()) {
        EXPECT_EQ(run.err.find("left out"), std::string::npos) << run.err;
      } else {
        EXPECT_NE(run.err.find("left out: " + left_out), std::string::npos) << run.err;
      }
    }
  }
};

TEST_F(LeftOut, NothingOfWhatIsRead) {
  for (const char* name : {"b.bmp", "b.BMP", "b.dib"}) {
    write_file_atomic(data / "class 2" / name, bmp(testing::fake_image(2, 7, 4)));
  }
  expect_taken(7, "");
  const CliRun classified = run_cli(
      {"classify", "-p", policy, "-z", zoo, "--cache", "", "--json", (data / "class 2/b.bmp").string()});
  EXPECT_EQ(nlohmann::json::parse(classified.out)["results"][0]["answer"][0]["label"], "class 2");
}

TEST_F(LeftOut, HiddenFilesAndFolders) {
  write_text_atomic(data / "class 0/._a.jpg", "a resource fork");
  fs::create_directories(data / "class 1/.ipynb_checkpoints");
  fs::copy(data / "class 1/a.pgm", data / "class 1/.ipynb_checkpoints/a.pgm");
  write_text_atomic(data / "class 2/.DS_Store", "x");
  expect_taken(4, "3 hidden");
}

TEST_F(LeftOut, OtherFilesByTheirKinds) {
  for (const char* name : {"x.svg", "y.svg", "z.pdf", "extensionless"}) {
    write_text_atomic(data / "class 3" / name, "x");
  }
  expect_taken(4, "1 .pdf, 2 .svg, 1 extensionless");
}

TEST_F(LeftOut, LinksThatLeadNowhereOrAround) {
  fs::create_directory_symlink("..", data / "class 0/up");
  fs::create_symlink("nowhere.pgm", data / "class 1/broken.pgm");
  fs::create_symlink("a.pgm", data / "class 1/link.pgm");
  const CliRun profiled = run_profile();
  ASSERT_EQ(profiled.exit_code, 0) << profiled.err;
  const CliRun classified = run_classify();
  ASSERT_EQ(classified.exit_code, 0) << classified.err;
  for (const CliRun& run : {profiled, classified}) {
    EXPECT_NE(run.err.find("class 0/up"), std::string::npos) << run.err;
    EXPECT_NE(run.err.find("class 1/broken.pgm"), std::string::npos) << run.err;
  }
  EXPECT_EQ(nlohmann::json::parse(classified.out)["results"].size(), 5U);
}

}  // namespace
}  // namespace triage
