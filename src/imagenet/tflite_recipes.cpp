#include "imagenet/tflite_recipes.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

// Input and output of a network.
enum class Form {
  kQuantised,  // bytes in; bytes out, 256 standing for 1; a background class in front
  kFloat,      // -1 .. 1 in; a background class in front
  kRescaling,  // 0 .. 255 as floats in, rescaled inside; no background class
};

struct KnownFile {
  std::string_view name;  // of the model
  std::string_view file;
  std::string_view second_file;  // of a chain, or empty
  int size_px;
  Form form;
};

constexpr std::array<KnownFile, 11> kKnown{{
    {"mobilenet-v1-0.25-int8@128", "mobilenet_v1_0.25_128_quant.tflite", "", 128, Form::kQuantised},
    {"mobilenet-v1-0.25-int8@224", "mobilenet_v1_0.25_224_quant.tflite", "", 224, Form::kQuantised},
    {"mobilenet-v1-0.25@224", "mobilenet_v1_0.25_224_float.tflite", "", 224, Form::kFloat},
    {"mobilenet-v1-0.5-int8@160", "mobilenet_v1_0.5_160_quant.tflite", "", 160, Form::kQuantised},
    {"mobilenet-v1-0.75-int8@192", "mobilenet_v1_0.75_192_quant.tflite", "", 192, Form::kQuantised},
    {"mobilenet-v1-1.0-int8@224", "mobilenet_v1_1.0_224_quant.part1_extractor.tflite",
     "mobilenet_v1_1.0_224_quant.part2_head.tflite", 224, Form::kQuantised},
    {"mobilenet-v2-1.0-int8@224", "mobilenet_v2_1.0_224_quant.tflite", "", 224, Form::kQuantised},
    {"mobilenet-v2-1.0-ptq@224", "tf2_mobilenet_v2_1.0_224_ptq.tflite", "", 224, Form::kQuantised},
    {"mobilenet-edgetpu-0.75-ptq@224", "mobilenet_edgetpu_0.75_224_ptq.tflite", "", 224, Form::kQuantised},
    {"mobilenet-v3-small@224", "mobilenet_v3_small_int8.tflite", "", 224, Form::kRescaling},
    {"mobilenet-v3-small@256", "mobilenet_v3_small_int8.tflite", "", 256, Form::kRescaling},
}};

ModelSpec make_spec(const KnownFile& known, const std::filesystem::path& folder) {
  ModelSpec spec;
  spec.name = known.name;
  for (const std::string_view file : {known.file, known.second_file}) {
    if (file.empty()) continue;
    const std::filesystem::path path = absolute_path(folder / file).lexically_normal();
    spec.files.push_back({path, sha256_file(path)});
  }
  spec.input.width = spec.input.height = known.size_px;
  spec.input.layout = Layout::kNhwc;
  spec.output.n_classes = 1000;
  spec.output.label_offset = known.form == Form::kRescaling ? 0 : 1;
  if (known.form == Form::kQuantised) {
    spec.input.type = ElementType::kU8;
    spec.output.scale = 1.0F / 256.0F;
  } else if (known.form == Form::kFloat) {
    spec.input.mean.fill(127.5F);
    spec.input.scale.fill(127.5F);
  }
  spec.license = "as stated where the file comes from";
  spec.source = fmt::format("TensorFlow Lite network {}", known.file);
  return spec;
}

}  // namespace

std::vector<ModelSpec> known_tflite_models(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: is no folder, expected one with TFLite networks", folder.string()));
  }
  std::vector<ModelSpec> models;
  for (const KnownFile& known : kKnown) {
    if (!std::filesystem::exists(folder / known.file, error)) continue;
    if (!known.second_file.empty() && !std::filesystem::exists(folder / known.second_file, error)) continue;
    models.push_back(make_spec(known, folder));
  }
  if (models.empty()) {
    throw Error(
        ErrorCode::kIo,
        fmt::format("{}: holds none of the {} TFLite files whose recipes are known, such as '{}'; describe "
                    "other networks with 'triage zoo add'",
                    folder.string(), kKnown.size(), kKnown[0].file));
  }
  return models;
}

}  // namespace triage
