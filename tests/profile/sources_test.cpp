// Where inputs are from: their profile, or the folder or IDX file of a single one.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class Sources : public ::testing::Test {
 protected:
  Sources() : zoo_(testing::write_fake_zoo(dir_ / "zoo", {{.name = "a"}, {.name = "b"}})) {}
  fs::path profile(const std::string& name, const DatasetOptions& data) {
    EngineSet engines;
    measure_profile(load_zoo(zoo_), engines, *open_dataset(data), {}, dir_ / name);
    return dir_ / name;
  }
  fs::path profile_idx(const std::string& name, std::size_t n, std::uint64_t seed) {
    const auto files = testing::write_fake_data(dir_ / name, n, 10, seed);
    const fs::path images = dir_ / name / (name + "-idx3-ubyte");  // ids have the file's name
    fs::rename(files.images, images);
    return profile(name + ".profile", {.data = {images}, .labels = {files.labels}});
  }

  testing::TempFolder dir_;
  fs::path zoo_;
};

TEST_F(Sources, AreTheProfilesWhereThereAreSeveral) {
  const std::vector<fs::path> both{profile_idx("lab", 2, 1), profile_idx("shop", 3, 2)};
  const Table table = load_table(both);
  EXPECT_EQ(table.sources, (Names{"lab", "shop"}));
  EXPECT_EQ(table.source_of, (std::vector<std::int32_t>{0, 0, 1, 1, 1}));
}

TEST_F(Sources, AreTheIdxFilesOfOneProfile) {
  const Table table = load_table(std::vector<fs::path>{profile_idx("lab", 2, 1)});
  EXPECT_EQ(table.sources, Names{"lab-idx3-ubyte"});
  EXPECT_EQ(table.source_of, (std::vector<std::int32_t>{0, 0}));
}

TEST_F(Sources, AreTheFirstFoldersOfOneProfile) {
  std::string csv = "file,label\n";
  for (const std::string file : {"cam1/x/0.pgm", "cam1/y/1.pgm", "cam2/2.pgm", "3.pgm"}) {
    fs::create_directories((dir_ / "images" / file).parent_path());
    testing::write_pnm(dir_ / "images" / file, testing::fake_image(1, csv.size()));
    csv += file + ",1\n";
  }
  write_text_atomic(dir_ / "labels.csv", csv);
  const Table table = load_table(std::vector<fs::path>{
      profile("folders.profile", {.data = {dir_ / "images"}, .labels = {dir_ / "labels.csv"}})});
  EXPECT_EQ(table.ids, (Names{"cam1/x/0.pgm", "cam1/y/1.pgm", "cam2/2.pgm", "3.pgm"}));
  EXPECT_EQ(table.sources, (Names{"cam1", "cam2", "."}));
  EXPECT_EQ(table.source_of, (std::vector<std::int32_t>{0, 0, 1, 2}));
}

}  // namespace
}  // namespace triage
