// Manifests: what is read, what is refused and with which message, and that writing reads back equal.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/zoo.h"

namespace triage {
namespace {

using nlohmann::json;
using triage::testing::TempFolder;

const std::string kSha(64, 'a');

json valid() {
  return {{"format", "triage-zoo"},
          {"version", 1},
          {"name", "test"},
          {"models", json::array({{{"name", "small"},
                                   {"files", json::array({{{"path", "small.onnx"}, {"sha256", kSha}}})},
                                   {"input",
                                    {{"width", 28},
                                     {"height", 20},
                                     {"layout", "nchw"},
                                     {"type", "f32"},
                                     {"colour", "gray"},
                                     {"mean", {127.5}},
                                     {"scale", {127.5}}}},
                                   {"output", {{"kind", "logits"}, {"classes", 10}}}}})}};
}

class Manifest : public ::testing::Test {
 protected:
  Zoo load(const std::string& text) {
    write_text_atomic(path_, text);
    return load_zoo(path_);
  }
  // Applies a JSON patch to the valid manifest and expects an error whose message holds `message`.
  void expect_refused(const json& patch, std::string_view message) {
    SCOPED_TRACE(patch.dump());
    const std::string text = valid().patch(json::array({patch})).dump();
    EXPECT_TRIAGE_ERROR(load(text), ErrorCode::kManifest, "zoo.json: ", message);
  }
  static json set(std::string_view path, json value) {
    return {{"op", "add"}, {"path", path}, {"value", std::move(value)}};
  }
  static json drop(std::string_view path) { return {{"op", "remove"}, {"path", path}}; }

