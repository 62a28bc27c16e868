#include "support/onnx_file.h"

#include <cstring>

namespace triage::testing {
namespace {

constexpr std::uint64_t kFloat = 1;  // ONNX's number of the element type

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string proto_number(std::uint64_t field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}

std::string all(std::uint64_t field, const std::vector<std::string>& parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += proto_bytes(field, part);
  return bytes;
}

}  // namespace

std::string proto_bytes(std::uint64_t field, std::string_view bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

std::string onnx_tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                        const std::vector<float>& values) {
  std::string tensor;
  for (const std::int64_t dimension : shape) tensor += proto_number(1, static_cast<std::uint64_t>(dimension));
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return tensor + proto_number(2, kFloat) + proto_bytes(8, name) + proto_bytes(9, bytes);
}

std::string onnx_node(std::string_view type, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs) {
  return all(1, inputs) + all(2, outputs) + proto_bytes(4, type);
}

std::string onnx_port(std::string_view name, const std::vector<std::int64_t>& shape) {
  std::string dimensions;
  for (const std::int64_t dimension : shape) {
    dimensions += proto_bytes(
        1, dimension < 0 ? proto_bytes(2, "N") : proto_number(1, static_cast<std::uint64_t>(dimension)));
  }
  const std::string tensor = proto_number(1, kFloat) + proto_bytes(2, dimensions);
  return proto_bytes(1, name) + proto_bytes(2, proto_bytes(1, tensor));
}

std::string onnx_model(const std::vector<std::string>& nodes, const std::vector<std::string>& tensors,
                       const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  const std::string graph =
      all(1, nodes) + proto_bytes(2, "graph") + all(5, tensors) + all(11, inputs) + all(12, outputs);
  return proto_number(1, 8) + proto_bytes(8, proto_number(2, 17)) + proto_bytes(7, graph);
}

}  // namespace triage::testing
