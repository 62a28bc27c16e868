// The OpenVINO engine on tiny networks that are built here: what runs, what is refused, and how.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/relu.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/result.hpp>
#include <openvino/openvino.hpp>
#include <thread>

#include "base/files.h"
#include "base/hash.h"
#include "engine/compile_cache.h"
#include "runtime/pool.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "support/onnx_file.h"
#include "triage/engine.h"
#include "triage/tools/adopt.h"

namespace triage {
namespace {

using namespace triage::testing;
using ov::element::Type;

// A network with three class values, each the mean of one channel of the picture; twice them is the
// embedding.
std::shared_ptr<ov::Model> channel_means(const ov::PartialShape& shape, Type in = ov::element::f32,
                                         Type out = ov::element::f32, bool channels_last = false) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(in, shape);
  input->output(0).set_names({"picture"});
  const auto value = std::make_shared<ov::op::v0::Convert>(input, ov::element::f32);
  const auto axes = ov::op::v0::Constant::create(
      ov::element::i64, {2}, channels_last ? std::vector<int>{1, 2} : std::vector<int>{2, 3});
  const auto mean = std::make_shared<ov::op::v1::ReduceMean>(value, axes, false);
  const auto twice = std::make_shared<ov::op::v1::Add>(mean, mean);
  twice->output(0).set_names({"features"});
  const auto classes = std::make_shared<ov::op::v0::Convert>(mean, out);
  classes->output(0).set_names({"classes"});
  return std::make_shared<ov::Model>(ov::OutputVector{classes, twice}, ov::ParameterVector{input});
}

class OpenVino : public ::testing::Test {
 protected:
  // Saves the network and describes it as a manifest would: 3 classes, 2x2 pixels.
  ModelSpec save(const std::shared_ptr<ov::Model>& network, const std::string& name = "net") {
    ov::save_model(network, (dir_.path() / (name + ".xml")).string(), false);
    ModelSpec model;
    model.name = name;
    model.files = {file(name)};
    model.input.width = model.input.height = 2;
    model.output.n_classes = 3;
    return model;
  }
  ModelFile file(const std::string& name) {
    return {name + ".xml", model_checksum(dir_.path() / (name + ".xml"))};
  }
  std::unique_ptr<Network> load(const ModelSpec& model) { return engines_.load(zoo_, model); }
  template <class Value>
  static std::vector<float> run(Network& network, const std::vector<Value>& tensor) {
    const std::span<const float> out = network.run(std::as_bytes(std::span(tensor)));
    return {out.begin(), out.end()};
  }
  static std::vector<float> f32_picture() { return {1, 2, 3, 4, 10, 10, 10, 10, 0, 0, 0, 8}; }

  void expect_refused(const ModelSpec& model, std::string_view message) {
    EXPECT_TRIAGE_ERROR(load(model), ErrorCode::kModel, "model 'net': ", message);
  }

  TempFolder dir_;
  EngineSet engines_;
  Zoo zoo_ = [this] {
    Zoo zoo;
    zoo.folder = dir_.path();
    return zoo;
  }();
};

TEST_F(OpenVino, RunsAndGivesTheEmbedding) {
  ModelSpec model = save(channel_means({1, 3, 2, 2}));
  model.output.embedding = "features";
  const auto network = load(model);
  EXPECT_EQ(run(*network, f32_picture()), (std::vector<float>{2.5F, 10, 2}));
  EXPECT_EQ(std::vector<float>(network->embedding().begin(), network->embedding().end()),
            (std::vector<float>{5, 20, 4}));
  // Other memory, other values.
  EXPECT_EQ(run(*network, std::vector<float>(12, 7.0F)), (std::vector<float>{7, 7, 7}));
}

TEST_F(OpenVino, ReadsAndWritesBytes) {
  ModelSpec model = save(channel_means({1, 3, 2, 2}, ov::element::u8, ov::element::u8));
  model.input.type = ElementType::kU8;
  const auto network = load(model);
  EXPECT_EQ(run(*network, std::vector<std::uint8_t>{4, 4, 4, 4, 255, 255, 255, 255, 0, 0, 0, 0}),
            (std::vector<float>{4, 255, 0}));
}

TEST_F(OpenVino, ReadsAndWritesSignedBytes) {
  ModelSpec model = save(channel_means({1, 3, 2, 2}, ov::element::i8, ov::element::i8));
  model.input.type = ElementType::kI8;
  const auto network = load(model);
  EXPECT_EQ(run(*network, std::vector<std::int8_t>{4, 4, 4, 4, -128, -128, -128, -128, 127, 127, 127, 127}),
            (std::vector<float>{132, 0, 255}));
  model.input.type = ElementType::kU8;
  expect_refused(model, "input type is i8, expected u8 as the manifest states");
}

TEST_F(OpenVino, HalfPrecisionNetworksSpeakInFloats) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}, ov::element::f16, ov::element::f16));
  EXPECT_EQ(run(*load(model), f32_picture()), (std::vector<float>{2.5F, 10, 2}));
}

