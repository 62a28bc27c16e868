// Cost of features and of decoding. `--benchmark_filter=Paper` for the paper's seven alone. Photographs that
// the command line names are scaled to 224 x 224 and measured in turn (PaperSevenOfPhotographs): median time
// and mean of each node, in microseconds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "features/extraction.h"
#include "image/encode.h"
#include "preprocess/preprocess.h"
#include "triage/clock.h"
#include "triage/image.h"
#include "triage/tools/features.h"

namespace triage {
namespace {

// Soft blobs with some noise: as many edges and corners as a photograph of that size, roughly.
Image picture(int size, int channels) {
  Image image{size, size, channels, {}};
  Random random(1);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      for (int c = 0; c < channels; ++c) {
        const auto cell = static_cast<std::uint64_t>((y / 9) * 100 + x / 7 + c * 10000);
        const std::uint64_t value = (mix64(cell) >> 56) * 3 / 4 + random.below(24);
        image.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return image;
}

void extract(benchmark::State& state, const FeatureSchema& schema, const Image& image) {
  std::vector<float> values(schema.size());
  FeatureExtraction extraction(schema, image, steady_clock());
  for (auto _ : state) {
    extraction.begin(image);
    extraction.extract(all_features(schema), values);
    benchmark::DoNotOptimize(values.data());
  }
}

void paper_seven(benchmark::State& state) {
  const Image image = picture(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  extract(state, make_schema(paper_features()), image);
}
BENCHMARK(paper_seven)
    ->Name("PaperSeven")
    ->ArgNames({"px", "channels"})
    ->ArgsProduct({{28, 64, 112, 224}, {1, 3}});

void all_of_them(benchmark::State& state) {
  std::vector<std::string_view> names;
  for (const FeatureInfo& info : feature_registry()) names.push_back(info.name);
  extract(state, make_schema(names), picture(static_cast<int>(state.range(0)), 3));
}
BENCHMARK(all_of_them)->Name("AllFeatures")->ArgName("px")->Arg(28)->Arg(224);

// One feature with all that it needs.
void one_feature(benchmark::State& state, std::string_view name) {
  extract(state, make_schema({&name, 1}), picture(static_cast<int>(state.range(0)), 3));
}

void decode_jpeg(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes =
      testing::encode_jpeg(picture(static_cast<int>(state.range(0)), 3), {.quality = 90});
  for (auto _ : state) benchmark::DoNotOptimize(decode_image(bytes, "bench"));
}
BENCHMARK(decode_jpeg)->Name("DecodeJpeg")->ArgName("px")->Arg(28)->Arg(227)->Arg(500);

// A photograph that has to be reduced first.
void reduce_and_extract(benchmark::State& state) {
  extract(state, make_schema(paper_features(), static_cast<int>(state.range(0))), picture(500, 3));
}
BENCHMARK(reduce_and_extract)->Name("PaperSevenOf500px")->ArgName("working_px")->Arg(64)->Arg(112)->Arg(224);

// A photograph as the networks see it.
Image scaled(const Image& photograph) {
  Recipe recipe;
  recipe.width = recipe.height = 224;
  recipe.colour = photograph.channels == 1 ? Colour::kGray : Colour::kRgb;
  recipe.type = ElementType::kU8;
  recipe.layout = Layout::kNhwc;
  Image image{224, 224, photograph.channels, std::vector<std::uint8_t>(recipe.size_bytes())};
  preprocess(photograph, recipe, std::as_writable_bytes(std::span(image.pixels)));
  return image;
}

void seven_of_photographs(benchmark::State& state, const std::vector<Image>& images) {
  const FeatureSchema schema = make_schema(paper_features());
  std::vector<float> values(schema.size());
  FeatureExtraction extraction(schema, images.front(), steady_clock());
  std::vector<double> node_us(feature_nodes().size());
  std::vector<double> us;
  for (auto _ : state) {
    const Stopwatch watch(steady_clock());
    extraction.begin(images[us.size() % images.size()]);
    extraction.extract(all_features(schema), values);
    us.push_back(1e3 * watch.ms());
    for (std::size_t node = 0; node < node_us.size(); ++node)
      node_us[node] += 1e3 * static_cast<double>(extraction.node_ms()[node]);
  }
  const auto middle = us.begin() + static_cast<std::ptrdiff_t>(us.size() / 2);
  std::nth_element(us.begin(), middle, us.end());
  state.counters["median_us"] = *middle;
  for (std::size_t node = 0; node < node_us.size(); ++node) {
    if (node_us[node] > 0) {
      state.counters[std::string(feature_nodes()[node])] =
          benchmark::Counter(node_us[node], benchmark::Counter::kAvgIterations);
    }
  }
}

}  // namespace
}  // namespace triage

int main(int argc, char** argv) {
  for (const triage::FeatureInfo& info : triage::feature_registry()) {
    // A histogram is one computation; its first bin stands for it.
    if (info.name.back() >= '2' && info.name.back() <= '7') continue;
    benchmark::RegisterBenchmark(("Feature/" + std::string(info.name)).c_str(), triage::one_feature,
                                 info.name)
        ->ArgName("px")
        ->Arg(28)
        ->Arg(224);
  }
  benchmark::Initialize(&argc, argv);
  std::vector<triage::Image> photographs;
  for (int i = 1; i < argc; ++i) photographs.push_back(triage::scaled(triage::read_image(argv[i])));
  if (!photographs.empty()) {
    benchmark::RegisterBenchmark("PaperSevenOfPhotographs", triage::seven_of_photographs, photographs);
  }
  benchmark::RunSpecifiedBenchmarks();
}
