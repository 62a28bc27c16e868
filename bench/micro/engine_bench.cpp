// What stands around a network: making its tensor, and what a run costs beyond its arithmetic (a linear
// network on 28x28 pixels is nearly all overhead).
#include <benchmark/benchmark.h>

#include <filesystem>

#include "base/hash.h"
#include "preprocess/preprocess.h"
#ifdef TRIAGE_WITH_OPENVINO
#include <openvino/op/constant.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/openvino.hpp>

#include "runtime/live.h"
#include "support/fake_zoo.h"
#endif

namespace {

triage::Image noise(int width, int height, int channels) {
  triage::Image image{width, height, channels, {}};
  image.pixels.resize(image.size_bytes());
  triage::Random random(1);
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  return image;
}

// Arguments: image side, recipe side, channels, NHWC, 8 bit.
void preprocess(benchmark::State& state) {
  const auto side = static_cast<int>(state.range(0));
  const triage::Image image = noise(side, side, static_cast<int>(state.range(2)));
  triage::Recipe recipe;
  recipe.width = recipe.height = static_cast<int>(state.range(1));
  recipe.colour = state.range(2) == 1 ? triage::Colour::kGray : triage::Colour::kRgb;
  recipe.layout = state.range(3) != 0 ? triage::Layout::kNhwc : triage::Layout::kNchw;
  recipe.type = state.range(4) != 0 ? triage::ElementType::kU8 : triage::ElementType::kF32;
  recipe.mean.fill(127.5F);
  recipe.scale.fill(127.5F);
  std::vector<std::byte> tensor(recipe.size_bytes());
  for (auto _ : state) {
    triage::preprocess(image, recipe, tensor);
    benchmark::DoNotOptimize(tensor.data());
  }
}
BENCHMARK(preprocess)
    ->Args({28, 28, 1, 0, 0})
    ->Args({224, 224, 3, 1, 1})
    ->Args({224, 224, 3, 1, 0})
    ->Args({224, 224, 3, 0, 0})
    ->Args({227, 128, 3, 1, 1})
    ->Args({227, 320, 3, 0, 0})
    ->Args({320, 320, 3, 0, 0});

#ifdef TRIAGE_WITH_OPENVINO
// A look at a 784 x 10 linear network: tensor, run, probabilities, the best 16.
void linear_look(benchmark::State& state) {
  const triage::testing::TempFolder dir;
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 784});
  const auto weights =
      ov::op::v0::Constant::create(ov::element::f32, {784, 10}, std::vector<float>(7840, 0.01F));
  const auto product = std::make_shared<ov::op::v0::MatMul>(input, weights);
  const auto network = std::make_shared<ov::Model>(ov::OutputVector{product}, ov::ParameterVector{input});
  ov::save_model(network, (dir.path() / "linear.xml").string(), false);
  triage::Zoo zoo;
  zoo.folder = dir.path();
  zoo.models.resize(1);
  triage::ModelSpec& model = zoo.models[0];
  model.name = "linear";
  model.files = {{"linear.xml", triage::model_checksum(dir.path() / "linear.xml")}};
  model.input.width = model.input.height = 28;
  model.input.colour = triage::Colour::kGray;
  model.input.scale[0] = 255;
  model.output.n_classes = 10;
  model.output.kind = triage::OutputKind::kLogits;
  triage::EngineSet engines;
  triage::ModelPool pool(zoo, engines);
  const triage::FeatureSchema no_features;
  triage::LiveBackend backend(pool, {0}, no_features, triage::steady_clock());
  const triage::Image image = noise(28, 28, 1);
  double infer_ms = 0;
  for (auto _ : state) {
    backend.begin(image);
    benchmark::DoNotOptimize(backend.run(0));
    infer_ms += backend.last_times().infer_ms;
  }
  state.counters["infer_us"] = 1e3 * infer_ms / static_cast<double>(state.iterations());
}
BENCHMARK(linear_look);
#endif

}  // namespace

BENCHMARK_MAIN();
