// ONNX files made field by field: small networks for tests, with weights by hand and batches of any size.
//
//   write_text_atomic(path, onnx_model({onnx_node("Add", {"x", "w"}, {"y"})},
//                                      {onnx_tensor("w", {3}, {1, 2, 3})},
//                                      {onnx_port("x", {1, 3})}, {onnx_port("y", {1, 3})}));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace triage::testing {

// A field of protocol buffers with a length.
[[nodiscard]] std::string proto_bytes(std::uint64_t field, std::string_view bytes);

// 32-bit floats in the file itself.
[[nodiscard]] std::string onnx_tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                                      const std::vector<float>& values);
[[nodiscard]] std::string onnx_node(std::string_view type, const std::vector<std::string>& inputs,
                                    const std::vector<std::string>& outputs);
// An input or an output of 32-bit floats; a negative dimension is open.
[[nodiscard]] std::string onnx_port(std::string_view name, const std::vector<std::int64_t>& shape);
[[nodiscard]] std::string onnx_model(const std::vector<std::string>& nodes,
                                     const std::vector<std::string>& tensors,
                                     const std::vector<std::string>& inputs,
                                     const std::vector<std::string>& outputs);

}  // namespace triage::testing
