// Finding a network's recipe: candidates from shapes, the search on the fake engine, the refusal by chance.
#include "triage/tools/adopt.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stop_token>

#include "adopt/candidates.h"
#include "base/files.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"

namespace triage {
namespace {

using namespace triage::testing;
using Shapes = std::vector<std::vector<std::int64_t>>;

ModelShapes shapes_of(std::vector<std::int64_t> input, const Shapes& outputs,
                      const std::string& type = "f32") {
  ModelShapes shapes;
  shapes.inputs = {std::move(input)};
  shapes.input_types = {type};
  shapes.outputs = outputs;
  shapes.output_types.assign(outputs.size(), "f32");
  return shapes;
}

std::vector<std::string> keys(const std::vector<std::int64_t>& input, const std::string& type = "u8") {
  std::vector<std::string> result;
  for (const Recipe& recipe : input_shapes(shapes_of(input, {}, type), 50, "m"))
    result.push_back(recipe_key(recipe));
  return result;
}

TEST(InputShapes, FollowTheFile) {
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys({1, 3, 20, 30}), Keys{"30x20 rgb nchw u8 crop none"});
  EXPECT_EQ(keys({1, 20, 30, 3}), Keys{"30x20 rgb nhwc u8 crop none"});
  EXPECT_EQ(keys({-1, 1, 28, 28}), Keys{"28x28 gray u8 crop none"});
  EXPECT_EQ(keys({1, 3, -1, -1}), Keys{"50x50 rgb nchw u8 crop none"});
  EXPECT_EQ(keys({1, 28, 28}), Keys{"28x28 gray u8 crop none"});
  EXPECT_EQ(keys({1, 784}), Keys{"28x28 gray u8 crop none"});
  EXPECT_EQ(keys({1, 3072}), (Keys{"32x32 rgb nchw u8 crop none", "32x32 rgb nhwc u8 crop none"}));
  // Three pixels wide or three channels: both are tried.
  EXPECT_EQ(keys({1, 3, 20, 3}), (Keys{"20x3 rgb nhwc u8 crop none", "3x20 rgb nchw u8 crop none"}));
  EXPECT_EQ(input_shapes(shapes_of({1, 1, 8, 8}, {}, "f16"), 0, "m")[0].type, ElementType::kF32);
}

TEST(InputShapes, TakeAnyBatchOrNone) {
  using Keys = std::vector<std::string>;
  for (const std::int64_t batch : {8, 0, -1}) {
    EXPECT_EQ(keys({batch, 3, 20, 30}), Keys{"30x20 rgb nchw u8 crop none"});
    EXPECT_EQ(keys({batch, 28, 28}), Keys{"28x28 gray u8 crop none"});
    EXPECT_EQ(keys({batch, 784}), Keys{"28x28 gray u8 crop none"});
  }
  EXPECT_EQ(keys({20, 30, 3}).back(), "30x20 rgb nhwc u8 crop none");
  EXPECT_EQ(keys({3, 20, 30}).back(), "30x20 rgb nchw u8 crop none");
  EXPECT_EQ(keys({1, 3, 20, 30}, "i8"), Keys{"30x20 rgb nchw i8 crop none"});
}

TEST(InputShapes, RefusesWhatIsNoPicture) {
  EXPECT_TRIAGE_ERROR(keys({1, 5, 20, 20}), ErrorCode::kModel, "m: input (1,5,20,20) of u8, expected");
  EXPECT_TRIAGE_ERROR(keys({1, 785}), ErrorCode::kModel, "(1,785)");
  EXPECT_TRIAGE_ERROR(keys({1, 3, 20, 20}, "i64"), ErrorCode::kModel, "of i64");
  EXPECT_TRIAGE_ERROR(keys({1, 3, 20, 100000}), ErrorCode::kModel, "(1,3,20,100000)");
  ModelShapes two = shapes_of({1, 3, 8, 8}, {});
  two.inputs.push_back({1});
  EXPECT_TRIAGE_ERROR(input_shapes(two, 0, "m"), ErrorCode::kModel, "2 inputs, expected 1");
}

TEST(ValueRecipes, AreTheUsualOnes) {
  Recipe shape;
  shape.width = shape.height = 2;
  EXPECT_EQ(value_recipes(shape, {}).size(), 14U);  // seven in either colour order
  shape.type = ElementType::kU8;
  EXPECT_EQ(value_recipes(shape, {}).size(), 2U);
  shape.colour = Colour::kGray;
  EXPECT_EQ(value_recipes(shape, {}).size(), 1U);
  shape.type = ElementType::kF32;
  EXPECT_EQ(value_recipes(shape, {}).size(), 6U);

  shape.colour = Colour::kRgb;
  const std::vector<Recipe> all = value_recipes(shape, {{1, 2, 3}, {4, 5, 6}});
  // Caffe's: BGR with these means, in the model's channel order.
  const auto caffe = std::find_if(all.begin(), all.end(), [](const Recipe& r) {
    return r.colour == Colour::kBgr && r.mean == std::array<float, 3>{103.939F, 116.779F, 123.68F};
  });
  ASSERT_NE(caffe, all.end());
  EXPECT_EQ(caffe->scale, (std::array<float, 3>{1, 1, 1}));
  EXPECT_EQ(all.end()[-3].mean, (std::array<float, 3>{3, 2, 1}));
  EXPECT_EQ(all.front().scale[0], 255.0F) << "little contrast first";
}

// "index: offset+tail ...", of each head.
std::string heads(const Shapes& outputs, std::optional<std::int32_t> n_classes, std::int32_t max_label,
                  std::int64_t batch = 1) {
  std::string text;
  for (const ClassHead& head : class_heads(shapes_of({batch}, outputs), n_classes, max_label, "m")) {
    text += fmt::format("{}:", head.index);
    for (const Cut cut : head.cuts) text += fmt::format(" {}+{}", cut.offset, cut.tail);
    text += ";";
  }
  return text;
}

TEST(ClassHeads, AreFoundByTheirSize) {
  EXPECT_EQ(heads({{1, 1001}}, 1000, 5), "0: 1+0 0+1;");
  EXPECT_EQ(heads({{1, 1000}}, 1000, 5), "0: 0+0;");
  EXPECT_EQ(heads({{1, 10}}, {}, 8), "0: 0+0 1+0;");
  EXPECT_EQ(heads({{1, 10}}, {}, 9), "0: 0+0;");
  EXPECT_EQ(heads({{1, 1280}, {-1, 10, 1, 1}}, {}, 9), "1: 0+0;");
  EXPECT_EQ(heads({{1, 1280}, {1, 1000}}, 1000, 9), "1: 0+0;");
  EXPECT_EQ(heads({{1, 10}, {1, 10}, {1, 12}}, {}, 9), "0: 0+0;1: 0+0;") << "two of a length";
  EXPECT_EQ(heads({{1, 11}, {1, 10}}, 10, 9), "0: 1+0 0+1;1: 0+0;");
  EXPECT_TRIAGE_ERROR(heads({{1, 10}}, 12, 9), ErrorCode::kModel,
                      "m: outputs (1,10), expected 12 or 13 values");
  EXPECT_TRIAGE_ERROR(heads({{1, 10}}, {}, 10), ErrorCode::kModel, "a value for each class up to 10");
  EXPECT_TRIAGE_ERROR(heads({{1, -1}}, {}, 2), ErrorCode::kModel, "(1,-1)");
}

TEST(ClassHeads, LeaveTheBatchOut) {
  EXPECT_EQ(heads({{8, 8}}, 8, 7, 8), "0: 0+0;");
  EXPECT_EQ(heads({{0, 8}}, 8, 7, 0), "0: 0+0;");
  EXPECT_EQ(heads({{8}}, 2, 1, 8), "0: 0+0;") << "one value each";
  EXPECT_EQ(heads({{8}}, 8, 7, 1), "0: 0+0;") << "no batch at all";
}

TEST(ClassHeads, OneValueIsThatOfTwoClasses) {
  EXPECT_EQ(heads({{1, 1}}, 2, 1), "0: 0+0;");
  EXPECT_EQ(heads({{1, 1}}, {}, 1), "0: 0+0;");
  EXPECT_EQ(heads({{1, 1}, {1, 64}}, {}, 1), "0: 0+0;1: 0+0 1+0;");
  EXPECT_TRIAGE_ERROR(heads({{1, 1}}, {}, 2), ErrorCode::kModel,
                      "outputs (1,1), expected one with a value for");
  EXPECT_TRIAGE_ERROR(heads({{1, 4}}, 2, 1), ErrorCode::kModel,
                      "2 or 3 values for 2 classes, or one for both");
}

TEST(ClassHeads, HaveAsManyClassesAsProfilesStore) {
  EXPECT_EQ(heads({{1, 65536}}, {}, 9), "0: 0+0 1+0;");
  EXPECT_EQ(heads({{1, 65537}}, {}, 9), "0: 1+0;");
  EXPECT_TRIAGE_ERROR(heads({{1, 70008}}, {}, 9), ErrorCode::kModel, "(1,70008)", "at most 65536");
}

class Adopt : public ::testing::Test {
 protected:
  Adopt() {
    const FakeData files = write_fake_data(dir_.path() / "data", 300);
    data_ =
        open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}, .require_labels = true});
  }
  // Writes one fake network with the given changes and adopts it, alone, without any manifest.
  Adoption adopt(const nlohmann::json& changes, const Zoo& zoo = {}) {
    nlohmann::json json{{"classes", 10}, {"width", 28}, {"height", 28}, {"scale", 255}};
    json.merge_patch(changes);
    const std::filesystem::path file = dir_.path() / "net.fake";
    write_text_atomic(file, json.dump());
    const std::filesystem::path files[] = {file};
    return adopt_model(files, zoo, engines_.for_file(file), *data_, options_, {});
  }

  TempFolder dir_;
  EngineSet engines_;
  std::unique_ptr<Dataset> data_;
  AdoptOptions options_;
};