  TempFolder dir_;
  std::filesystem::path path_ = dir_.path() / "zoo.json";
};

TEST_F(Manifest, ReadsEveryKeyAndFillsDefaults) {
  const Zoo zoo = load(valid().dump());
  EXPECT_EQ(zoo.name, "test");
  EXPECT_EQ(zoo.folder, dir_.path());
  ASSERT_EQ(zoo.models.size(), 1U);
  const ModelSpec& model = zoo.models[0];
  EXPECT_EQ(model.role, Role::kClassifier);
  EXPECT_EQ(zoo.resolve(model.files[0]), dir_.path() / "small.onnx");
  EXPECT_EQ(model.input.width, 28);
  EXPECT_EQ(model.input.height, 20);
  EXPECT_EQ(model.input.colour, Colour::kGray);
  EXPECT_EQ(model.input.mean[0], 127.5F);
  EXPECT_EQ(model.input.crop, Crop{});
  EXPECT_EQ(model.output.kind, OutputKind::kLogits);
  EXPECT_EQ(model.output.n_classes, 10);
  EXPECT_EQ(model.output.label_offset, 0);
  EXPECT_EQ(model.device, "CPU");
  EXPECT_EQ(model.threads, 1);
  EXPECT_EQ(model.precision, Precision::kF32);
  EXPECT_EQ(zoo.find("small"), 0);
  EXPECT_EQ(zoo.find("large"), kNoModel);
}

TEST_F(Manifest, RefusesWrongValuesNamingTheirPath) {
  expect_refused(set("/format", "zoo"), "format: found 'zoo', expected 'triage-zoo'");
  expect_refused(set("/version", 2), "version: found 2, expected 1");
  expect_refused(drop("/name"), "name: missing, expected a string");
  expect_refused(set("/modles", 1),
                 "modles: unknown key, expected one of format, labels, models, name, version");
  expect_refused(set("/models", 3), "models: found 3, expected an array of 0 to 4096 objects");
  expect_refused(set("/models/0", "x"), "models[0]: found \"x\", expected an object");
  expect_refused(set("/models/0/name", ""), "models[0].name: found an empty name");
  expect_refused(set("/models/0/name", "a\nb"), "models[0].name: ");
  expect_refused(set("/models/0/name", std::string(201, 'a')),
                 "models[0].name: found 201 bytes, expected at most 200");
  expect_refused(set("/models/0/role", "chooser"),
                 "models[0].role: found \"chooser\", expected one of classifier, selector");
  expect_refused(set("/models/0/input/width", -3),
                 "models[0].input.width: found -3, expected an integer, 1 to 8192");
  expect_refused(set("/models/0/input/width", 28.5), "models[0].input.width: found 28.5");
  expect_refused(set("/models/0/input/width", true), "models[0].input.width: found true");
  expect_refused(set("/models/0/input/height", 1e300), "models[0].input.height: found 1e+300");
  expect_refused(set("/models/0/input/mean", {1, 2, 3}),
                 "models[0].input.mean: found an array of 3, expected an array of 1 number");
  expect_refused(set("/models/0/input/scale", {0}), "models[0].input.scale: found 0");
  expect_refused(set("/models/0/input/scale", {"x"}), "models[0].input.scale[0]: found \"x\"");
  expect_refused(set("/models/0/input/type", "u8"),
                 "models[0].input.mean: found with type u8, expected none");
  {
    json recipe = valid()["models"][0]["input"];
    recipe["type"] = "i8";
    expect_refused(set("/models/0/input", recipe), "models[0].input.mean: found with type i8, expected none");
  }
  expect_refused(set("/models/0/output/classes", 65537),
                 "models[0].output.classes: found 65537, expected an integer, 1 to 65536");
  expect_refused(set("/models/0/output/label_tail", -1), "models[0].output.label_tail: found -1");
  expect_refused(set("/models/0/output/kind", "sigmoid"),
                 "models[0].output.classes: found 10 with kind sigmoid, expected 2");
  expect_refused(set("/models/0/output", {{"kind", "sigmoid_logit"}, {"classes", 2}, {"label_offset", 0}}),
                 "models[0].output.label_offset: found with kind sigmoid_logit, expected none");
  expect_refused(set("/models/0/input/crop", "center:1.5"), "models[0].input.crop: crop 'center:1.5'");
  expect_refused(
      set("/models/0/input/resampling", "lanczos"),
      "models[0].input.resampling: resampling 'lanczos': not known, expected one of by_size, area");
  expect_refused(set("/models/0/input/color", "rgb"),
                 "models[0].input.color: unknown key, expected one of colour");
  expect_refused(set("/models/0/output/classes", 0), "models[0].output.classes: found 0");
  expect_refused(set("/models/0/output/scale", -1), "models[0].output.scale: found -1");
  expect_refused(set("/models/0/output/index", 64),
                 "models[0].output.index: found 64, expected an integer, 0 to 63");
  expect_refused(set("/models/0/files", json::array()),
                 "models[0].files: found an array of 0, expected an array of 1 to 2 objects");
  expect_refused(set("/models/0/files/0/path", ""), "models[0].files[0].path: found an empty path");
  expect_refused(set("/models/0/files/0/path", std::string(5000, 'x')),
                 "models[0].files[0].path: found 5000 bytes");
  expect_refused(set("/models/0/files/0/path", std::string("a\0b", 3)),
                 "models[0].files[0].path: found a NUL character");
  expect_refused(set("/models/0/files/0/sha256", "AB"),
                 "models[0].files[0].sha256: found 'AB', expected 64 lower-case hex digits");
  expect_refused(set("/models/0/device", ""), "models[0].device: found an empty name");
  expect_refused(set("/models/0/precision", "fp16"),
                 "models[0].precision: found \"fp16\", expected one of f32, auto, bf16, f16, i8");
  expect_refused(set("/models/0/precision", 16), "models[0].precision: found");
  expect_refused(set("/models/0/threads", 0), "models[0].threads: found 0, expected an integer, 1 to 1024");
}

TEST_F(Manifest, RefusesWhatIsNotJson) {
  EXPECT_TRIAGE_ERROR(load(""), ErrorCode::kManifest, "zoo.json: parse error");
  EXPECT_TRIAGE_ERROR(load("{\"format\": "), ErrorCode::kManifest, "line 1");
  EXPECT_TRIAGE_ERROR(load("[]"), ErrorCode::kManifest, "found an array of 0, expected an object");
  EXPECT_TRIAGE_ERROR(load(std::string(30, '[')), ErrorCode::kManifest, "parse error");
  EXPECT_TRIAGE_ERROR(load_zoo(dir_.path() / "none.json"), ErrorCode::kIo, "none.json");
}

// Each bracket takes many bytes in memory: what no manifest has is refused before anything is made of it.
TEST_F(Manifest, RefusesWhatWouldFillTheMemory) {
  const std::string deep(32, '[');
  EXPECT_TRIAGE_ERROR(load(deep), ErrorCode::kManifest, "parse error");
  EXPECT_TRIAGE_ERROR(load(deep + "["), ErrorCode::kManifest, "zoo.json: more than 32 values in each other",
                      "expected at most 32");
  EXPECT_TRIAGE_ERROR(load(std::string(1 << 24, '[')), ErrorCode::kManifest,
                      "more than 32 values in each other");
  std::string objects;
  for (int i = 0; i < 40; ++i) objects += "{\"a\":";
  EXPECT_TRIAGE_ERROR(load(objects), ErrorCode::kManifest, "more than 32 values in each other");
  std::string wide = "[0";
  for (int i = 0; i < 1 << 20; ++i) wide += ",0";
  EXPECT_TRIAGE_ERROR(load(wide + "]"), ErrorCode::kManifest, "more than 1048576 values, expected at most");
}

// JSON leaves open which of them counts, so that two readers may see two manifests.
TEST_F(Manifest, RefusesAKeyThatOccursTwice) {
  const auto twice = [&](const std::string& before, const std::string& added) {
    std::string text = valid().dump();
    text.insert(text.find(before), added);
    return text;
  };
  EXPECT_TRIAGE_ERROR(load(twice("\"version\"", "\"version\":2,")), ErrorCode::kManifest,
                      "zoo.json: key 'version' twice in one object, expected it once");
  EXPECT_TRIAGE_ERROR(load(twice("\"sha256\"", "\"sha256\":\"b\",")), ErrorCode::kManifest,
                      "key 'sha256' twice");
  EXPECT_EQ(load(valid().dump()).models.size(), 1U) << "'name' stands in two objects";
}

TEST_F(Manifest, RefusesTwoModelsOfOneName) {
  json manifest = valid();
  manifest["models"].push_back(manifest["models"][0]);
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kManifest,
                      "models[1].name: found 'small' as for models[0]");
}

TEST_F(Manifest, RefusesClassifiersThatDisagreeOnTheClasses) {
  json manifest = valid();
  manifest["models"].push_back(manifest["models"][0]);
  manifest["models"][1]["name"] = "other";
  manifest["models"][1]["output"]["classes"] = 11;
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kManifest,
                      "models[1].output.classes: found 11, expected 10, as for models[0]");
  manifest["models"][1]["role"] = "selector";
  EXPECT_EQ(load(manifest.dump()).models.size(), 2U);
}

