// Writes ONNX files: just as much of the format as a convolutional network needs, without a protobuf library.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace triage {

// One of a tensor's sizes: a number, or a name where it is free.
using OnnxDim = std::variant<std::int64_t, std::string>;

struct OnnxAttribute {
  std::string name;
  std::variant<std::int64_t, std::vector<std::int64_t>, std::string> value;
};

// A graph of float tensors, opset 13. Methods append in the order of calls, which must be the order of
// execution.
class OnnxGraph {
 public:
  void add_input(std::string_view name, std::span<const OnnxDim> shape);
  void add_output(std::string_view name, std::span<const OnnxDim> shape);
  void add_weights(std::string_view name, std::span<const std::int64_t> shape, std::span<const float> values);
  void add_node(std::string_view op, std::span<const std::string> inputs, std::string_view output,
                std::span<const OnnxAttribute> attributes = {});
  // The bytes of an ONNX file; `about` says what it is and where it comes from.
  [[nodiscard]] std::string model(std::string_view name, std::string_view about) const;

 private:
  std::string fields_;  // of the GraphProto, serialised
};

}  // namespace triage
