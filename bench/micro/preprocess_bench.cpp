// From picture to tensor, beside OpenCV's resize of the same picture, which alone has not yet made the
// tensor.
#include <benchmark/benchmark.h>

#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/hash.h"
#include "preprocess/preprocess.h"

namespace triage {
namespace {

Image noise(int width, int height) {
  Image image{width, height, 3, {}};
  Random random(1);
  for (std::size_t i = 0; i < image.size_bytes(); ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return image;
}

void preprocess_whole(benchmark::State& state, Layout layout) {
  const Image image = noise(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Recipe recipe;
  recipe.width = recipe.height = static_cast<int>(state.range(2));
  recipe.layout = layout;
  recipe.type = ElementType::kF32;
  recipe.mean.fill(127);
  recipe.scale.fill(128);
  std::vector<std::byte> tensor(recipe.size_bytes());
  for (auto _ : state) preprocess(image, recipe, tensor);
}

void opencv_resize(benchmark::State& state) {
  Image image = noise(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const int size = static_cast<int>(state.range(2));
  const cv::Mat source(image.height, image.width, CV_8UC3, image.pixels.data());
  cv::Mat target;
  const bool shrinks = size < image.width || size < image.height;
  for (auto _ : state) {
    cv::resize(source, target, {size, size}, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"width", "height", "to"})->Unit(benchmark::kMicrosecond);
  for (const int to : {128, 224, 256, 288}) bench->Args({227, 227, to});
  bench->Args({500, 375, 224})->Args({4000, 3000, 224});
}
BENCHMARK_CAPTURE(preprocess_whole, nhwc, Layout::kNhwc)->Apply(sizes);
BENCHMARK_CAPTURE(preprocess_whole, nchw, Layout::kNchw)->Apply(sizes);
BENCHMARK(opencv_resize)->Apply(sizes);

}  // namespace
}  // namespace triage

BENCHMARK_MAIN();