TEST_F(OpenVino, TakesTheManifestsSize) {
  for (const ov::PartialShape& shape : {ov::PartialShape{1, 3, -1, -1}, ov::PartialShape{-1, 3, 2, 2},
                                        ov::PartialShape{1, 3, 5, 7}, ov::PartialShape{1, -1, 2, 2}}) {
    EXPECT_EQ(run(*load(save(channel_means(shape))), f32_picture()), (std::vector<float>{2.5F, 10, 2}))
        << shape;
  }
}

TEST_F(OpenVino, TakesFlatPictures) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 12});
  const auto out = std::make_shared<ov::op::v0::Relu>(input);
  ModelSpec model = save(std::make_shared<ov::Model>(ov::OutputVector{out}, ov::ParameterVector{input}));
  model.output.n_classes = 12;
  EXPECT_EQ(run(*load(model), f32_picture()), f32_picture());
}

// Pictures in a row, their batch open or of several.
TEST_F(OpenVino, TakesFlatPicturesOfAnyBatch) {
  for (const std::int64_t batch : {-1, 8, 1}) {
    const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{batch, 12});
    const auto out = std::make_shared<ov::op::v0::Relu>(input);
    ModelSpec model = save(std::make_shared<ov::Model>(ov::OutputVector{out}, ov::ParameterVector{input}));
    model.output.n_classes = 12;
    EXPECT_EQ(run(*load(model), f32_picture()), f32_picture()) << batch;
  }
}

TEST_F(OpenVino, RunsChains) {
  // The second part's input has another shape of as many values.
  ModelSpec model = save(channel_means({1, 3, 2, 2}));
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3, 1, 1});
  const auto out = std::make_shared<ov::op::v1::Add>(input, input);
  (void)save(std::make_shared<ov::Model>(ov::OutputVector{out}, ov::ParameterVector{input}), "head");
  model.files.push_back(file("head"));
  model.output.embedding = "features";
  const auto network = load(model);
  EXPECT_EQ(run(*network, f32_picture()), (std::vector<float>{5, 20, 4}));
  EXPECT_EQ(network->embedding()[1], 20.0F);
  model.threads = 2;
  EXPECT_EQ(run(*load(model), f32_picture()), (std::vector<float>{5, 20, 4}));
}

TEST_F(OpenVino, RefusesChainsThatDoNotFit) {
  ModelSpec model = save(channel_means({1, 3, 2, 2}));
  const auto add_head = [&](const ov::PartialShape& shape, Type type) {
    const auto input = std::make_shared<ov::op::v0::Parameter>(type, shape);
    const auto three = ov::op::v0::Constant::create(type, {1, 4, 1}, {1, 1, 1, 1});
    const auto out = std::make_shared<ov::op::v1::Add>(input, three);
    (void)save(std::make_shared<ov::Model>(ov::OutputVector{out}, ov::ParameterVector{input}), "head");
    model.files.resize(1);
    model.files.push_back(file("head"));
  };
  add_head({1, 4, 2}, ov::element::u8);
  expect_refused(model, "input type of the second file is u8, expected f32");
  model.files[1].sha256[0] = model.files[1].sha256[0] == 'a' ? 'b' : 'a';
  EXPECT_TRIAGE_ERROR(load(model), ErrorCode::kManifest, "head.xml: sha256 is ");
}

