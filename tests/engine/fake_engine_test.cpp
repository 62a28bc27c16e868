// The fake engine keeps the promises of its files, and engines are told by extension.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "base/files.h"
#include "preprocess/preprocess.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"

namespace triage {
namespace {

using namespace triage::testing;

struct Judged {
  int right = 0;
  double sure_right = 0;
  double sure_wrong = 0;
};

class FakeEngineTest : public ::testing::Test {
 protected:
  Zoo write(const std::vector<FakeNetworkSpec>& networks, std::int32_t n_classes = 10) {
    return load_zoo(write_fake_zoo(dir_.path(), networks, n_classes));
  }
  std::unique_ptr<Network> open(const Zoo& zoo, ModelIndex model = 0) {
    const ModelSpec& spec = zoo.models[static_cast<std::size_t>(model)];
    return engines_.load(zoo, spec);
  }
  static std::vector<float> classify(Network& network, const ModelSpec& spec, const Image& image) {
    std::vector<std::byte> tensor(spec.input.size_bytes());
    preprocess(image, spec.input, tensor);
    std::vector<float> probabilities(static_cast<std::size_t>(spec.output.n_classes));
    to_probabilities(spec.output, network.run(tensor), probabilities);
    return probabilities;
  }
  Judged judge(const Zoo& zoo, int n) {
    const ModelSpec& spec = zoo.models[0];
    const auto network = open(zoo);
    Judged judged;
    for (int i = 0; i < n; ++i) {
      const Label label = i % spec.output.n_classes;
      const Image image = fake_image(label, static_cast<std::uint64_t>(i), spec.output.n_classes);
      const TopK top = TopK::from_probabilities(classify(*network, spec, image));
      const bool right = top.best() == label;
      judged.right += right;
      (right ? judged.sure_right : judged.sure_wrong) += top.confidence();
    }
    judged.sure_right /= judged.right;
    judged.sure_wrong /= n - judged.right;
    return judged;
  }

  TempFolder dir_;
  FakeClock clock_;
  EngineSet engines_{{.cache_dir = {}, .clock = unowned(clock_)}};
};

TEST_F(FakeEngineTest, IsRightAsOftenAsItsFileSays) {
  const Judged judged = judge(write({{.name = "m", .accuracy = 0.8}}), 1000);
  EXPECT_NEAR(judged.right, 800, 40);  // about three standard deviations
  EXPECT_GT(judged.sure_right, judged.sure_wrong + 0.1);
}

TEST_F(FakeEngineTest, IsAlwaysRightAtAccuracyOne) {
  EXPECT_EQ(judge(write({{.name = "m", .logits = true, .background = 1}}), 200).right, 200);
  EXPECT_EQ(judge(write({{.name = "m", .mean = 127.5, .scale = 127.5}}, 2), 200).right, 200);
  EXPECT_EQ(judge(write({{.name = "m", .side = 14}}, 20), 200).right, 200);
}

TEST_F(FakeEngineTest, ProbabilitiesSumToOne) {
  for (const std::int32_t n_classes : {1, 2, 3, 40}) {
    const Zoo zoo = write({{.name = "m", .accuracy = 0.5}}, n_classes);
    const auto network = open(zoo);
    const std::vector<float> p = classify(*network, zoo.models[0], fake_image(0, 3, n_classes));
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 1e-5) << n_classes;
  }
}

TEST_F(FakeEngineTest, AnswersTheSameEveryTime) {
  const Zoo zoo = write({{.name = "m", .accuracy = 0.5}, {.name = "n", .accuracy = 0.5}});
  const auto a = open(zoo);
  const auto b = open(zoo);
  const auto other = open(zoo, 1);
  int differ = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Image image = fake_image(4, i);
    const std::vector<float> first = classify(*a, zoo.models[0], image);
    EXPECT_EQ(first, classify(*a, zoo.models[0], image));
    EXPECT_EQ(first, classify(*b, zoo.models[0], image));
    differ += first != classify(*other, zoo.models[1], image);
  }
  EXPECT_GT(differ, 40);
}

TEST_F(FakeEngineTest, GuessesWithTheWrongRecipe) {
  Zoo zoo = write({{.name = "m", .mean = 127.5, .scale = 127.5}});
  zoo.models[0].input.mean[0] = 0;
  zoo.models[0].input.scale[0] = 1;
  EXPECT_LT(judge(zoo, 200).right, 60);
}

TEST_F(FakeEngineTest, LetsItsTimePass) {
  const Zoo zoo = write({{.name = "m", .ms = 0.25}});
  const auto network = open(zoo);
  const Stopwatch watch(clock_);
  (void)classify(*network, zoo.models[0], fake_image(0, 0));
  EXPECT_DOUBLE_EQ(watch.ms(), 0.25);
}

TEST_F(FakeEngineTest, FailsWhenToldTo) {
  const Zoo zoo = write({{.name = "m", .fail_every = 3}});
  const auto network = open(zoo);
  int failed = 0;
  for (std::uint64_t i = 0; i < 90; ++i) {
    try {
      (void)classify(*network, zoo.models[0], fake_image(1, i));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kEngine);
      ++failed;
    }
  }
  EXPECT_NEAR(failed, 30, 14);
}

