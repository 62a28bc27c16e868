#include "imagenet/efficientnet_lite.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/check.h"
#include "imagenet/onnx_writer.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr double kEpsilon = 1e-3;

// EfficientNet-B0, which the variants scale: Table 1 of the paper.
constexpr std::array<EfficientNetStage, 7> kStages{{{1, 3, 1, 1, 16},
                                                    {2, 3, 2, 6, 24},
                                                    {2, 5, 2, 6, 40},
                                                    {3, 3, 2, 6, 80},
                                                    {3, 5, 1, 6, 112},
                                                    {4, 5, 2, 6, 192},
                                                    {1, 3, 1, 6, 320}}};

// Multiples in tenths, so that rounding is exact.
struct Scaling {
  int width10;
  int depth10;
};
constexpr std::array<Scaling, 3> kScalings{{{10, 10}, {10, 11}, {11, 12}}};

// To the nearest multiple of 8, but up where rounding down would lose more than a tenth.
int scale_channels(int channels, int width10) {
  const int exact10 = channels * width10;
  const int rounded = std::max(8, (exact10 + 40) / 80 * 8);
  return rounded * 100 < exact10 * 9 ? rounded + 8 : rounded;
}

using Shape = std::vector<std::int64_t>;

// Adds layers to a graph; a value is known by the name of the node that makes it.
class Builder {
 public:
  explicit Builder(const StateDict& state) : state_(state) {
    graph_.add_weights("relu6.min", {}, std::array{0.0F});
    graph_.add_weights("relu6.max", {}, std::array{6.0F});
  }

  OnnxGraph& graph() { return graph_; }

  // Convolution and batch norm by their names in the state dict; depthwise when groups > 1.
  std::string convolution(const std::string& input, const std::string& prefix, const std::string& layer,
                          const std::string& norm, const Shape& shape, int stride, int groups) {
    const std::string name = prefix + layer;
    const Shape channels{shape[0]};
    const auto statistics = [&](const char* part) {
      return state_.get(prefix + norm + part, channels).values;
    };
    const FoldedConvolution folded = fold_batch_norm(
        state_.get(name + ".weight", shape).values,
        {statistics(".weight"), statistics(".bias"), statistics(".running_mean"), statistics(".running_var")},
        name);
    graph_.add_weights(name + ".weight", shape, folded.weights);
    graph_.add_weights(name + ".bias", channels, folded.bias);
    graph_.add_node("Conv", std::array{input, name + ".weight", name + ".bias"}, name,
                    std::array<OnnxAttribute, 4>{{{"auto_pad", "SAME_UPPER"},
                                                  {"kernel_shape", Shape{shape[2], shape[3]}},
                                                  {"strides", Shape{stride, stride}},
                                                  {"group", std::int64_t{groups}}}});
    return name;
  }

  std::string relu6(const std::string& input) {
    const std::string name = input + ".relu6";
    graph_.add_node("Clip", std::array<std::string, 3>{input, "relu6.min", "relu6.max"}, name);
    return name;
  }

  // Inverted residual block: widen, filter each channel, narrow; the input is added where shapes agree.
  std::string block(const std::string& input, int index, int channels_in, const EfficientNetStage& stage,
                    int stride) {
    const std::string prefix = fmt::format("_blocks.{}.", index);
    const int wide = channels_in * stage.expand;
    std::string value = input;
    if (stage.expand != 1) {
      value = relu6(convolution(value, prefix, "_expand_conv", "_bn0", {wide, channels_in, 1, 1}, 1, 1));
    }
    value = relu6(convolution(value, prefix, "_depthwise_conv", "_bn1", {wide, 1, stage.kernel, stage.kernel},
                              stride, wide));
    value = convolution(value, prefix, "_project_conv", "_bn2", {stage.channels, wide, 1, 1}, 1, 1);
    if (stride != 1 || channels_in != stage.channels) return value;
    const std::string sum = prefix + "sum";
    graph_.add_node("Add", std::array{value, input}, sum);
    return sum;
  }