TEST_F(Manifest, ReadsWhatSelectorsChooseAndTheirFold) {
  json manifest = valid();
  json selector = manifest["models"][0];
  selector["name"] = "cnn";
  selector["role"] = "selector";
  selector["output"]["classes"] = 2;
  selector["chooses"] = {"small", "none"};
  manifest["models"].push_back(selector);
  selector["name"] = "cnn-fold1";
  selector["fold"] = {
      {"of", "cnn"}, {"index", 1}, {"count", 10}, {"seed", 7}, {"inputs", "0123456789abcdef"}};
  manifest["models"].push_back(selector);
  const Zoo zoo = load(manifest.dump());
  EXPECT_EQ(zoo.models[1].chooses, (std::vector<std::string>{"small", ""}));
  EXPECT_FALSE(zoo.models[1].fold);
  EXPECT_EQ(zoo.models[2].fold, (SelectorFold{"cnn", 1, 10, 7, "0123456789abcdef"}));
  save_zoo(zoo, path_);
  EXPECT_EQ(load_zoo(path_).models, zoo.models);

  const auto refuse = [&](const char* pointer, const json& value, std::string_view message) {
    json changed = manifest;
    changed[json::json_pointer(pointer)] = value;
    EXPECT_TRIAGE_ERROR(load(changed.dump()), ErrorCode::kManifest, message);
  };
  refuse("/models/1/chooses", json::array({"small"}), "models[1].chooses: found");
  refuse("/models/1/chooses/0", 5, "models[1].chooses[0]: found 5, expected a string");
  refuse("/models/1/chooses/0", "cnn", "models[1].chooses: found 'cnn', expected names of classifiers");
  refuse("/models/0/chooses", json::array({"small"}), "models[0].chooses: found with a classifier");
  refuse("/models/2/fold/of", "small", "models[2].fold.of: found 'small', expected the name of a selector");
  refuse("/models/2/fold/index", 10, "models[2].fold.index: found 10");
  refuse("/models/2/fold/count", 1, "models[2].fold.count: found 1");
  refuse("/models/2/fold/seed", -1, "models[2].fold.seed: found -1");
}