// Pictures thrice as large, of one colour a 3 x 3 block; in two of five the pixels around each block's middle
// are those of another class, so that who averages them is misled.
void write_blocks(const std::filesystem::path& folder, bool misleads) {
  std::vector<Image> images;
  std::vector<Label> labels;
  for (int i = 0; i < 200; ++i) {
    const Label label = fake_label(static_cast<std::size_t>(i));
    const auto seed = static_cast<std::uint64_t>(i);
    const Image middle = fake_image(label, seed), other = fake_image((label + 3) % 10, seed);
    Image image{84, 84, 1, {}};
    for (int y = 0; y < 84; ++y) {
      for (int x = 0; x < 84; ++x) {
        const bool is_middle = x % 3 == 1 && y % 3 == 1;
        const Image& from = is_middle || !misleads || i % 5 > 1 ? middle : other;
        image.pixels.push_back(from.pixels[static_cast<std::size_t>(y / 3 * 28 + x / 3)]);
      }
    }
    images.push_back(std::move(image));
    labels.push_back(label);
  }
  std::filesystem::create_directories(folder);
  write_idx_images(folder / "images", images);
  write_idx_labels(folder / "labels", labels);
}

TEST_F(Adopt, FindsHowPicturesAreResized) {
  write_blocks(dir_ / "blocks", true);
  data_ = open_dataset({.data = {dir_ / "blocks/images"}, .labels = {dir_ / "blocks/labels"}});
  const Adoption adoption = adopt(nlohmann::json::object());
  EXPECT_EQ(adoption.model.input.resampling, Resampling::kBilinear) << "which takes the middles alone";
  EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
}

