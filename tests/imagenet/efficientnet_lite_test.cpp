#include "imagenet/efficientnet_lite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "imagenet/onnx_writer.h"
#include "imagenet/pth_fixture.h"
#include "imagenet/tiny_network.h"

namespace triage {
namespace {

using testing::bytes_of;
using testing::message_of;

// The published variants: channels and repeats of each stage.
TEST(EfficientNetLite, ScalesWidthAndDepth) {
  const auto columns = [](int variant) {
    std::vector<int> channels;
    std::vector<int> repeats;
    for (const EfficientNetStage& stage : efficientnet_lite(variant).stages) {
      channels.push_back(stage.channels);
      repeats.push_back(stage.repeats);
    }
    return std::pair{channels, repeats};
  };
  const std::vector<int> plain{16, 24, 40, 80, 112, 192, 320};
  EXPECT_EQ(columns(0), std::pair(plain, std::vector<int>{1, 2, 2, 3, 3, 4, 1}));
  EXPECT_EQ(columns(1), std::pair(plain, std::vector<int>{1, 3, 3, 4, 4, 5, 1}));
  EXPECT_EQ(columns(2), std::pair(std::vector<int>{16, 24, 48, 88, 120, 208, 352},
                                  std::vector<int>{1, 3, 3, 4, 4, 5, 1}));
  EXPECT_THROW((void)efficientnet_lite(3), Error);
}

TEST(FoldBatchNorm, MultipliesWeightsAndMovesTheBias) {
  // Two channels of two weights. Standard deviations with epsilon: 2 and 0.5.
  const std::vector<float> weights{1, -2, 3, 4};
  const std::vector<float> gamma{4, -1};
  const std::vector<float> beta{10, 20};
  const std::vector<float> mean{3, 5};
  const std::vector<float> variance{4.0F - 1e-3F, 0.25F - 1e-3F};
  const FoldedConvolution folded = fold_batch_norm(weights, {gamma, beta, mean, variance}, "conv");
  const std::vector<float> expected_weights{2, -4, -6, -8};
  const std::vector<float> expected_bias{10 - 3 * 2, 20 - 5 * -2};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(folded.weights[i], expected_weights[i], 1e-5);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(folded.bias[i], expected_bias[i], 1e-5);
}

TEST(FoldBatchNorm, RefusesWhatIsNotFinite) {
  const std::vector<float> one{1};
  const std::vector<float> negative{-1};
  const std::vector<float> infinite{std::numeric_limits<float>::infinity()};
  const auto failure = [&](const BatchNorm& norm) {
    return message_of(ErrorCode::kModel, [&] { (void)fold_batch_norm(one, norm, "_conv_stem"); });
  };
  EXPECT_HAS(failure({one, one, one, negative}), "_conv_stem: folding its batch norm gives");
  EXPECT_HAS(failure({one, infinite, one, one}), "gives inf, expected finite weights");
}

TEST(EfficientNetLite, NamesWhatTheWeightsLack) {
  std::vector<testing::NamedTensor> tensors = testing::tiny_weights(1);
  const auto failure = [&] {
    const std::string file = testing::make_pth(tensors);
    const StateDict state = read_pth(bytes_of(file), "tiny.pth");
    return message_of(ErrorCode::kModel,
                      [&] { (void)efficientnet_onnx(state, testing::tiny_spec(), "tiny", ""); });
  };
  EXPECT_EQ(failure(), "no error");
  std::erase_if(tensors, [](const testing::NamedTensor& tensor) {
    return tensor.name == "_blocks.3._bn1.running_var";
  });
  EXPECT_EQ(failure(), "tiny.pth: tensor '_blocks.3._bn1.running_var' is missing, expected shape (12)");
  tensors = testing::tiny_weights(1);
  tensors.back().shape = {1, 3};
  EXPECT_EQ(failure(), "tiny.pth: tensor '_fc.bias' has shape (1, 3), expected (3)");
}

// Encoded by hand from onnx.proto.
TEST(OnnxWriter, WritesProtobuf) {
  OnnxGraph graph;
  graph.add_input("x", std::vector<OnnxDim>{std::int64_t{1}, "w"});
  graph.add_weights("k", std::vector<std::int64_t>{300}, std::vector<float>{1.0F});
  graph.add_node(
      "Op", std::vector<std::string>{"x", "k"}, "y",
      std::vector<OnnxAttribute>{{"a", std::int64_t{5}}, {"b", std::vector<std::int64_t>{6, 7}}, {"c", "t"}});
  graph.add_output("y", std::vector<OnnxDim>{std::int64_t{2}});
  using namespace std::string_literals;
  // clang-format off
  const std::string expected =
      "\x08\x07" "\x12\x06triage" "\x32\x03" "doc" "\x42\x02\x10\x0D"s                         // model
      "\x3A\x6D"s                                                                                 // graph
      "\x5A\x14" "\x0A\x01x" "\x12\x0F" "\x0A\x0D" "\x08\x01"
      "\x12\x09" "\x0A\x02\x08\x01" "\x0A\x03\x12\x01w"s                                            // input
      "\x2A\x0E" "\x08\xAC\x02" "\x10\x01" "\x42\x01k" "\x4A\x04\0\0\x80\x3F"s                     // weights
      "\x0A\x31" "\x0A\x01x" "\x0A\x01k" "\x12\x01y" "\x1A\x01y" "\x22\x02Op"s                       // node
      "\x2A\x08" "\x0A\x01" "a" "\x18\x05" "\xA0\x01\x02"s
      "\x2A\x0A" "\x0A\x01" "b" "\x40\x06\x40\x07" "\xA0\x01\x07"s
      "\x2A\x09" "\x0A\x01" "c" "\x22\x01t" "\xA0\x01\x03"s
      "\x62\x0F" "\x0A\x01y" "\x12\x0A" "\x0A\x08" "\x08\x01" "\x12\x04" "\x0A\x02\x08\x02"s          // output
      "\x12\x01g"s;                                                                              // name
  // clang-format on
  EXPECT_EQ(graph.model("g", "doc"), expected);
}

}  // namespace
}  // namespace triage