TEST_F(OpenVino, NamesBothShapesAndTypes) {
  const ModelSpec good = save(channel_means({1, 3, 2, 2}));
  ModelSpec model = good;
  model.input.layout = Layout::kNhwc;
  expect_refused(model, "input shape is (1,3,2,2), expected (1,2,2,3)");
  model = good;
  model.input.colour = Colour::kGray;
  expect_refused(model, "input shape is (1,3,2,2), expected (1,1,2,2)");
  model = good;
  model.input.type = ElementType::kU8;
  expect_refused(model, "input type is f32, expected u8");
  model = good;
  model.output.n_classes = 4;
  expect_refused(model, "output 0 has shape (1,3), expected 4 values");
  model = good;
  model.output.index = 2;
  expect_refused(model, "2 outputs, expected one at output.index 2");
  model = good;
  model.output.embedding = "none";
  expect_refused(model, "no output named 'none'");
  model = good;
  model.device = "TPU";
  EXPECT_TRIAGE_ERROR(load(model), ErrorCode::kEngine, "model 'net': device is 'TPU', expected one of CPU");
  EXPECT_TRIAGE_ERROR(load(good)->run(std::vector<std::byte>(3)), ErrorCode::kEngine,
                      "model 'net': tensor of 3 bytes, expected 48");
}

TEST_F(OpenVino, RefusesNetworksThatCannotBeReshaped) {
  // The picture is flattened to a fixed length inside.
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3, 4, 4});
  const auto shape = ov::op::v0::Constant::create(ov::element::i64, {2}, {1, 48});
  const auto flat = std::make_shared<ov::op::v1::Reshape>(input, shape, false);
  const ModelSpec model =
      save(std::make_shared<ov::Model>(ov::OutputVector{flat}, ov::ParameterVector{input}));
  expect_refused(model,
                 "input shape is (1,3,4,4), expected (1,3,2,2) as the manifest states, and the network "
                 "cannot be reshaped");
}

TEST_F(OpenVino, RefusesDamagedFiles) {
  const std::string text = "no model at all, but long enough to be looked at; " + std::string(200, 'x');
  const std::string archive = std::string("PK\x03\x04", 4) + std::string(200, '\0');
  ::testing::internal::CaptureStderr();  // messages alone: the engine's parsers would print lines of their
                                         // own
  for (const char* name : {"bad.xml", "bad.onnx", "bad.tflite"}) {
    for (const std::string& content :
         {std::string(), text, archive, std::string("<?xml version=\"1.0\"?><foo/>")}) {
      write_text_atomic(dir_.path() / name, content);
      ModelSpec model;
      model.name = "net";
      model.files = {{name, content.empty() ? std::string(64, '0') : model_checksum(dir_.path() / name)}};
      model.input.width = model.input.height = 2;
      model.output.n_classes = 3;
      EXPECT_TRIAGE_ERROR(load(model), ErrorCode::kModel, name);
      EXPECT_TRIAGE_ERROR(engines_.for_file(name).inspect(dir_.path() / name), ErrorCode::kModel, name);
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(OpenVino, InspectsShapes) {
  (void)save(channel_means({1, 3, -1, 2}, ov::element::u8));
  const ModelShapes shapes = engines_.for_file("net.xml").inspect(dir_.path() / "net.xml");
  EXPECT_EQ(shapes.inputs, (std::vector<std::vector<std::int64_t>>{{1, 3, -1, 2}}));
  EXPECT_EQ(shapes.input_types, std::vector<std::string>{"u8"});
  EXPECT_EQ(shapes.outputs, (std::vector<std::vector<std::int64_t>>{{1, 3}, {1, 3}}));
  EXPECT_EQ(shapes.output_names, (std::vector<std::string>{"classes", "features"}));
}

// A folder for compiled networks, and what was said about it.
class CachedOpenVino : public OpenVino {
 protected:
  std::vector<float> answer(const ModelSpec& model) {
    EngineSet engines({.cache_dir = cache_, .clock = {}, .on_remark = [this](std::string_view text) {
                         remarks_.emplace_back(text);
                       }});
    return run(*engines.load(zoo_, model), f32_picture());
  }
  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(cache_)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::filesystem::path cache_ = dir_.path() / "cache";
  std::vector<std::string> remarks_;
  const std::vector<float> right_{2.5F, 10, 2};
};

TEST_F(CachedOpenVino, KeepsWhatWasCompiled) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(answer(model), right_);
  ASSERT_EQ(files().size(), 1U);
  const std::filesystem::file_time_type written = std::filesystem::last_write_time(files()[0]);
  EXPECT_EQ(answer(model), right_);
  EXPECT_EQ(std::filesystem::last_write_time(files()[0]), written);
  EXPECT_TRUE(remarks_.empty());
}

// Where a network runs shows in nothing but time; what it was compiled with is told by its file.
TEST_F(CachedOpenVino, NetworksAreNotPinnedToAProcessor) {
  EXPECT_EQ(answer(save(channel_means({1, 3, 2, 2}))), right_);
  const auto bytes = read_file(files().at(0));
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_NE(text.find("ENABLE_CPU_PINNING=NO"), std::string::npos);
}

TEST_F(CachedOpenVino, TellsNetworksAndTheirUseApart) {
  ModelSpec model = save(channel_means({1, 3, -1, -1}));
  EXPECT_EQ(answer(model), right_);
  model.threads = 2;
  EXPECT_EQ(answer(model), right_);
  model.input.width = 1;
  model.input.height = 4;
  EXPECT_EQ(answer(model), right_);
  EXPECT_EQ(files().size(), 3U);
  EXPECT_TRUE(remarks_.empty());
}

TEST_F(CachedOpenVino, ADamagedFileIsMadeAnew) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}));
  EXPECT_EQ(answer(model), right_);
  const std::vector<std::uint8_t> good = read_file(files()[0]);
  for (std::size_t at = 0; at < good.size(); at += good.size() / 16) {
    std::vector<std::uint8_t> bad = good;
    bad[at] ^= 0x10;
    write_file_atomic(files()[0], bad);
    remarks_.clear();
    EXPECT_EQ(answer(model), right_);
    EXPECT_EQ(remarks_.size(), 1U) << at;
    EXPECT_EQ(answer(model), right_);
    EXPECT_EQ(remarks_.size(), 1U) << "the new file fits";
  }
}

