// From picture to tensor, beside OpenCV's resize of the same picture, which alone has not yet made the
// tensor; and from a JPEG file's bytes to tensor, decoded in full and at the size needed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <utility>
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

// As coarse as a photograph of many pixels is, with some noise.
Image photograph(int width, int height) {
  Image image{width, height, 3, {}};
  Random random(1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double waves = 60 * std::sin(x * 40.0 / width + c) + 50 * std::cos(y * 50.0 / height - c);
        image.pixels.push_back(static_cast<std::uint8_t>(120 + waves + static_cast<double>(random.below(8))));
      }
    }
  }
  return image;
}

// Made once, as that takes a second.
const std::vector<std::uint8_t>& photograph_file(int width, int height) {
  static std::map<std::pair<int, int>, std::vector<std::uint8_t>> files;
  std::vector<std::uint8_t>& file = files[{width, height}];
  if (file.empty()) file = encode_jpeg(photograph(width, height), 90);
  return file;
}

// `needed` 0: decoded in full.
void jpeg_to_tensor(benchmark::State& state) {
  const int needed = static_cast<int>(state.range(3));
  const std::vector<std::uint8_t>& bytes =
      photograph_file(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Recipe recipe;
  recipe.width = recipe.height = static_cast<int>(state.range(2));
  recipe.layout = Layout::kNhwc;
  std::vector<std::byte> tensor(recipe.size_bytes());
  for (auto _ : state) {
    preprocess(decode_image(bytes, "bench", {.needed = {needed, needed}}), recipe, tensor);
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
BENCHMARK(jpeg_to_tensor)
    ->ArgNames({"width", "height", "to", "needed"})
    ->Unit(benchmark::kMillisecond)
    ->ArgsProduct({{500}, {375}, {224}, {0, 448, 640}})
    ->ArgsProduct({{4000}, {3000}, {224}, {0, 448, 640}});

}  // namespace
}  // namespace triage

BENCHMARK_MAIN();
