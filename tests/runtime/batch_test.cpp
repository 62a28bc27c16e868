// classify_batch against classify, one network call for all that want it, and pictures as callers have them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/triage.h"

namespace triage {
namespace {

PolicyInfo info_of_all(const Zoo& zoo) {
  PolicyInfo info;
  for (const ModelSpec& model : zoo.models) {
    info.models.push_back({});
    info.models.back().name = model.name;
    info.models.back().fingerprint = model.fingerprint();
    info.n_classes = model.output.n_classes;
  }
  return info;
}

// Asks the second model when the first is not sure.
class WhenUnsure final : public Policy {
 public:
  explicit WhenUnsure(PolicyInfo info) : Policy(std::move(info)) {}
  std::string_view kind() const override { return "when-unsure"; }
  Action next(const Evidence& evidence, Trace*) const override {
    if (evidence.looks.empty()) return Action::run(0);
    if (evidence.looks.size() == 1 && evidence.looks[0].confidence < 0.75) return Action::run(1);
    return Action::answer_of(evidence.looks.back());
  }
};

struct Looks final : Observer {
  void on_look(const LookEvent& event) override { models.emplace_back(event.model); }
  void on_outcome(const Policy&, const Result&) override { ++outcomes; }
  std::vector<std::string> models;
  int outcomes = 0;
};

struct Batch : ::testing::Test {
  Batch()
      : zoo(load_zoo(testing::write_fake_zoo(dir.path(), {{.name = "first", .accuracy = 0.6, .ms = 1},
                                                          {.name = "second", .accuracy = 1, .ms = 4}}))),
        classifier(std::make_shared<WhenUnsure>(info_of_all(zoo)),
                   std::make_shared<Runtime>(
                       zoo, RuntimeOptions{.cache_dir = {}, .clock = unowned(clock), .observer = looks})) {
    for (std::uint64_t i = 0; i < 70; ++i)
      images.push_back(testing::fake_image(static_cast<Label>(i % 10), i));
    views.assign(images.begin(), images.end());
  }
  testing::TempFolder dir;
  Zoo zoo;
  FakeClock clock;
  std::shared_ptr<Looks> looks = std::make_shared<Looks>();
  Classifier classifier;
  std::vector<Image> images;
  std::vector<ImageView> views;
};

TEST_F(Batch, EachHasTheResultThatItWouldHaveAlone) {
  const std::vector<Result> together = classifier.classify_batch(views);
  ASSERT_EQ(together.size(), images.size());
  std::size_t second_looks = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Result alone = classifier.classify(images[i]);
    EXPECT_EQ(together[i].label(), alone.label()) << i;
    EXPECT_EQ(together[i].model, alone.model) << i;
    ASSERT_EQ(together[i].looks.size(), alone.looks.size()) << i;
    EXPECT_EQ(together[i].looks.back().confidence, alone.looks.back().confidence) << i;
    EXPECT_NEAR(together[i].total.ms, alone.total.ms, 1e-6) << "equal shares of equal times";
    second_looks += alone.looks.size() - 1;
  }
  EXPECT_GT(second_looks, 5U) << "else this shows little";
  EXPECT_LT(second_looks, 65U);
  EXPECT_EQ(looks->outcomes, 140);
  // In step: the first model looks at a whole group before the second one does.
  const std::vector<std::string> group(looks->models.begin(), looks->models.begin() + 32);
  EXPECT_EQ(group, std::vector<std::string>(32, "first"));
  EXPECT_EQ(looks->models[32], "second");
}

TEST_F(Batch, OfNothingIsNothing) { EXPECT_TRUE(classifier.classify_batch({}).empty()); }

TEST_F(Batch, ABadViewIsNamed) {
  views[3].height = 0;
  EXPECT_TRIAGE_ERROR(classifier.classify_batch(views), ErrorCode::kUsage, "image 3: 28 x 0 pixels");
}

TEST_F(Batch, LimitsHoldForEach) {
  Request request;
  request.deadline_ns = clock.now_ns() - 1;
  for (const Result& result : classifier.classify_batch(views, request)) {
    EXPECT_TRUE(result.refused);
    EXPECT_EQ(result.limit, Limit::kDeadline);
  }
}

TEST_F(Batch, ARowsPaddingAndTheOrderOfColoursMakeNoDifference) {
  const Image& image = images[0];
  const auto side = static_cast<std::size_t>(image.width);
  std::vector<std::uint8_t> padded(40 * side, 77), bgr(3 * side * side);
  for (std::size_t y = 0; y < side; ++y) {
    std::copy_n(image.pixels.data() + y * side, side, padded.data() + y * 40);
  }
  for (std::size_t i = 0; i < side * side; ++i) {
    bgr[3 * i] = bgr[3 * i + 1] = bgr[3 * i + 2] = image.pixels[i];
  }
  const Result plain = classifier.classify(image);
  const Result strided = classifier.classify({padded, image.width, image.height, 40, Colour::kGray});
  EXPECT_EQ(strided.label(), plain.label());
  EXPECT_EQ(strided.confidence(), plain.confidence());
  const Result coloured = classifier.classify({bgr, image.width, image.height, 0, Colour::kBgr});
  EXPECT_EQ(coloured.label(), plain.label());
}

TEST_F(Batch, EncodedBytesAreDecoded) {
  const auto png = encode_png(images[4]);
  const Result decoded = classifier.classify_bytes(png);
  EXPECT_EQ(decoded.label(), classifier.classify(images[4]).label());
  EXPECT_TRIAGE_ERROR(classifier.classify_bytes(std::span(png).first(20), {}, {}, "upload.png"),
                      ErrorCode::kImageDamaged, "upload.png");
}

TEST(View, RejectsWhatDoesNotHoldItsPixels) {
  const std::vector<std::uint8_t> bytes(100);
  EXPECT_TRIAGE_ERROR(check_view({bytes, 0, 10}, "x"), ErrorCode::kUsage, "x: 0 x 10 pixels");
  EXPECT_TRIAGE_ERROR(check_view({bytes, 10, 4}, "x"), ErrorCode::kUsage,
                      "x: 100 bytes, expected at least 120 for 4 rows of 30 bytes");
  EXPECT_TRIAGE_ERROR(check_view({bytes, 10, 2, 20}, "x"), ErrorCode::kUsage, "a stride of 20 bytes");
  check_view({bytes, 10, 3, 35}, "x");  // the last row needs no padding
  EXPECT_TRIAGE_ERROR((ImageView(Image{2, 2, 4, std::vector<std::uint8_t>(16)})), ErrorCode::kUsage,
                      "2 x 2 pixels of 4 channels");
}

}  // namespace
}  // namespace triage