TEST_F(CachedOpenVino, AnotherNetworksFileIsMadeAnew) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}));
  EXPECT_EQ(answer(model), right_);
  const std::filesystem::path file = files()[0];
  EXPECT_NE(answer(save(channel_means({1, 3, 2, 2}, ov::element::f32, ov::element::i32), "other")), right_);
  for (const auto& found : files()) {
    if (found != file) std::filesystem::rename(found, file);
  }
  EXPECT_EQ(answer(model), right_);
  EXPECT_EQ(remarks_.size(), 1U);
}

// Its checksum is right, but OpenVINO cannot use it.
TEST_F(CachedOpenVino, AFileThatIsNoNetworkIsMadeAnew) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}));
  EXPECT_EQ(answer(model), right_);
  const std::vector<std::uint8_t> good = read_file(files()[0]);
  const std::string_view text(reinterpret_cast<const char*>(good.data()) + 96, good[20] + 256U * good[21]);
  const std::size_t build = text.find("build: ");
  ASSERT_NE(build, std::string_view::npos);
  const CompiledKey key{std::string(text.substr(0, build)),
                        std::string(text.substr(build + 7, text.size() - build - 8))};
  for (const std::size_t size : {0, 10, 4000}) {
    write_file_atomic(files()[0], seal_compiled(key, std::vector<std::uint8_t>(size, 1)));
    remarks_.clear();
    EXPECT_EQ(answer(model), right_);
    EXPECT_EQ(remarks_.size(), 1U);
  }
}

TEST_F(CachedOpenVino, GoesOnWithoutAFolder) {
  cache_ = dir_.write("file", "") / "cache";
  EXPECT_EQ(answer(save(channel_means({1, 3, 2, 2}))), right_);
  EXPECT_EQ(remarks_.size(), 1U);
}

TEST_F(CachedOpenVino, TellsTheRuntimesObserver) {
  struct Listener final : Observer {
    void on_remark(std::string_view text) override { remarks.emplace_back(text); }
    std::vector<std::string> remarks;
  };
  Zoo zoo = zoo_;
  zoo.models = {save(channel_means({1, 3, 2, 2}))};
  const auto listener = std::make_shared<Listener>();
  for (const auto& observer : {std::shared_ptr<Listener>(), listener}) {
    RuntimeOptions options;
    options.cache_dir = dir_.write("file", "") / "cache";
    options.observer = observer;
    Runtime runtime(zoo, options);
    runtime.pool().warm_up(0, 1);
  }
  ASSERT_EQ(listener->remarks.size(), 1U);
  EXPECT_NE(listener->remarks[0].find("file/cache: folder cannot be made"), std::string::npos);
}

