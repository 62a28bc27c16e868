// Photographs that are decoded smaller than they are: profiles and classifiers see the same pixels, and the
// photographs are recognised all the same.
#include <gtest/gtest.h>

#include "profile/picture_hash.h"
#include "profile/profile_fixture.h"
#include "triage/classifier.h"
#include "triage/tools/dataset.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

constexpr int kSide = 260;

struct Photographs : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path out = folder.path() / "out.profile";
  std::filesystem::path manifest = testing::write_fake_zoo(
      folder.path() / "zoo", {{.name = "small", .accuracy = 0.6}, {.name = "large", .side = 40}});
  EngineSet engines;
  ProfileOptions options;

  void SetUp() override {
    options.features = {"contrast"};
    options.working_px = 30;
    for (std::size_t i = 0; i < 8; ++i) {
      const Image image = testing::fake_image(testing::fake_label(i), i, 10, kSide);
      folder.write("data/" + name(i), encode_jpeg(image, 90));
    }
  }
  static std::string name(std::size_t i) { return std::to_string(i % 2) + "/p" + std::to_string(i) + ".jpg"; }
  [[nodiscard]] std::filesystem::path file(std::size_t i) const { return folder.path() / "data" / name(i); }
  Table profile() {
    DatasetOptions request;
    request.data = {folder.path() / "data"};
    measure_profile(load_zoo(manifest), engines, *open_dataset(request), options, out);
    return load_table({&out, 1});
  }
  [[nodiscard]] Classifier classifier(const Table& table, ModelIndex model, DecodeOptions decode = {}) const {
    return {train_single(table, all_rows(table), Criterion::kTop1, model),
            Runtime::load(manifest, {.cache_dir = {}, .decode = decode})};
  }
};

// Whichever model a policy runs: 130 pixels for both, though one of them would do with 65.
TEST_F(Photographs, AreSeenAlikeByProfilesAndEveryPolicy) {
  const Table table = profile();
  ASSERT_EQ(table.n_inputs(), 8U);
  for (const ModelIndex model : {0, 1}) {
    const Classifier live = classifier(table, model);
    EXPECT_EQ(live.decode_options().needed, (Extent{80, 80}));
    for (std::size_t row = 0; row < table.n_inputs(); ++row) {
      const auto path = folder.path() / "data" / table.ids[row];
      EXPECT_TRUE(testing::same_output(live.classify_file(path).answer, table.outputs[table.at(row, model)]));
      const Image image = read_image(path, live.decode_options());
      EXPECT_EQ(image.width, 130);
      EXPECT_TRUE(testing::same_output(live.classify(image).answer, table.outputs[table.at(row, model)]));
    }
  }
}

// A working size above what the models need counts too, for policies that use no features.
TEST_F(Photographs, AreLargeEnoughForTheFeaturesOfTheProfile) {
  options.working_px = 100;
  EXPECT_EQ(classifier(profile(), 0).decode_options().needed, (Extent{200, 200}));
}

TEST_F(Photographs, AreDecodedInFullOnRequest) {
  const Classifier live = classifier(profile(), 0, {.original_size = true});
  EXPECT_EQ(read_image(file(0), live.decode_options()).width, kSide);
}

// By the pixels of the whole, so that profiles and policies from before, and other zoos, know them too.
TEST_F(Photographs, AreRecognisedByTheWholePicture) {
  const Table table = profile();
  for (std::size_t row = 0; row < table.n_inputs(); ++row) {
    const Image whole = read_image(folder.path() / "data" / table.ids[row]);
    EXPECT_EQ(table.picture_hashes[row], picture_hash(hash_pixels(whole), kSide, kSide, 1));
  }
  for (const InputRecord& record : testing::read_records(out)) {
    EXPECT_EQ(record.width, kSide);
    EXPECT_EQ(record.height, kSide);
  }
}

TEST_F(Photographs, CutShortFailAlone) {
  std::filesystem::resize_file(file(2), std::filesystem::file_size(file(2)) / 2);
  EXPECT_EQ(profile().n_inputs(), 7U);
  ASSERT_EQ(failed_inputs(out).size(), 1U);
  EXPECT_NE(failed_inputs(out)[0].message.find("cut short"), std::string::npos);
}

}  // namespace
}  // namespace triage