TEST_F(FakeEngineTest, RefusesWhatDoesNotFitTheManifest) {
  const Zoo zoo = write({{.name = "m"}});
  const auto expect = [&](auto change, std::string_view message) {
    Zoo changed = zoo;
    change(changed.models[0]);
    EXPECT_TRIAGE_ERROR(open(changed), ErrorCode::kModel, "model 'm': ", message);
  };
  expect([](ModelSpec& m) { m.input.width = 27; }, "input shape is (1,1,28,28), expected (1,1,28,27)");
  expect([](ModelSpec& m) { m.input.type = ElementType::kU8; }, "input type is f32, expected u8");
  expect([](ModelSpec& m) { m.output.n_classes = 9; }, "number of class values is 10, expected 9");
  expect([](ModelSpec& m) { m.output.index = 1; }, "number of class outputs is 1, expected 2");
  expect([](ModelSpec& m) { m.output.embedding = "x"; }, "embedding output is none, expected 'x'");
  expect([](ModelSpec& m) { m.files.push_back(m.files[0]); }, "2 files, expected 1");
  const auto network = open(zoo);
  EXPECT_TRIAGE_ERROR(network->run(std::vector<std::byte>(3)), ErrorCode::kEngine,
                      "tensor of 3 bytes, expected 3136");
}

TEST_F(FakeEngineTest, GivesTheEmbeddingThatIsNamed) {
  write({{.name = "m"}});
  nlohmann::json json = nlohmann::json::parse(read_text(dir_.path() / "m.fake"));
  json["embedding"] = 4;
  write_text_atomic(dir_.path() / "m.fake", json.dump());
  Zoo zoo = load_zoo(dir_.path() / "zoo.json");
  zoo.models[0].files[0].sha256 = model_checksum(dir_.path() / "m.fake");
  auto network = open(zoo);
  (void)classify(*network, zoo.models[0], fake_image(0, 0));
  EXPECT_TRUE(network->embedding().empty());
  zoo.models[0].output.embedding = "embedding";
  network = open(zoo);
  (void)classify(*network, zoo.models[0], fake_image(0, 0));
  EXPECT_EQ(network->embedding().size(), 4U);
  const ModelShapes shapes = engines_.for_file("m.fake").inspect(dir_.path() / "m.fake");
  EXPECT_EQ(shapes.inputs, (std::vector<std::vector<std::int64_t>>{{1, 1, 28, 28}}));
  EXPECT_EQ(shapes.outputs, (std::vector<std::vector<std::int64_t>>{{1, 10}, {1, 4}}));
  EXPECT_EQ(shapes.output_names[1], "embedding");
}

TEST_F(FakeEngineTest, RefusesADamagedFile) {
  Zoo zoo = write({{.name = "m"}});
  write_text_atomic(dir_.path() / "m.fake", "{\"classes\": 10");
  EXPECT_TRIAGE_ERROR(open(zoo), ErrorCode::kManifest, "m.fake: sha256 is ");
  zoo.models[0].files[0].sha256 = model_checksum(dir_.path() / "m.fake");
  EXPECT_TRIAGE_ERROR(open(zoo), ErrorCode::kModel, "m.fake: parse error");
}

TEST(EngineSetTest, TellsEnginesByExtension) {
  EngineSet engines;
  EXPECT_EQ(engines.for_file("a.fake").name(), "fake");
  EXPECT_EQ(&engines.for_file("a.fake"), &engines.for_file("dir/b.fake"));
  for (const char* bad : {"a.pth", "a", "a.ONNX2"}) {
    EXPECT_TRIAGE_ERROR(engines.for_file(bad), ErrorCode::kModel, bad, "expected .onnx, .tflite, .xml");
  }
#ifndef TRIAGE_WITH_OPENVINO
  EXPECT_TRIAGE_ERROR(engines.for_file("a.onnx"), ErrorCode::kEngine, "OpenVINO", "this build is without");
  EXPECT_EQ(engines.all().size(), 1U);
#endif
}

TEST_F(FakeEngineTest, DevicesAndThreadsChangeTheTimeAlone) {
  Zoo zoo = write({{.name = "net", .ms = 8, .parallel = 0.5, .devices = {{"GPU", 0.25}}}});
  add_variant(zoo, "net", "net x4", "CPU", 4);
  add_variant(zoo, "net", "net gpu", "GPU", 1);
  const Image image = fake_image(3, 1);
  const std::vector<double> expected_ms = {8, 5, 2};  // 8 * (0.5 + 0.5 / 4) = 5
  std::vector<std::vector<float>> answers;
  for (ModelIndex m = 0; m < 3; ++m) {
    const auto network = open(zoo, m);
    const std::int64_t before = clock_.now_ns();
    answers.push_back(classify(*network, zoo.models[static_cast<std::size_t>(m)], image));
    EXPECT_NEAR(static_cast<double>(clock_.now_ns() - before) * 1e-6,
                expected_ms[static_cast<std::size_t>(m)], 1e-9);
  }
  EXPECT_EQ(answers[1], answers[0]);
  EXPECT_EQ(answers[2], answers[0]);
  zoo.models[0].device = "NPU";
  EXPECT_TRIAGE_ERROR(open(zoo), ErrorCode::kEngine,
                      "model 'net': device is 'NPU', expected CPU or one that");
}