// A network that gives the first three values. Of those below, bf16, which has 8 bits, rounds the first to 1.
std::shared_ptr<ov::Model> first_three() {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3, 2, 2});
  const auto flat = std::make_shared<ov::op::v1::Reshape>(
      input, ov::op::v0::Constant::create(ov::element::i64, {2}, {1, 12}), false);
  std::vector<float> weights(36, 0.0F);
  weights[0] = weights[4] = weights[8] = 1;  // the first three values
  const auto matrix = ov::op::v0::Constant::create(ov::element::f32, {12, 3}, weights);
  const auto product = std::make_shared<ov::op::v0::MatMul>(flat, matrix, false, false);
  return std::make_shared<ov::Model>(ov::OutputVector{product}, ov::ParameterVector{input});
}

class PreciseOpenVino : public OpenVino {
 protected:
  std::vector<float> answer(Precision precision, const std::filesystem::path& cache = {}) {
    ModelSpec model = model_;
    model.precision = precision;
    EngineSet engines({.cache_dir = cache, .clock = {}, .on_remark = {}});
    std::vector<float> picture(12, 0.0F);
    picture[0] = fine_[0];
    picture[1] = fine_[1];
    picture[2] = fine_[2];
    return run(*engines.load(zoo_, model), picture);
  }
  [[nodiscard]] bool has(Precision precision) {
    const auto here = engines_.for_file("net.xml").precisions("CPU");
    return std::find(here.begin(), here.end(), precision) != here.end();
  }
  const ModelSpec model_ = save(first_three());
  const std::vector<float> fine_{1 + 0x1p-9F, 1 + 0x1p-7F, 2};
};

TEST_F(PreciseOpenVino, EveryMachineHasF32) {
  EXPECT_TRUE(has(Precision::kF32));
  EXPECT_EQ(answer(Precision::kF32), fine_);
  EXPECT_EQ(engines_.for_file("net.xml").precisions("AUTO:CPU"), std::vector{Precision::kF32});
  EXPECT_EQ(engines_.for_file("net.xml").precisions("TPU"), std::vector{Precision::kF32});
}

// OpenVINO would take the hint, run something else, and say nothing.
TEST_F(PreciseOpenVino, WhatIsNotHereIsRefused) {
  for (const Precision precision : {Precision::kBf16, Precision::kF16}) {
    if (has(precision)) continue;
    EXPECT_TRIAGE_ERROR(answer(precision), ErrorCode::kEngine, "model 'net': precision is '",
                        to_string(precision), "which CPU of this machine does not run, expected of ",
                        "change it in the manifest");
  }
}

TEST_F(PreciseOpenVino, AutoIsTheFirstOfThoseHere) {
  const Precision first = engines_.for_file("net.xml").precisions("CPU").front();
  EXPECT_EQ(answer(Precision::kAuto), answer(first));
  EXPECT_NE(first, Precision::kI8);
}

TEST_F(PreciseOpenVino, Bf16RoundsAndHasItsOwnCompiledFile) {
  if (!has(Precision::kBf16)) GTEST_SKIP() << "this processor has no instructions for bf16";
  EXPECT_EQ(answer(Precision::kBf16), (std::vector<float>{1, 1 + 0x1p-7F, 2}));
  const std::filesystem::path cache = dir_.path() / "cache";
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(answer(Precision::kF32, cache), fine_);
    EXPECT_EQ(answer(Precision::kBf16, cache)[0], 1);
  }
  const std::filesystem::directory_iterator files(cache);
  EXPECT_EQ(std::distance(begin(files), end(files)), 2);
}

TEST_F(PreciseOpenVino, EightBitsAskForAnEightBitNetwork) {
  if (!has(Precision::kI8)) GTEST_SKIP() << "this device runs nothing in 8 bits";
  EXPECT_TRIAGE_ERROR(answer(Precision::kI8), ErrorCode::kEngine,
                      "precision is 'i8', and none of its layers multiplies in 8 bits on CPU",
                      "change it in the "
                      "manifest to f32");
}