TEST_F(Adopt, KeepsTheUsualWayOfResizingWhereNoneIsBetter) {
  write_blocks(dir_ / "blocks", false);
  data_ = open_dataset({.data = {dir_ / "blocks/images"}, .labels = {dir_ / "blocks/labels"}});
  const Adoption adoption = adopt({{"accuracy", 0.8}});
  EXPECT_EQ(adoption.model.input.resampling, Resampling::kBySize);
  const auto tried =
      std::count_if(adoption.trials.begin(), adoption.trials.end(),
                    [](const RecipeTrial& trial) { return trial.input.resampling != Resampling::kBySize; });
  EXPECT_GE(tried, 5);
}

TEST_F(Adopt, TriesNoResizingWherePicturesHaveTheRightSize) {
  for (const RecipeTrial& trial : adopt(nlohmann::json::object()).trials) {
    if (trial.input.crop != Crop{}) continue;
    EXPECT_EQ(trial.input.resampling, Resampling::kBySize);
  }
}

TEST_F(Adopt, FindsMeanAndScale) {
  for (const auto& [mean, scale] : {std::pair{0.0, 1.0}, {0.0, 255.0}, {127.5, 127.5}}) {
    const Adoption adoption = adopt({{"mean", mean}, {"scale", scale}, {"accuracy", 0.9}});
    // A fake network rounds to levels, so that to it 127 and 128 are as good as 127.5.
    EXPECT_NEAR(adoption.model.input.mean[0], mean, 0.5);
    EXPECT_NEAR(adoption.model.input.scale[0], scale, 0.5);
    EXPECT_EQ(adoption.model.input.colour, Colour::kGray);
    EXPECT_EQ(adoption.model.name, "net");
    EXPECT_EQ(adoption.model.output.n_classes, 10);
    EXPECT_EQ(adoption.model.output.kind, OutputKind::kProbabilities);
    EXPECT_GT(adoption.trials.front().top1_rate, 0.8);
    EXPECT_EQ(adoption.trials.front().n_images, 200U);
    EXPECT_LT(adoption.trials.back().n_images, 200U);  // the poor ones were given up early
    EXPECT_LT(adoption.p_value, 1e-10);
  }
}