TEST_F(Manifest, ReadsLabels) {
  json manifest = valid();
  manifest["labels"] = "names.txt";
  manifest["models"][0]["output"]["classes"] = 2;
  write_text_atomic(dir_.path() / "names.txt", "n01440764 tench, Tinca tinca\r\nn12 short id\n\n");
  EXPECT_EQ(load(manifest.dump()).label_names,
            (std::vector<std::string>{"tench, Tinca tinca", "n12 short id"}));
}

TEST_F(Manifest, RefusesWrongLabels) {
  json manifest = valid();
  manifest["labels"] = "names.txt";
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kIo, "names.txt");
  write_text_atomic(dir_.path() / "names.txt", "a\nb\nc\n");
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kManifest,
                      "models[0].output.classes: found 10, expected 3, as many as names.txt has names");
  write_text_atomic(dir_.path() / "names.txt", "a\n\nc\n");
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kManifest, "names.txt: line 2 is empty");
  write_text_atomic(dir_.path() / "names.txt", "");
  EXPECT_TRIAGE_ERROR(load(manifest.dump()), ErrorCode::kManifest, "names.txt: line 1 is empty");
}

// One model with every key set to something else than its default, and one with as few as possible.
Zoo sample() {
  Zoo zoo;
  zoo.name = "golden";
  ModelSpec full;
  full.name = "two parts";
  full.files = {{"parts/a.tflite", std::string(64, '0')}, {"/opt/b.tflite", std::string(64, 'f')}};
  full.input = {224,
                192,
                Layout::kNhwc,
                ElementType::kF32,
                Colour::kBgr,
                {103.939F, 116.779F, 123.68F},
                {1, 0.1F, 57.375F},
                {0.875}};
  full.output = {OutputKind::kProbabilities, 1, 10, 1, 0, 0.00390625F, "features"};
  full.device = "GPU.0";
  full.threads = 2;
  full.license = "Apache-2.0";
  full.source = "https://example.org";
  ModelSpec plain;
  plain.name = "chooser";
  plain.role = Role::kSelector;
  plain.files = {{"c.xml", std::string(64, '1')}};
  plain.input.width = plain.input.height = 8;
  plain.input.type = ElementType::kU8;
  plain.output.n_classes = 3;
  plain.output.kind = OutputKind::kLogits;
  zoo.models = {full, plain};
  return zoo;
}

TEST_F(Manifest, WritingReadsBackEqual) {
  const Zoo zoo = sample();
  save_zoo(zoo, path_);
  const Zoo read = load_zoo(path_);
  EXPECT_EQ(read.name, zoo.name);
  EXPECT_EQ(read.models, zoo.models);
  save_zoo(read, dir_.path() / "again.json");
  EXPECT_EQ(read_text(path_), read_text(dir_.path() / "again.json"));
}

TEST_F(Manifest, NewerKeysReadBackEqual) {
  Zoo zoo;
  zoo.name = "newer";
  ModelSpec whole;
  whole.name = "whole numbers";
  whole.files = {{"a.tflite", std::string(64, '0')}};
  whole.input.width = whole.input.height = 8;
  whole.input.type = ElementType::kI8;
  whole.input.resampling = Resampling::kBicubicAntialias;
  whole.output.n_classes = 2;
  whole.output.label_tail = 1;
  ModelSpec one = whole;
  one.name = "one value";
  one.output = {};
  one.output.kind = OutputKind::kSigmoid;
  one.output.n_classes = 2;
  ModelSpec logit = one;
  logit.name = "one logit";
  logit.output.kind = OutputKind::kSigmoidLogit;
  ModelSpec half = whole;
  half.name = "half";
  half.precision = Precision::kBf16;
  ModelSpec automatic = whole;
  automatic.name = "automatic";
  automatic.precision = Precision::kAuto;
  zoo.models = {whole, one, logit, half, automatic};
  save_zoo(zoo, path_);
  EXPECT_EQ(load_zoo(path_).models, zoo.models);
  EXPECT_EQ(whole.output.n_values(), 3U);
  EXPECT_EQ(one.output.n_values(), 1U);
  EXPECT_NE(one.fingerprint(), logit.fingerprint());
}

