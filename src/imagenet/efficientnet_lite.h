// EfficientNet-Lite (Tan & Le 2019, the variants without squeeze-and-excitation and with ReLU6) as an ONNX
// network, from the weights of its PyTorch port.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagenet/pth_reader.h"

namespace triage {

// Inverted residual blocks of one kind in a row; only the first has the stride.
struct EfficientNetStage {
  int repeats = 1;
  int kernel = 3;
  int stride = 1;
  int expand = 1;  // the block's width as a multiple of its input's
  int channels = 0;
};

struct EfficientNetSpec {
  int stem_channels = 32;
  std::vector<EfficientNetStage> stages;
  int head_channels = 1280;  // also the embedding's length
  int n_classes = 1000;
};

// The published variants 0, 1 and 2.
[[nodiscard]] EfficientNetSpec efficientnet_lite(int variant);

struct BatchNorm {  // each of shape (channels)
  std::span<const float> gamma, beta, mean, variance;
};

struct FoldedConvolution {
  std::vector<float> weights;  // shape of the convolution's
  std::vector<float> bias;     // (channels)
};

// A convolution without bias, weights of shape (channels, ...), and the batch norm behind it as one
// convolution. Throws kModel, naming `owner`, when a result is not finite.
[[nodiscard]] FoldedConvolution fold_batch_norm(std::span<const float> weights, const BatchNorm& norm,
                                                std::string_view owner);

// The bytes of an ONNX file. Input "image", (1, 3, height, width) of any size, RGB, (x - 127) / 128. Outputs
// "logits" (1, n_classes) and "embedding" (1, head_channels), the pooled features. Throws kModel for tensors
// that are missing or of another shape.
[[nodiscard]] std::string efficientnet_onnx(const StateDict& state, const EfficientNetSpec& spec,
                                            std::string_view name, std::string_view about);

}  // namespace triage