TEST_F(FakeEngineTest, OtherPrecisionsChangeTimesAndAnswers) {
  Zoo zoo = write({{.name = "net", .accuracy = 0.5, .ms = 8, .devices = {{"NPU", 0.5}}}});
  add_variant(zoo, "net", "half", "NPU", 1);
  zoo.models[1].precision = Precision::kBf16;
  const auto full = open(zoo, 0), half = open(zoo, 1);
  int others = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Image image = fake_image(3, i);
    const std::vector<float> answer = classify(*full, zoo.models[0], image);
    const std::int64_t before = clock_.now_ns();
    others += classify(*half, zoo.models[1], image) != answer;
    EXPECT_EQ(clock_.now_ns() - before, 2'000'000);
  }
  EXPECT_GT(others, 10);
}

// What `auto` is depends on the device, and no device runs all precisions.
TEST_F(FakeEngineTest, PrecisionsAreThoseOfTheDevice) {
  Zoo zoo = write({{.name = "net", .devices = {{"GPU", 1}, {"NPU", 1}}}});
  ModelSpec& net = zoo.models[0];
  const auto resolved = [&](const char* device, Precision precision) {
    net.device = device;
    net.precision = precision;
    return engines_.resolved(net).precision;
  };
  EXPECT_EQ(resolved("CPU", Precision::kAuto), Precision::kF32);
  EXPECT_EQ(resolved("GPU", Precision::kAuto), Precision::kF16);
  EXPECT_EQ(resolved("NPU", Precision::kAuto), Precision::kBf16);
  EXPECT_EQ(resolved("NPU", Precision::kBf16), Precision::kBf16);
  EXPECT_EQ(resolved("NPU", Precision::kF32), Precision::kF32);
  EXPECT_EQ(engines_.resolved(zoo).models[0], net);
  EXPECT_TRIAGE_ERROR(resolved("NPU", Precision::kF16), ErrorCode::kEngine,
                      "model 'net': precision is 'f16', which NPU of this machine does not run, expected of "
                      "bf16, f32, or auto, which is bf16 here; change it in the manifest");
  EXPECT_TRIAGE_ERROR(resolved("CPU", Precision::kI8), ErrorCode::kEngine, "precision is 'i8'");
  net.precision = Precision::kBf16;
  EXPECT_TRIAGE_ERROR(open(zoo), ErrorCode::kEngine, "precision is 'bf16', which CPU");
}

TEST_F(FakeEngineTest, JitterKeepsTheMean) {
  const Zoo zoo = write({{.name = "net", .ms = 4, .jitter = 0.25}});
  const auto network = open(zoo);
  std::vector<double> ms;
  for (int run = 0; run < 4; ++run) {
    const std::int64_t before = clock_.now_ns();
    (void)classify(*network, zoo.models[0], fake_image(1, 1));
    ms.push_back(static_cast<double>(clock_.now_ns() - before) * 1e-6);
  }
  EXPECT_EQ(ms, (std::vector<double>{3, 5, 3, 5}));
}

// Answers with one value for every class, and needs no file.
class ConstantNetwork final : public Network {
 public:
  explicit ConstantNetwork(std::size_t n) : values_(n, 0.5F) {}
  std::span<const float> run(std::span<const std::byte>) override { return values_; }

 private:
  std::vector<float> values_;
};

TEST_F(FakeEngineTest, NetworksOfOnesOwnTakeTheModelsPlace) {
  Zoo zoo = write({{.name = "own"}, {.name = "other"}});
  std::filesystem::remove(zoo.resolve(zoo.models[0].files.front()));
  zoo.models[0].precision = Precision::kAuto;
  std::string asked;
  const auto make = [&](const ModelSpec& model) {
    asked = model.name;
    EXPECT_EQ(model.precision, Precision::kF32);
    return std::make_unique<ConstantNetwork>(model.output.n_values());
  };
  engines_.add_networks("own", make);
  const std::vector<std::byte> tensor(zoo.models[0].input.size_bytes());
  EXPECT_EQ(open(zoo)->run(tensor).front(), 0.5F);
  EXPECT_EQ(asked, "own");
  EXPECT_NE(open(zoo, 1), nullptr);  // by its engine
  EXPECT_EQ(asked, "own");
  EXPECT_TRIAGE_ERROR(engines_.add_networks("own", make), ErrorCode::kUsage, "'own': are there already");
  EXPECT_TRIAGE_ERROR(engines_.add_networks("other", {}), ErrorCode::kUsage, "no factory");
}

}  // namespace
}  // namespace triage
