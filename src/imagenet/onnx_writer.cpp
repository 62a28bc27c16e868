// Field numbers are those of onnx.proto; the wire format is protobuf's: a tag of number and kind before each
// value, lengths before texts and messages.
#include "imagenet/onnx_writer.h"

#include <cstddef>

namespace triage {
namespace {

constexpr std::uint64_t kIrVersion = 7;
constexpr std::uint64_t kOpset = 13;
constexpr std::uint64_t kFloatTensor = 1;

// Number of a field in its message.
enum class ModelField { kIr = 1, kProducer = 2, kDoc = 6, kGraph = 7, kOpsetImport = 8 };
enum class OpsetField { kVersion = 2 };
enum class GraphField { kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12 };
enum class NodeField { kInput = 1, kOutput = 2, kName = 3, kOp = 4, kAttribute = 5 };
enum class AttributeField { kName = 1, kInt = 3, kText = 4, kInts = 8, kType = 20 };
enum class AttributeType { kInt = 2, kText = 3, kInts = 7 };
enum class TensorField { kDims = 1, kType = 2, kName = 8, kRaw = 9 };
enum class ValueField { kName = 1, kType = 2 };
enum class TypeField { kTensor = 1 };
enum class TensorTypeField { kElement = 1, kShape = 2 };
enum class ShapeField { kDim = 1 };
enum class DimField { kValue = 1, kName = 2 };

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
  out += static_cast<char>(value);
}

template <class Field>
void put_number(std::string& out, Field field, std::uint64_t value) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3U);
  put_varint(out, value);
}

template <class Field>
void put_bytes(std::string& out, Field field, std::string_view bytes) {
  put_varint(out, (static_cast<std::uint64_t>(field) << 3U) | 2U);
  put_varint(out, bytes.size());
  out += bytes;
}

std::string attribute_message(const OnnxAttribute& attribute) {
  std::string out;
  put_bytes(out, AttributeField::kName, attribute.name);
  AttributeType type = AttributeType::kText;
  if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
    put_number(out, AttributeField::kInt, static_cast<std::uint64_t>(*number));
    type = AttributeType::kInt;
  } else if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&attribute.value)) {
    for (const std::int64_t value : *numbers) {
      put_number(out, AttributeField::kInts, static_cast<std::uint64_t>(value));
    }
    type = AttributeType::kInts;
  } else {
    put_bytes(out, AttributeField::kText, std::get<std::string>(attribute.value));
  }
  put_number(out, AttributeField::kType, static_cast<std::uint64_t>(type));
  return out;
}

std::string value_message(std::string_view name, std::span<const OnnxDim> dims) {
  std::string shape;
  for (const OnnxDim& dim : dims) {
    std::string message;
    if (const auto* number = std::get_if<std::int64_t>(&dim)) {
      put_number(message, DimField::kValue, static_cast<std::uint64_t>(*number));
    } else {
      put_bytes(message, DimField::kName, std::get<std::string>(dim));
    }
    put_bytes(shape, ShapeField::kDim, message);
  }
  std::string tensor;
  put_number(tensor, TensorTypeField::kElement, kFloatTensor);
  put_bytes(tensor, TensorTypeField::kShape, shape);
  std::string type;
  put_bytes(type, TypeField::kTensor, tensor);
  std::string value;
  put_bytes(value, ValueField::kName, name);
  put_bytes(value, ValueField::kType, type);
  return value;
}

}  // namespace

void OnnxGraph::add_input(std::string_view name, std::span<const OnnxDim> shape) {
  put_bytes(fields_, GraphField::kInput, value_message(name, shape));
}

void OnnxGraph::add_output(std::string_view name, std::span<const OnnxDim> shape) {
  put_bytes(fields_, GraphField::kOutput, value_message(name, shape));
}

void OnnxGraph::add_weights(std::string_view name, std::span<const std::int64_t> shape,
                            std::span<const float> values) {
  std::string tensor;
  for (const std::int64_t size : shape)
    put_number(tensor, TensorField::kDims, static_cast<std::uint64_t>(size));
  put_number(tensor, TensorField::kType, kFloatTensor);
  put_bytes(tensor, TensorField::kName, name);
  put_bytes(tensor, TensorField::kRaw, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  put_bytes(fields_, GraphField::kInitializer, tensor);
}

void OnnxGraph::add_node(std::string_view op, std::span<const std::string> inputs, std::string_view output,
                         std::span<const OnnxAttribute> attributes) {
  std::string node;
  for (const std::string& input : inputs) put_bytes(node, NodeField::kInput, input);
  put_bytes(node, NodeField::kOutput, output);
  put_bytes(node, NodeField::kName, output);
  put_bytes(node, NodeField::kOp, op);
  for (const OnnxAttribute& attribute : attributes) {
    put_bytes(node, NodeField::kAttribute, attribute_message(attribute));
  }
  put_bytes(fields_, GraphField::kNode, node);
}

std::string OnnxGraph::model(std::string_view name, std::string_view about) const {
  std::string graph = fields_;
  put_bytes(graph, GraphField::kName, name);
  std::string opset;
  put_number(opset, OpsetField::kVersion, kOpset);
  std::string out;
  put_number(out, ModelField::kIr, kIrVersion);
  put_bytes(out, ModelField::kProducer, "triage");
  put_bytes(out, ModelField::kDoc, about);
  put_bytes(out, ModelField::kOpsetImport, opset);
  put_bytes(out, ModelField::kGraph, graph);
  return out;
}

}  // namespace triage
