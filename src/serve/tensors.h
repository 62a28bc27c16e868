// Requests and responses of the Open Inference Protocol (version 2), whatever carries them: HTTP with JSON
// and binary tensors (protocol_json.h), or gRPC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace triage {

enum class Datatype {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kFp32,
  kFp64,
  kBytes
};
[[nodiscard]] std::string_view to_string(Datatype type);       // "BOOL", "UINT8", and so on
[[nodiscard]] Datatype parse_datatype(std::string_view text);  // throws kUsage
[[nodiscard]] std::size_t element_bytes(Datatype type);        // 0: kBytes, of any size

using Parameter = std::variant<bool, std::int64_t, double, std::string>;
using Parameters = std::map<std::string, Parameter>;

struct Tensor {
  std::string name;
  Datatype type = Datatype::kFp32;
  std::vector<std::int64_t> shape;
  // Row-major, as on the wire: little-endian; of kBytes each element's length in four bytes and then itself.
  std::string data;
  Parameters parameters = {};

  [[nodiscard]] std::size_t elements() const;  // that the shape has room for; saturates
};

// The elements of a kBytes tensor, which point into it. Throws kUsage, naming the tensor, where lengths do
// not add up to its data, or their number is not the shape's.
[[nodiscard]] std::vector<std::string_view> bytes_elements(const Tensor& tensor);
// Throws kUsage, naming the tensor, for a negative or too large shape, and data of another size.
void check_tensor(const Tensor& tensor);

// As elements of kBytes are in `Tensor::data`.
void append_bytes_element(std::string_view element, std::string& data);
[[nodiscard]] Tensor bytes_tensor(std::string name, std::span<const std::string> elements);
template <class Value>
[[nodiscard]] Tensor tensor_of(std::string name, Datatype type, std::vector<std::int64_t> shape,
                               std::span<const Value> values) {
  Tensor tensor{.name = std::move(name), .type = type, .shape = std::move(shape), .data = {}};
  const auto bytes = std::as_bytes(values);
  tensor.data.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return tensor;
}

// An input or output as the protocol's metadata describes it; -1: any size.
struct TensorInfo {
  std::string name;
  Datatype type = Datatype::kFp32;
  std::vector<std::int64_t> shape;

  // As Triton's model configurations say the same.
  [[nodiscard]] std::string config_type() const;                // "TYPE_FP32"
  [[nodiscard]] std::vector<std::int64_t> config_dims() const;  // of one element of a batch
};

struct RequestedOutput {
  std::string name;
  std::optional<bool> binary = std::nullopt;  // over HTTP
  // The best classes as text, "confidence:class:label", instead of the numbers; 0: the numbers.
  std::int64_t classification = 0;
};

// Of the parameters that come with its name. Throws kUsage, naming the output, for a classification that is
// no count, and binary_data that is no yes or no.
[[nodiscard]] RequestedOutput requested_output(std::string name, const Parameters& parameters);

struct InferRequest {
  std::string id;
  Parameters parameters;
  std::vector<Tensor> inputs;
  std::vector<RequestedOutput> outputs;  // none: all
  bool binary_outputs = false;           // over HTTP, of outputs that do not say
};

struct InferResponse {
  std::string model;
  std::string version;
  std::string id;
  Parameters parameters;
  std::vector<Tensor> outputs;
};

}  // namespace triage