// The written form is a format that others read: it changes only with its version.
TEST_F(Manifest, GoldenFile) {
  const std::filesystem::path golden = TRIAGE_SOURCE_DIR "/tests/zoo/golden_v1.json";
  save_zoo(sample(), path_);
  EXPECT_EQ(read_text(path_), read_text(golden));
  EXPECT_EQ(load_zoo(golden).models, sample().models);
}

TEST(Crop, Text) {
  EXPECT_EQ(to_string(Crop{}), "none");
  EXPECT_EQ(to_string(Crop{0.875}), "center:0.875");
  EXPECT_EQ(parse_crop("center:0.875"), Crop{0.875});
  EXPECT_EQ(parse_crop("none"), Crop{});
  for (const char* bad :
       {"", "center", "center:", "center:0", "center:-1", "center:1.01", "center:nan", "center:0.5x"}) {
    EXPECT_TRIAGE_ERROR(parse_crop(bad), ErrorCode::kUsage, "crop '", "expected none or center:F");
  }
}

TEST(Resampling, Text) {
  for (const Resampling resampling : all_resamplings()) {
    EXPECT_EQ(parse_resampling(to_string(resampling)), resampling);
  }
  EXPECT_EQ(all_resamplings().size(), 6U);
  EXPECT_TRIAGE_ERROR(parse_resampling("nearest"), ErrorCode::kUsage, "'nearest'", "bicubic_antialias");
}

TEST(RecipeKey, HasResamplingWhereItIsNotTheUsualOne) {
  Recipe recipe;
  recipe.width = 2;
  recipe.height = 3;
  recipe.type = ElementType::kU8;
  recipe.resampling = Resampling::kBilinearAntialias;
  EXPECT_EQ(recipe_key(recipe), "2x3 rgb nchw u8 crop none bilinear_antialias");
}

TEST(RecipeKey, IsEqualWhereTheTensorIs) {
  Recipe gray;
  gray.width = gray.height = 28;
  gray.colour = Colour::kGray;
  gray.scale[0] = 255;
  EXPECT_EQ(recipe_key(gray), "28x28 gray f32 mean 0 scale 255 crop none");
  Recipe other = gray;
  other.layout = Layout::kNhwc;
  other.mean = {-0.0F, 5, 5};
  EXPECT_EQ(recipe_key(other), recipe_key(gray));
  other.crop.fraction = 0.5;
  EXPECT_NE(recipe_key(other), recipe_key(gray));

  Recipe rgb;
  rgb.width = 2;
  rgb.height = 3;
  EXPECT_EQ(recipe_key(rgb), "2x3 rgb nchw f32 mean 0 0 0 scale 1 1 1 crop none");
  Recipe u8 = rgb;
  u8.type = ElementType::kU8;
  EXPECT_EQ(recipe_key(u8), "2x3 rgb nchw u8 crop none");
  EXPECT_NE(recipe_key(u8), recipe_key(rgb));
  Recipe i8 = u8;
  i8.type = ElementType::kI8;
  EXPECT_EQ(recipe_key(i8), "2x3 rgb nchw i8 crop none");
  u8.mean = {1, 2, 3};
  EXPECT_EQ(recipe_key(u8), "2x3 rgb nchw u8 crop none");
}

TEST(Fingerprint, FollowsWhatDeterminesTheOutput) {
  const ModelSpec model = sample().models[0];
  EXPECT_EQ(model.fingerprint().size(), 16U);
  const auto changed = [&](auto change) {
    ModelSpec other = model;
    change(other);
    return other.fingerprint() != model.fingerprint();
  };
  EXPECT_TRUE(changed([](ModelSpec& m) { m.files[0].sha256[0] = '1'; }));
  EXPECT_TRUE(changed([](ModelSpec& m) { m.files.pop_back(); }));
  EXPECT_TRUE(changed([](ModelSpec& m) { m.input.mean[2] += 1; }));
  EXPECT_TRUE(changed([](ModelSpec& m) { m.input.crop.fraction = 1; }));
  EXPECT_TRUE(changed([](ModelSpec& m) { m.output.label_offset = 0; }));
  EXPECT_TRUE(changed([](ModelSpec& m) { m.output.scale = 1; }));
  for (const Precision precision : {Precision::kAuto, Precision::kBf16, Precision::kF16}) {
    EXPECT_TRUE(changed([&](ModelSpec& m) { m.precision = precision; })) << to_string(precision);
  }
  EXPECT_FALSE(changed([](ModelSpec& m) { m.precision = Precision::kI8; })) << "computes what f32 does";
  EXPECT_FALSE(changed([](ModelSpec& m) { m.threads = 1; }));
  EXPECT_FALSE(changed([](ModelSpec& m) { m.device = "CPU"; }));
  EXPECT_FALSE(changed([](ModelSpec& m) { m.name = "renamed"; }));
  EXPECT_FALSE(changed([](ModelSpec& m) { m.files[0].path = "moved"; }));
}