TEST_F(OpenVino, LoadsInSeveralThreads) {
  const ModelSpec model = save(channel_means({1, 3, 2, 2}));
  std::vector<int> right(3);
  std::vector<std::thread> threads;
  for (int& count : right) {
    threads.emplace_back([&] {
      const auto network = load(model);
      for (int i = 0; i < 50; ++i) count += run(*network, f32_picture()) == std::vector<float>{2.5F, 10, 2};
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(3, 50));
}

// `zoo add` on a network that tells how bright a gray picture is: class 0 below the middle, class 1 above.
// Its own scale, x - 127.5, must be found.
TEST_F(OpenVino, IsAdopted) {
  const auto input =
      std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 1, 28, 28});
  const auto axes = ov::op::v0::Constant::create(ov::element::i64, {3}, {1, 2, 3});
  const auto mean = std::make_shared<ov::op::v1::ReduceMean>(input, axes, false);
  const auto column = std::make_shared<ov::op::v1::Reshape>(
      mean, ov::op::v0::Constant::create(ov::element::i64, {2}, {1, 1}), false);
  // (m) -> (0, m): class 1 when m > 0.
  const auto weights = ov::op::v0::Constant::create(ov::element::f32, {1, 2}, {0.0F, 1.0F});
  const auto product = std::make_shared<ov::op::v1::Multiply>(column, weights);
  (void)save(std::make_shared<ov::Model>(ov::OutputVector{product}, ov::ParameterVector{input}));
  const FakeData files = write_fake_data(dir_.path() / "data", 200, 2);
  const auto data =
      open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}, .require_labels = true});
  const std::filesystem::path paths[] = {dir_.path() / "net.xml"};
  const Adoption adoption = adopt_model(paths, {}, engines_.for_file("net.xml"), *data, {}, {});
  EXPECT_NEAR(adoption.model.input.mean[0], 127.5, 15);
  EXPECT_EQ(adoption.model.output.kind, OutputKind::kLogits);
  EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
}

// Its plugins crash under limits on address space instead of throwing.
TEST_F(OpenVino, IsNotStartedWithTooLittleAddressSpace) {
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  struct rlimit tight = before;
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  ASSERT_TRUE(statm >> pages);
  constexpr rlim_t kLeft = 100 << 20;
  tight.rlim_cur = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + kLeft;
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &tight), 0);
  EngineSet engines({.cache_dir = {}, .clock = {}, .on_remark = {}});
  EXPECT_TRIAGE_ERROR(engines.for_file("a.onnx"), ErrorCode::kEngine,
                      "OpenVINO: needs about 350 MB, the limit on address space leaves ");
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_NO_THROW((void)engines.for_file("a.onnx"));
}

// Which of eight colours a picture has, by its mean: right under any recipe that keeps the order of things,
// so that right answers alone do not tell which recipe it was made for. `sharpness`: how sure it is of
// itself.
std::string colour_network(std::array<float, 3> mean, std::array<float, 3> scale, float sharpness,
                           int n_batch = 1, const std::vector<float>& head_factors = {1}) {
  std::vector<float> weights(24), bias(8, 0.0F);
  for (std::size_t k = 0; k < 8; ++k) {
    for (std::size_t c = 0; c < 3; ++c) {
      const float direction = (k >> c & 1U) != 0 ? sharpness : -sharpness;
      weights[c * 8 + k] = 2 * direction * scale[c] / 255;
      bias[k] += direction * (2 * mean[c] / 255 - 1);
    }
  }
  std::vector<std::string> nodes{onnx_node("GlobalAveragePool", {"x"}, {"p"}),
                                 onnx_node("Flatten", {"p"}, {"f"}), onnx_node("MatMul", {"f", "w"}, {"m"}),
                                 onnx_node("Add", {"m", "b"}, {"l"})};
  std::vector<std::string> tensors{onnx_tensor("w", {3, 8}, weights), onnx_tensor("b", {8}, bias)};
  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < head_factors.size(); ++i) {
    const std::string factor = "factor" + std::to_string(i), out = "out" + std::to_string(i);
    nodes.push_back(onnx_node("Mul", {"l", factor}, {out}));
    tensors.push_back(onnx_tensor(factor, {1}, {head_factors[i]}));
    outputs.push_back(onnx_port(out, {n_batch, 8}));
  }
  return onnx_model(nodes, tensors, {onnx_port("x", {n_batch, 3, 8, 8})}, outputs);
}

