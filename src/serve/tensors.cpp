#include "serve/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "triage/error.h"

namespace triage {
namespace {

struct DatatypeRow {
  Datatype type;
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<DatatypeRow, 13> kDatatypes{{{Datatype::kBool, "BOOL", 1},
                                                  {Datatype::kUint8, "UINT8", 1},
                                                  {Datatype::kUint16, "UINT16", 2},
                                                  {Datatype::kUint32, "UINT32", 4},
                                                  {Datatype::kUint64, "UINT64", 8},
                                                  {Datatype::kInt8, "INT8", 1},
                                                  {Datatype::kInt16, "INT16", 2},
                                                  {Datatype::kInt32, "INT32", 4},
                                                  {Datatype::kInt64, "INT64", 8},
                                                  {Datatype::kFp16, "FP16", 2},
                                                  {Datatype::kFp32, "FP32", 4},
                                                  {Datatype::kFp64, "FP64", 8},
                                                  {Datatype::kBytes, "BYTES", 0}}};

const DatatypeRow& row_of(Datatype type) { return kDatatypes[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view to_string(Datatype type) { return row_of(type).name; }

std::size_t element_bytes(Datatype type) { return row_of(type).bytes; }

Datatype parse_datatype(std::string_view text) {
  const auto found = std::find_if(kDatatypes.begin(), kDatatypes.end(),
                                  [&](const DatatypeRow& row) { return row.name == text; });
  if (found != kDatatypes.end()) return found->type;
  throw Error(ErrorCode::kUsage, fmt::format("datatype '{}': not known, expected one of the Open Inference "
                                             "Protocol, such as FP32, UINT8 or BYTES",
                                             text));
}

std::size_t Tensor::elements() const {
  std::size_t n = 1;
  for (const std::int64_t side : shape) {
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(0, side));
    if (size != 0 && n > std::numeric_limits<std::size_t>::max() / size) {
      return std::numeric_limits<std::size_t>::max();
    }
    n *= size;
  }
  return n;
}

std::vector<std::string_view> bytes_elements(const Tensor& tensor) {
  std::vector<std::string_view> found;
  std::string_view rest = tensor.data;
  while (!rest.empty()) {
    std::uint32_t length = 0;
    if (rest.size() >= sizeof length) std::memcpy(&length, rest.data(), sizeof length);
    if (rest.size() < sizeof length || rest.size() - sizeof length < length) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("tensor '{}': its data ends inside element {}, expected each element's length "
                              "in four bytes and then the element",
                              tensor.name, found.size()));
    }
    found.push_back(rest.substr(sizeof length, length));
    rest.remove_prefix(sizeof length + length);
  }
  if (found.size() != tensor.elements()) {
    throw Error(ErrorCode::kUsage, fmt::format("tensor '{}': has {} elements, expected {} by its shape",
                                               tensor.name, found.size(), tensor.elements()));
  }
  return found;
}

void check_tensor(const Tensor& tensor) {
  if (std::any_of(tensor.shape.begin(), tensor.shape.end(), [](std::int64_t side) { return side < 0; })) {
    throw Error(ErrorCode::kUsage,
                fmt::format("tensor '{}': a side of its shape is below 0, expected sizes", tensor.name));
  }
  const std::size_t each = element_bytes(tensor.type);
  if (each == 0) return;  // bytes_elements checks
  const std::size_t n = tensor.elements();
  if (n > std::numeric_limits<std::size_t>::max() / each || n * each != tensor.data.size()) {
    throw Error(ErrorCode::kUsage, fmt::format("tensor '{}': {} bytes of data, expected {} values of {}",
                                               tensor.name, tensor.data.size(), n, to_string(tensor.type)));
  }
}

std::string TensorInfo::config_type() const {
  return type == Datatype::kBytes ? "TYPE_STRING" : fmt::format("TYPE_{}", to_string(type));
}

std::vector<std::int64_t> TensorInfo::config_dims() const {
  if (shape.size() <= 1) return {1};
  return {shape.begin() + 1, shape.end()};
}

RequestedOutput requested_output(std::string name, const Parameters& parameters) {
  RequestedOutput output{.name = std::move(name)};
  const auto refuse = [&](std::string_view found, std::string_view expected) {
    throw Error(ErrorCode::kUsage, fmt::format("output '{}': {}, expected {}", output.name, found, expected));
  };
  for (const auto& [parameter, value] : parameters) {
    if (parameter == "binary_data") {
      const auto* flag = std::get_if<bool>(&value);
      if (flag == nullptr) refuse("'binary_data' is no yes or no", "true or false");
      output.binary = *flag;
    } else if (parameter == "classification") {
      const auto* n = std::get_if<std::int64_t>(&value);
      if (n == nullptr || *n < 1) refuse("'classification' is no count", "1 or more");
      output.classification = *n;
    }
  }
  return output;
}

void append_bytes_element(std::string_view element, std::string& data) {
  const auto length = static_cast<std::uint32_t>(element.size());
  data.append(reinterpret_cast<const char*>(&length), sizeof length);
  data += element;
}

Tensor bytes_tensor(std::string name, std::span<const std::string> elements) {
  Tensor tensor{.name = std::move(name),
                .type = Datatype::kBytes,
                .shape = {static_cast<std::int64_t>(elements.size())},
                .data = {}};
  for (const std::string& element : elements) append_bytes_element(element, tensor.data);
  return tensor;
}

}  // namespace triage