TEST_F(Adopt, FindsLabelOffsetAndLogits) {
  const Adoption adoption = adopt({{"background", 1}, {"logits", true}});
  EXPECT_EQ(adoption.model.output.label_offset, 1);
  EXPECT_EQ(adoption.model.output.n_classes, 10);
  EXPECT_EQ(adoption.model.output.kind, OutputKind::kLogits);
  EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
}

TEST_F(Adopt, FindsTheColourOrder) {
  // Red pictures tell the class; blue says something else.
  std::string csv;
  for (std::size_t i = 0; i < 60; ++i) {
    const Label label = fake_label(i);
    const Image red = fake_image(label, i);
    Image image{28, 28, 3, {}};
    for (const std::uint8_t value : red.pixels) image.pixels.insert(image.pixels.end(), {value, 7, 3});
    write_pnm(dir_.path() / "ppm" / fmt::format("{}.ppm", i), image);
    csv += fmt::format("{}.ppm,{}\n", i, label);
  }
  write_text_atomic(dir_.path() / "labels.csv", csv);
  data_ = open_dataset({.data = {dir_.path() / "ppm"},
                        .labels = {dir_.path() / "labels.csv"},
                        .range = {},
                        .require_labels = true});
  for (const char* colour : {"rgb", "bgr"}) {
    for (const char* layout : {"nchw", "nhwc"}) {
      const Adoption adoption = adopt({{"colour", colour}, {"layout", layout}, {"type", "u8"}, {"scale", 1}});
      EXPECT_EQ(adoption.model.input.colour == Colour::kBgr, std::string(colour) == "bgr");
      EXPECT_EQ(adoption.model.input.layout == Layout::kNhwc, std::string(layout) == "nhwc");
      EXPECT_EQ(adoption.model.input.type, ElementType::kU8);
      EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
    }
  }
}

TEST_F(Adopt, FindsABackgroundBehind) {
  Zoo zoo;
  zoo.label_names.assign(10, "x");
  for (const bool logits : {false, true}) {
    const Adoption adoption = adopt({{"tail", 1}, {"logits", logits}}, zoo);
    EXPECT_EQ(adoption.model.output.label_tail, 1);
    EXPECT_EQ(adoption.model.output.label_offset, 0);
    EXPECT_EQ(adoption.model.output.n_classes, 10);
    EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
  }
}

TEST_F(Adopt, FindsPercentages) {
  const Adoption adoption = adopt({{"output_scale", 100}, {"accuracy", 0.8}});
  EXPECT_EQ(adoption.model.output.kind, OutputKind::kProbabilities);
  EXPECT_FLOAT_EQ(adoption.model.output.scale, 0.01F);
}

TEST_F(Adopt, FindsSignedBytes) {
  const Adoption adoption = adopt({{"type", "i8"}});
  EXPECT_EQ(adoption.model.input.type, ElementType::kI8);
  EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
}

TEST_F(Adopt, FindsOneValueOfTwoClasses) {
  const FakeData files = write_fake_data(dir_.path() / "two", 200, 2);
  data_ =
      open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}, .require_labels = true});
  const auto kind = [&](const nlohmann::json& changes) {
    nlohmann::json json{{"classes", 2}, {"sigmoid", true}, {"accuracy", 0.9}};
    json.merge_patch(changes);
    const Adoption adoption = adopt(json);
    EXPECT_EQ(adoption.model.output.n_classes, 2);
    EXPECT_NEAR(adoption.trials.front().top1_rate, 0.9, 0.07);
    EXPECT_GT(adoption.trials.front().mean_confidence, 0.5);
    EXPECT_FALSE(adoption.is_too_sure);
    return std::pair(adoption.model.output.kind, adoption.model.output.scale);
  };
  EXPECT_EQ(kind(nlohmann::json::object()), std::pair(OutputKind::kSigmoid, 1.0F));
  EXPECT_EQ(kind({{"output_scale", 100}}), std::pair(OutputKind::kSigmoid, 0.01F));
  EXPECT_EQ(kind({{"logits", true}}), std::pair(OutputKind::kSigmoidLogit, 1.0F));
}