class ColourAdoption : public OpenVino {
 protected:
  ColourAdoption() {
    std::string csv;
    Random random(7);
    for (std::size_t i = 0; i < 120; ++i) {
      Image image{8, 8, 3, {}};
      for (std::size_t p = 0; p < 64; ++p) {
        for (std::size_t c = 0; c < 3; ++c) {
          const auto noise = static_cast<int>(random.below(90));
          image.pixels.push_back(static_cast<std::uint8_t>((i % 8 >> c & 1U) != 0 ? 255 - noise : noise));
        }
      }
      write_pnm(dir_.path() / "data" / (std::to_string(i) + ".ppm"), image);
      csv += std::to_string(i) + ".ppm," + std::to_string(i % 8) + "\n";
    }
    write_text_atomic(dir_.path() / "labels.csv", csv);
    data_ = open_dataset({.data = {dir_.path() / "data"},
                          .labels = {dir_.path() / "labels.csv"},
                          .range = {},
                          .require_labels = true});
  }
  Adoption adopt(const std::string& network) {
    write_text_atomic(dir_.path() / "net.onnx", network);
    const std::filesystem::path paths[] = {dir_.path() / "net.onnx"};
    return adopt_model(paths, {}, engines_.for_file("net.onnx"), *data_, {}, {});
  }
  std::unique_ptr<Dataset> data_;
};

TEST_F(ColourAdoption, RecipesThatAreAsRightAreToldApartByLikelihood) {
  using Values = std::array<float, 3>;
  const std::pair<Values, Values> recipes[] = {{{0, 0, 0}, {255, 255, 255}},
                                               {{127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F}},
                                               {{123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F}},
                                               {{123.68F, 116.779F, 103.939F}, {1, 1, 1}},
                                               {{0, 0, 0}, {1, 1, 1}}};
  for (const float sharpness : {2.0F, 4.0F, 8.0F}) {
    for (const auto& [mean, scale] : recipes) {
      const Adoption adoption = adopt(colour_network(mean, scale, sharpness));
      EXPECT_EQ(adoption.trials.front().top1_rate, 1.0);
      EXPECT_EQ(adoption.model.input.mean, mean) << sharpness << " " << scale[0];
      EXPECT_EQ(adoption.model.input.scale, scale) << sharpness;
      EXPECT_EQ(adoption.model.input.crop, Crop{});
    }
  }
}

TEST_F(ColourAdoption, SaysWhichRecipesDoAsWell) {
  const Adoption adoption = adopt(colour_network({127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F}, 3));
  EXPECT_FALSE(adoption.trials.front().is_tied);
  const auto has = [&](float mean, bool is_tied) {
    return std::any_of(adoption.trials.begin(), adoption.trials.end(), [&](const RecipeTrial& trial) {
      return trial.is_tied == is_tied && trial.input.mean[0] == mean;
    });
  };
  EXPECT_TRUE(has(127, true)) << "127 and 128 come to nearly the same";
  EXPECT_FALSE(has(0, true)) << "0 and 255 do not";
}

TEST_F(ColourAdoption, TakesBatchesOfAnySize) {
  for (const int batch : {8, 0, -1}) {
    const Adoption adoption = adopt(colour_network({0, 0, 0}, {255, 255, 255}, 3, batch));
    EXPECT_EQ(adoption.trials.front().top1_rate, 1.0) << batch;
    EXPECT_EQ(adoption.model.output.n_classes, 8);
  }
}

TEST_F(ColourAdoption, TriesEveryHeadOfThatLength) {
  EXPECT_EQ(adopt(colour_network({0, 0, 0}, {255, 255, 255}, 3, 1, {0, 1})).model.output.index, 1);
  EXPECT_EQ(adopt(colour_network({0, 0, 0}, {255, 255, 255}, 3, 1, {1, -1})).model.output.index, 0);
}

}  // namespace
}  // namespace triage
