// Cost of features and of decoding. `--benchmark_filter=Paper` for the paper's seven alone.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "features/extraction.h"
#include "image/encode.h"
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
  for (auto _ : state) {
    FeatureExtraction extraction(schema, image, steady_clock());
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
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