TEST_F(Adopt, SaysThatANetworkGivesNaN) {
  EXPECT_TRIAGE_ERROR(adopt({{"nan", true}}), ErrorCode::kModel,
                      "model 'net': gives NaN or infinity in all of ", "expected numbers");
}

TEST_F(Adopt, RefusesWhatDoesNotBeatChanceUnlessAllowed) {
  EXPECT_TRIAGE_ERROR(adopt({{"accuracy", 0.1}}), ErrorCode::kModel, "model 'net': the best of ", "guessing",
                      "sure of itself", "allow_chance");
  options_.allow_chance = true;
  const Adoption adoption = adopt({{"accuracy", 0.1}});
  EXPECT_TRUE(adoption.is_at_chance);
  EXPECT_TRUE(adoption.is_too_sure);
}

TEST_F(Adopt, SeesThatANetworkIsFarSurerThanRight) {
  const Adoption wrong = adopt({{"accuracy", 0.35}, {"confidence", 0}});
  EXPECT_FALSE(wrong.is_at_chance);
  EXPECT_TRUE(wrong.is_too_sure) << wrong.trials.front().mean_confidence;
  EXPECT_FALSE(adopt({{"accuracy", 0.9}}).is_too_sure);
}

TEST_F(Adopt, RefusesLabelsThatAreAllOne) {
  std::vector<Image> images;
  for (std::size_t i = 0; i < 20; ++i) images.push_back(fake_image(3, i));
  write_idx_images(dir_.path() / "one-images-idx3-ubyte", images);
  write_idx_labels(dir_.path() / "one-labels-idx1-ubyte", std::vector<Label>(20, 3));
  data_ = open_dataset({.data = {dir_.path() / "one-images-idx3-ubyte"},
                        .labels = {dir_.path() / "one-labels-idx1-ubyte"},
                        .range = {},
                        .require_labels = true});
  EXPECT_TRIAGE_ERROR(adopt(nlohmann::json::object()), ErrorCode::kData,
                      "data: all of 20 images are of class 3");
}

TEST_F(Adopt, RefusesANetworkOfOtherClasses) {
  Zoo zoo;
  zoo.label_names.assign(7, "x");
  EXPECT_TRIAGE_ERROR(adopt(nlohmann::json::object(), zoo), ErrorCode::kModel,
                      "outputs (1,10), expected 7 or 8 values");
}

TEST_F(Adopt, StopsWhenTold) {
  std::stop_source stop;
  stop.request_stop();
  options_.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(adopt(nlohmann::json::object()), ErrorCode::kInterrupted, "nothing was written");
}

TEST_F(Adopt, GivesTheSameEveryTime) {
  const Adoption a = adopt({{"accuracy", 0.6}});
  const Adoption b = adopt({{"accuracy", 0.6}});
  ASSERT_EQ(a.trials.size(), b.trials.size());
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    EXPECT_EQ(a.trials[i].input, b.trials[i].input);
    EXPECT_EQ(a.trials[i].reciprocal_rank, b.trials[i].reciprocal_rank);
  }
}

TEST(Judge, CountsRightAnswers) {
  const TempFolder dir;
  const Zoo zoo = load_zoo(write_fake_zoo(dir.path(), {{.name = "sure"}, {.name = "half", .accuracy = 0.5}}));
  const FakeData files = write_fake_data(dir.path(), 400);
  const auto data =
      open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}, .require_labels = true});
  EngineSet engines;
  const ModelIndex models[] = {1, 0};
  const ModelScores result = judge_models(zoo, models, engines, *data, {}, {});
  EXPECT_EQ(result.n_failed, 0U);
  ASSERT_EQ(result.models.size(), 2U);
  EXPECT_EQ(result.models[1].top1_rate, 1.0);
  EXPECT_NEAR(result.models[0].top1_rate, 0.5, 0.08);
  EXPECT_GT(result.models[0].top5_rate, result.models[0].top1_rate);
  EXPECT_EQ(result.models[0].n_images, 400U);
  EXPECT_EQ(judge_models(zoo, models, engines, *data, {.limit = 7, .stop = {}}, {}).models[0].n_images, 7U);
}

}  // namespace
}  // namespace triage