// As computed before precision could be chosen; profiles and policies of that time have such fingerprints.
TEST(Fingerprint, OfF32IsAsBefore) {
  EXPECT_EQ(sample().models[0].fingerprint(), "0b2638134ff09ebc");
  EXPECT_EQ(sample().models[1].fingerprint(), "eb11b6d673e05aec");
}

TEST(VerifyFiles, NamesBothChecksums) {
  const TempFolder dir;
  Zoo zoo;
  zoo.folder = dir.path();
  ModelSpec model;
  model.name = "m";
  // sha256("abc"), FIPS 180-2.
  const std::string sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  model.files = {{"m.onnx", sha}};
  EXPECT_TRIAGE_ERROR(verify_files(zoo, model), ErrorCode::kIo, "m.onnx: is missing", "model 'm'",
                      "triage zoo build");
  write_text_atomic(dir.path() / "m.onnx", "abc");
  verify_files(zoo, model);
  write_text_atomic(dir.path() / "m.onnx", "abd");
  EXPECT_TRIAGE_ERROR(verify_files(zoo, model), ErrorCode::kManifest, "expected " + sha);
}

// No foreign exception from anything that a manifest names.
TEST(VerifyFiles, NamesThatNoFileCanHave) {
  const TempFolder dir;
  Zoo zoo;
  zoo.folder = dir.path();
  ModelSpec model;
  model.name = "m";
  dir.write("file", "");
  for (const std::string& name : {std::string(300, 'a') + ".onnx", std::string(300, 'a') + ".xml",
                                  std::string(4000, 'a') + "/" + std::string(4000, 'b')}) {
    model.files = {{name, ""}};
    EXPECT_TRIAGE_ERROR(verify_files(zoo, model), ErrorCode::kIo, name, "File name too long");
    const std::string stem = name.substr(0, 300);  // of the weights beside an .xml, too
    EXPECT_TRIAGE_ERROR(model_checksum(dir.path() / name), ErrorCode::kIo, stem);
    EXPECT_TRIAGE_ERROR(model_size_bytes(zoo, model), ErrorCode::kIo, stem);
    EXPECT_TRIAGE_ERROR(load_zoo(dir.path() / name), ErrorCode::kIo, name);
  }
  model.files = {{"file/m.onnx", ""}};
  EXPECT_TRIAGE_ERROR(verify_files(zoo, model), ErrorCode::kIo, "m.onnx: is missing");
}

TEST(ModelChecksum, OfAnXmlCoversItsWeights) {
  const TempFolder dir;
  const std::string sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  write_text_atomic(dir.path() / "m.xml", "abc");
  EXPECT_EQ(model_checksum(dir.path() / "m.xml"), sha);
  write_text_atomic(dir.path() / "m.xml", "a");
  write_text_atomic(dir.path() / "m.bin", "bc");
  EXPECT_EQ(model_checksum(dir.path() / "m.xml"), sha);
}

TEST(ModelBytes, OfAnXmlCountItsWeights) {
  const TempFolder dir;
  write_text_atomic(dir.path() / "m.xml", "abc");
  EXPECT_EQ(model_bytes(dir.path() / "m.xml"), 3U);
  write_text_atomic(dir.path() / "m.bin", "weights");
  EXPECT_EQ(model_bytes(dir.path() / "m.xml"), 10U);
  EXPECT_EQ(model_bytes(dir.path() / "m.bin"), 7U);
  EXPECT_TRIAGE_ERROR(model_bytes(dir.path() / "none.onnx"), ErrorCode::kIo, "none.onnx");
}

}  // namespace
}  // namespace triage