  void head(const std::string& input, const EfficientNetSpec& spec) {
    const Shape shape{spec.n_classes, spec.head_channels};
    graph_.add_weights("_fc.weight", shape, state_.get("_fc.weight", shape).values);
    const Shape classes{spec.n_classes};
    graph_.add_weights("_fc.bias", classes, state_.get("_fc.bias", classes).values);
    graph_.add_node("GlobalAveragePool", std::array{input}, "pool");
    graph_.add_node("Flatten", std::array<std::string, 1>{"pool"}, "embedding");
    graph_.add_node("Gemm", std::array<std::string, 3>{"embedding", "_fc.weight", "_fc.bias"}, "logits",
                    std::array<OnnxAttribute, 1>{{{"transB", std::int64_t{1}}}});
    graph_.add_output("logits", std::array<OnnxDim, 2>{std::int64_t{1}, std::int64_t{spec.n_classes}});
    graph_.add_output("embedding", std::array<OnnxDim, 2>{std::int64_t{1}, std::int64_t{spec.head_channels}});
  }

 private:
  const StateDict& state_;
  OnnxGraph graph_;
};

}  // namespace

EfficientNetSpec efficientnet_lite(int variant) {
  TRIAGE_CHECK(variant >= 0 && static_cast<std::size_t>(variant) < kScalings.size());
  const Scaling scaling = kScalings[static_cast<std::size_t>(variant)];
  EfficientNetSpec spec;
  for (EfficientNetStage stage : kStages) {
    stage.channels = scale_channels(stage.channels, scaling.width10);
    // The Lite variants keep stem, head and the outer stages' depth as they are.
    const bool outer = spec.stages.empty() || spec.stages.size() + 1 == kStages.size();
    if (!outer) stage.repeats = (stage.repeats * scaling.depth10 + 9) / 10;
    spec.stages.push_back(stage);
  }
  return spec;
}

FoldedConvolution fold_batch_norm(std::span<const float> weights, const BatchNorm& norm,
                                  std::string_view owner) {
  const std::size_t channels = norm.gamma.size();
  TRIAGE_CHECK(channels > 0 && weights.size() % channels == 0);
  const std::size_t per_channel = weights.size() / channels;
  FoldedConvolution folded{{weights.begin(), weights.end()}, std::vector<float>(channels)};
  const auto check = [&](float value) {
    if (!std::isfinite(value)) {
      throw Error(
          ErrorCode::kModel,
          fmt::format("{}: folding its batch norm gives {}, expected finite weights; the weights are damaged",
                      owner, value));
    }
    return value;
  };
  for (std::size_t c = 0; c < channels; ++c) {
    const double factor =
        static_cast<double>(norm.gamma[c]) / std::sqrt(static_cast<double>(norm.variance[c]) + kEpsilon);
    for (std::size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) {
      folded.weights[i] = check(static_cast<float>(static_cast<double>(weights[i]) * factor));
    }
    folded.bias[c] = check(
        static_cast<float>(static_cast<double>(norm.beta[c]) - static_cast<double>(norm.mean[c]) * factor));
  }
  return folded;
}

std::string efficientnet_onnx(const StateDict& state, const EfficientNetSpec& spec, std::string_view name,
                              std::string_view about) {
  Builder builder(state);
  builder.graph().add_input("image",
                            std::array<OnnxDim, 4>{std::int64_t{1}, std::int64_t{3}, "height", "width"});
  std::string value = builder.relu6(
      builder.convolution("image", "", "_conv_stem", "_bn0", {spec.stem_channels, 3, 3, 3}, 2, 1));
  int channels = spec.stem_channels;
  int index = 0;
  for (const EfficientNetStage& stage : spec.stages) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat) {
      value = builder.block(value, index++, channels, stage, repeat == 0 ? stage.stride : 1);
      channels = stage.channels;
    }
  }
  value = builder.relu6(
      builder.convolution(value, "", "_conv_head", "_bn1", {spec.head_channels, channels, 1, 1}, 1, 1));
  builder.head(value, spec);
  return builder.graph().model(name, about);
}

}  // namespace triage
