// From pixels to answer nothing is allocated once every size has been seen: every operator new is counted.
#include <gtest/gtest.h>

#include <cmath>

#include "policy/policies.h"
#include "support/allocations.h"
#include "support/fake_zoo.h"
#include "triage/tools/features.h"
#include "triage/triage.h"

namespace triage {
namespace {

// Of all sizes and colours that a camera or a folder may bring, none above the features' working size.
std::vector<Image> images() {
  std::vector<Image> made;
  for (Label label = 0; label < 10; ++label) made.push_back(testing::fake_image(label, 7));
  Random random(1);
  for (const auto& [width, height] : {std::pair{224, 224}, {500, 60}, {28, 28}, {90, 224}}) {
    for (const int channels : {1, 3}) {
      Image image{width, height, channels, {}};
      image.pixels.resize(image.size_bytes());
      for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(random.below(256));
      made.push_back(std::move(image));
    }
  }
  return made;
}

struct ClassifyAllocations : ::testing::Test {
  testing::TempFolder dir;
  Zoo zoo = load_zoo(testing::write_fake_zoo(dir.path() / "zoo", {{.name = "small", .accuracy = 0.6, .ms = 1},
                                                                  {.name = "big", .ms = 8, .side = 32}}));
  FakeClock clock;
  std::vector<Image> inputs = images();

  PolicyInfo info() const {
    PolicyInfo made = testing::adaptive_info();
    for (PolicyModel& model : made.models) {
      model.fingerprint = zoo.models[static_cast<std::size_t>(zoo.find(model.name))].fingerprint();
    }
    return made;
  }

  // Classifies all images once to warm up, then twice.
  void expect_none(std::unique_ptr<Policy> policy, const Request& request = {}) {
    const RuntimeOptions options{.cache_dir = "", .clock = unowned(clock)};
    const Classifier classifier(std::move(policy), std::make_shared<Runtime>(zoo, options));
    Result result;
    std::size_t n_looks = 0;
    const auto classify_all = [&] {
      for (const Image& image : inputs) {
        classifier.classify_into(image, result, request);
        n_looks += result.looks.size();
        for (const float value : result.features) EXPECT_FALSE(std::isnan(value));  // were extracted
      }
    };
    classify_all();
    const std::size_t before = testing::allocations();
    classify_all();
    classify_all();
    EXPECT_EQ(testing::allocations(), before);
    EXPECT_GE(n_looks, 3 * inputs.size());
  }
};

TEST_F(ClassifyAllocations, NoneBySingleAndCascade) {
  expect_none(make_single(info(), 1));
  expect_none(make_cascade(info(), {{0.7}}));
}

TEST_F(ClassifyAllocations, NoneByAdaptive) {
  expect_none(make_adaptive(info(), testing::two_stage_adaptive()));
  expect_none(make_adaptive(info(), testing::own_adaptive()));
  expect_none(make_adaptive(info(), testing::two_stage_adaptive()), {.min_confidence = 0.9});
}

TEST_F(ClassifyAllocations, NoneByPremodelWithThePapersFeatures) {
  constexpr std::size_t kDimensions = 7;
  PolicyInfo with_features = info();
  with_features.schema = make_schema(paper_features());
  PremodelParameters model;
  model.k = 5;
  model.n_stages = 2;
  model.fallback = 0;
  model.minimum.assign(kDimensions, 0);
  model.maximum = {200, 255, 1, 128, 1, 1, 3};
  model.rows = testing::random_rows(500, kDimensions, 1);
  for (int i = 0; i < 500; ++i) {
    model.optimum.push_back(i % 3 - 1);
    model.ids.push_back("input");
  }
  model.choosers = paper_choosers(model);
  expect_none(make_premodel(std::move(with_features), model));
}

}  // namespace
}  // namespace triage
