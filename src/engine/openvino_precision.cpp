#include "engine/openvino_precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "triage/error.h"

namespace triage {
namespace {

// Layers that multiply, where the time goes and what 8 bits are for.
bool multiplies(std::string_view layer) {
  return layer == "Convolution" || layer == "FullyConnected" || layer == "MatMul" || layer == "Deconvolution";
}

// By the implementation that the plugin took ("brgconv_avx512_1x1_I8"): the precision beside it is that of an
// input, which is 8-bit also where only the weights are stored so.
bool has_8bit_layer(const ov::CompiledModel& network) {
  for (const auto& node : network.get_runtime_model()->get_ops()) {
    const ov::RTMap& info = node->get_rt_info();
    const auto layer = info.find("layerType");
    const auto implementation = info.find("primitiveType");
    if (layer == info.end() || implementation == info.end()) continue;
    if (!multiplies(layer->second.as<std::string>())) continue;
    const auto name = implementation->second.as<std::string>();
    if (name.ends_with("_I8") || name.ends_with("_i8") || name.ends_with("_u8")) return true;
  }
  return false;
}

}  // namespace

bool is_virtual(const std::string& device) {
  return device.starts_with("AUTO") || device.starts_with("HETERO");
}

ov::element::Type element_of(Precision precision) {
  if (precision == Precision::kBf16) return ov::element::bf16;
  return precision == Precision::kF16 ? ov::element::f16 : ov::element::f32;
}

std::vector<Precision> precisions_of(const ov::Core& core, const std::string& device) {
  if (is_virtual(device)) return {Precision::kF32};
  ov::element::Type chosen;
  std::vector<std::string> can;
  try {
    chosen = core.get_property(device, ov::hint::inference_precision);
    can = core.get_property(device, ov::device::capabilities);
  } catch (const ov::Exception&) {
    return {Precision::kF32};  // loading says what is wrong with the device
  }
  const auto has = [&](std::string_view capability) {
    return std::find(can.begin(), can.end(), capability) != can.end();
  };
  std::vector<Precision> here;
  // The CPU plugin takes bf16 for any AVX-512 processor and emulates it, slower than f32; where there are
  // instructions for it, it chooses bf16 itself.
  if (chosen == ov::element::bf16 || (device != "CPU" && has(ov::device::capability::BF16)))
    here.push_back(Precision::kBf16);
  if (chosen == ov::element::f16 || has(ov::device::capability::FP16)) here.push_back(Precision::kF16);
  here.push_back(Precision::kF32);
  if (has(ov::device::capability::INT8)) here.push_back(Precision::kI8);
  const auto own =
      std::find_if(here.begin(), here.end(), [&](Precision p) { return element_of(p) == chosen; });
  if (own != here.end()) std::rotate(here.begin(), own, own + 1);
  return here;
}

void check_precision(std::span<const ov::CompiledModel> parts, const ModelSpec& model) {
  if (is_virtual(model.device)) return;
  const ov::element::Type wanted = element_of(model.precision);
  for (const ov::CompiledModel& part : parts) {
    const ov::element::Type found = part.get_property(ov::hint::inference_precision);
    if (found == wanted) continue;
    throw Error(
        ErrorCode::kEngine,
        fmt::format("model '{}': OpenVINO runs it in {} on {}, expected {}, its precision; change that "
                    "in the manifest",
                    model.name, found.get_type_name(), model.device, wanted.get_type_name()));
  }
  if (model.precision != Precision::kI8 || std::any_of(parts.begin(), parts.end(), has_8bit_layer)) return;
  throw Error(
      ErrorCode::kEngine,
      fmt::format("model '{}': precision is 'i8', and none of its layers multiplies in 8 bits on {} of "
                  "this machine, expected an 8-bit network; change it in the manifest to f32, which "
                  "computes the same",
                  model.name, model.device));
}

}  // namespace triage
