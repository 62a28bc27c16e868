// The ONNX network, run by OpenVINO, against the same network computed in plain loops with the batch norms
// left as they are.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

#include "imagenet/tiny_network.h"

namespace triage {
namespace {

struct Planes {
  int channels = 0, height = 0, width = 0;
  std::vector<double> values;  // (channels, height, width)
  [[nodiscard]] double& at(int c, int y, int x) {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
  [[nodiscard]] double padded(int c, int y, int x) const {
    if (y < 0 || x < 0 || y >= height || x >= width) return 0;
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

class Reference {
 public:
  explicit Reference(std::vector<testing::NamedTensor> weights) : weights_(std::move(weights)) {}

  // TensorFlow's "SAME": the output has ceil(size / stride), missing rows are shared, the odd one goes below.
  Planes convolve(const Planes& in, const std::string& name, int stride, bool depthwise) const {
    const testing::NamedTensor& kernel = find(name + ".weight");
    const int k = static_cast<int>(kernel.shape[2]);
    Planes out{static_cast<int>(kernel.shape[0]),
               (in.height + stride - 1) / stride,
               (in.width + stride - 1) / stride,
               {}};
    out.values.resize(static_cast<std::size_t>(out.channels * out.height * out.width));
    const int top = std::max(0, (out.height - 1) * stride + k - in.height) / 2;
    const int left = std::max(0, (out.width - 1) * stride + k - in.width) / 2;
    const int per_group = static_cast<int>(kernel.shape[1]);
    for (int o = 0; o < out.channels; ++o)
      for (int y = 0; y < out.height; ++y)
        for (int x = 0; x < out.width; ++x)
          for (int i = 0; i < per_group; ++i)
            for (int ky = 0; ky < k; ++ky)
              for (int kx = 0; kx < k; ++kx)
                out.at(o, y, x) +=
                    static_cast<double>(
                        kernel.values[static_cast<std::size_t>(((o * per_group + i) * k + ky) * k + kx)]) *
                    in.padded(depthwise ? o : i, y * stride - top + ky, x * stride - left + kx);
    return out;
  }

  Planes normalise(Planes in, const std::string& name, bool relu6) const {
    for (int c = 0; c < in.channels; ++c) {
      const auto value = [&](const char* part) {
        return static_cast<double>(find(name + part).values[static_cast<std::size_t>(c)]);
      };
      for (int y = 0; y < in.height; ++y)
        for (int x = 0; x < in.width; ++x) {
          double& v = in.at(c, y, x);
          v = (v - value(".running_mean")) / std::sqrt(value(".running_var") + 1e-3) * value(".weight") +
              value(".bias");
          if (relu6) v = std::clamp(v, 0.0, 6.0);
        }
    }
    return in;
  }

  Planes block(const Planes& in, int index, const EfficientNetStage& stage, int stride) const {
    const std::string prefix = fmt::format("_blocks.{}.", index);
    Planes value = in;
    if (stage.expand != 1) {
      value = normalise(convolve(value, prefix + "_expand_conv", 1, false), prefix + "_bn0", true);
    }
    value = normalise(convolve(value, prefix + "_depthwise_conv", stride, true), prefix + "_bn1", true);
    value = normalise(convolve(value, prefix + "_project_conv", 1, false), prefix + "_bn2", false);
    if (stride == 1 && in.channels == value.channels) {
      for (std::size_t i = 0; i < value.values.size(); ++i) value.values[i] += in.values[i];
    }
    return value;
  }

  std::vector<double> embedding(const Planes& image) const {
    Planes value = normalise(convolve(image, "_conv_stem", 2, false), "_bn0", true);
    int index = 0;
    for (const EfficientNetStage& stage : testing::tiny_spec().stages) {
      for (int repeat = 0; repeat < stage.repeats; ++repeat) {
        value = block(value, index++, stage, repeat == 0 ? stage.stride : 1);
      }
    }
    value = normalise(convolve(value, "_conv_head", 1, false), "_bn1", true);
    std::vector<double> means(static_cast<std::size_t>(value.channels));
    const std::size_t plane = static_cast<std::size_t>(value.height * value.width);
    for (std::size_t i = 0; i < value.values.size(); ++i)
      means[i / plane] += value.values[i] / static_cast<double>(plane);
    return means;
  }

  std::vector<double> logits(const std::vector<double>& embedding) const {
    std::vector<double> out;
    const testing::NamedTensor& weights = find("_fc.weight");
    for (std::size_t c = 0; c < find("_fc.bias").values.size(); ++c) {
      double sum = static_cast<double>(find("_fc.bias").values[c]);
      for (std::size_t i = 0; i < embedding.size(); ++i) {
        sum += static_cast<double>(weights.values[c * embedding.size() + i]) * embedding[i];
      }
      out.push_back(sum);
    }
    return out;
  }

 private:
  [[nodiscard]] const testing::NamedTensor& find(const std::string& name) const {
    return *std::find_if(weights_.begin(), weights_.end(),
                         [&](const auto& tensor) { return tensor.name == name; });
  }
  std::vector<testing::NamedTensor> weights_;
};

TEST(EfficientNetOnnx, ComputesWhatTheWeightsSay) {
  const std::vector<testing::NamedTensor> weights = testing::tiny_weights(7);
  const std::string file = testing::make_pth(weights);
  const std::string onnx = efficientnet_onnx(read_pth(testing::bytes_of(file), "tiny.pth"),
                                             testing::tiny_spec(), "tiny", "a test");
  ov::Core core;
  // Odd, even and unequal sizes, since the padding depends on them.
  for (const auto& [height, width] : {std::pair{9, 7}, std::pair{8, 8}, std::pair{13, 16}}) {
    Planes image{3, height, width, {}};
    Random random(static_cast<std::uint64_t>(height));
    for (int i = 0; i < 3 * height * width; ++i) image.values.push_back(2 * random.uniform() - 1);

    const auto model = core.read_model(onnx, ov::Tensor());
    model->reshape({1, 3, height, width});
    ov::InferRequest request =
        core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32))
            .create_infer_request();
    ov::Tensor input(ov::element::f32,
                     {1, 3, static_cast<std::size_t>(height), static_cast<std::size_t>(width)});
    std::transform(image.values.begin(), image.values.end(), input.data<float>(),
                   [](double v) { return static_cast<float>(v); });
    request.set_input_tensor(input);
    request.infer();

    const Reference reference(weights);
    const std::vector<double> embedding = reference.embedding(image);
    const std::vector<double> logits = reference.logits(embedding);
    const ov::Tensor got_embedding = request.get_tensor("embedding");
    const ov::Tensor got_logits = request.get_output_tensor(0);
    ASSERT_EQ(got_embedding.get_shape(), (ov::Shape{1, 8}));
    ASSERT_EQ(got_logits.get_shape(), (ov::Shape{1, 3}));
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(got_embedding.data<float>()[i], embedding[i], 2e-4) << i;
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got_logits.data<float>()[i], logits[i], 2e-3) << i;
  }
}

}  // namespace
}  // namespace triage
