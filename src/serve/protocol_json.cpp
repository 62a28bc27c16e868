#include "serve/protocol_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "base/hash.h"
#include "serve/json_size.h"
#include "triage/error.h"

namespace triage {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail(std::string_view where, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage, fmt::format("{}: {}, expected {}", where, found, expected));
}

const Json& member(const Json& object, const char* name, std::string_view where) {
  const auto found = object.find(name);
  if (found == object.end()) fail(where, fmt::format("has no '{}'", name), "one");
  return *found;
}

std::string text_member(const Json& object, const char* name, std::string_view where) {
  const Json& value = member(object, name, where);
  if (!value.is_string()) fail(where, fmt::format("'{}' is {}", name, value.type_name()), "a string");
  return value.get<std::string>();
}

Parameters parse_parameters(const Json& object, std::string_view where) {
  Parameters parameters;
  const auto found = object.find("parameters");
  if (found == object.end() || found->is_null()) return parameters;
  if (!found->is_object()) fail(where, fmt::format("'parameters' is {}", found->type_name()), "an object");
  for (const auto& [name, value] : found->items()) {
    if (value.is_boolean()) {
      parameters[name] = value.get<bool>();
    } else if (value.is_number_integer()) {
      parameters[name] = value.get<std::int64_t>();
    } else if (value.is_number()) {
      parameters[name] = value.get<double>();
    } else if (value.is_string()) {
      parameters[name] = value.get<std::string>();
    } else {
      fail(where, fmt::format("parameter '{}' is {}", name, value.type_name()),
           "a number, a string, true or false");
    }
  }
  return parameters;
}

// ---- tensors ----

template <class Value>
void append_value(const Json& value, std::string_view name, std::string& data) {
  Value out{};
  bool fits = false;
  if constexpr (std::is_floating_point_v<Value>) {
    fits = value.is_number();
    if (fits) out = static_cast<Value>(value.get<double>());
  } else if (value.is_boolean()) {
    fits = true;
    out = static_cast<Value>(value.get<bool>());
  } else if (value.is_number_unsigned()) {
    fits = std::in_range<Value>(value.get<std::uint64_t>());
    out = static_cast<Value>(value.get<std::uint64_t>());
  } else if (value.is_number_integer()) {
    fits = std::in_range<Value>(value.get<std::int64_t>());
    out = static_cast<Value>(value.get<std::int64_t>());
  }
  if (!fits) {
    // A list or an object may be nested deeper than the stack allows.
    const bool is_small =
        value.is_primitive() && (!value.is_string() || value.get_ref<const std::string&>().size() < 40);
    fail(fmt::format("tensor '{}'", name),
         fmt::format("a value is {}", is_small ? value.dump(-1, ' ', true) : value.type_name()),
         "numbers in the range of its datatype");
  }
  data.append(reinterpret_cast<const char*>(&out), sizeof out);
}

// Writes one value behind `tensor.data`.
class ValueWriter {
 public:
  explicit ValueWriter(Tensor& tensor) : tensor_(&tensor) {
    const auto content = tensor.parameters.find("content_type");
    if (content == tensor.parameters.end()) return;
    const auto* text = std::get_if<std::string>(&content->second);
    is_base64_ = text != nullptr && *text == "base64";
  }

  // Arrays may be nested or flat.
  void write(const Json& value, int depth = 0) const {
    if (!value.is_array()) return write_one(value);
    if (depth > kMostDepth) {
      fail(fmt::format("tensor '{}'", tensor_->name), "nested deeper than any tensor", "its values");
    }
    for (const Json& each : value) write(each, depth + 1);
  }

 private:
  static constexpr int kMostDepth = 8;

  void write_one(const Json& value) const {
    switch (tensor_->type) {
      case Datatype::kBool:
      case Datatype::kUint8:
        return append_value<std::uint8_t>(value, tensor_->name, tensor_->data);
      case Datatype::kUint16:
        return append_value<std::uint16_t>(value, tensor_->name, tensor_->data);
      case Datatype::kUint32:
        return append_value<std::uint32_t>(value, tensor_->name, tensor_->data);
      case Datatype::kUint64:
        return append_value<std::uint64_t>(value, tensor_->name, tensor_->data);
      case Datatype::kInt8:
        return append_value<std::int8_t>(value, tensor_->name, tensor_->data);
      case Datatype::kInt16:
        return append_value<std::int16_t>(value, tensor_->name, tensor_->data);
      case Datatype::kInt32:
        return append_value<std::int32_t>(value, tensor_->name, tensor_->data);
      case Datatype::kInt64:
        return append_value<std::int64_t>(value, tensor_->name, tensor_->data);
      case Datatype::kFp32:
        return append_value<float>(value, tensor_->name, tensor_->data);
      case Datatype::kFp64:
        return append_value<double>(value, tensor_->name, tensor_->data);
      case Datatype::kFp16:
        fail(fmt::format("tensor '{}'", tensor_->name), "FP16 in JSON", "binary data");
      case Datatype::kBytes:
        return write_text(value);
    }
  }

  void write_text(const Json& value) const {
    const std::string where = fmt::format("tensor '{}'", tensor_->name);
    if (!value.is_string()) fail(where, fmt::format("a value is {}", value.type_name()), "strings");
    const auto& text = value.get_ref<const std::string&>();
    if (!is_base64_) return append_bytes_element(text, tensor_->data);
    const auto bytes = base64_decoded(text);
    if (!bytes) fail(where, "a value is not base64", "what its content_type says");
    append_bytes_element({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, tensor_->data);
  }

  Tensor* tensor_;
  bool is_base64_ = false;
};

Tensor parse_tensor(const Json& json, std::string_view& binary) {
  if (!json.is_object()) fail("inputs", fmt::format("an entry is {}", json.type_name()), "objects");
  Tensor tensor;
  tensor.name = text_member(json, "name", "an input");
  const std::string where = fmt::format("tensor '{}'", tensor.name);
  tensor.type = parse_datatype(text_member(json, "datatype", where));
  const Json& shape = member(json, "shape", where);
  if (!shape.is_array() || shape.size() > 8) fail(where, "'shape' is no list", "at most eight sizes");
  for (const Json& side : shape) {
    if (!side.is_number_integer()) fail(where, "a side of 'shape' is no whole number", "sizes");
    tensor.shape.push_back(side.get<std::int64_t>());
  }
  tensor.parameters = parse_parameters(json, where);
  const auto size = tensor.parameters.find("binary_data_size");
  if (size == tensor.parameters.end()) {
    ValueWriter(tensor).write(member(json, "data", where));
  } else {
    const auto* bytes = std::get_if<std::int64_t>(&size->second);
    if (bytes == nullptr || *bytes < 0 || static_cast<std::size_t>(*bytes) > binary.size()) {
      fail(where, fmt::format("'binary_data_size' is not what follows ({} bytes)", binary.size()),
           "as many bytes behind the JSON");
    }
    tensor.data = binary.substr(0, static_cast<std::size_t>(*bytes));
    binary.remove_prefix(tensor.data.size());
  }
  check_tensor(tensor);
  return tensor;
}

RequestedOutput parse_output(const Json& json) {
  if (!json.is_object()) fail("outputs", fmt::format("an entry is {}", json.type_name()), "objects");
  std::string name = text_member(json, "name", "an output");
  const Parameters parameters = parse_parameters(json, fmt::format("output '{}'", name));
  return requested_output(std::move(name), parameters);
}

Json parsed(std::string_view text) {
  check_json_size(text);
  try {
    Json json = Json::parse(text);
    if (!json.is_object()) fail("request", fmt::format("the body is {}", json.type_name()), "a JSON object");
    return json;
  } catch (const Json::exception& error) {
    // Its text quotes the input, in whatever encoding.
    fail("request", fmt::format("the body is no JSON ({})", error.what()), "a JSON object");
  }
}

// ---- responses ----

void append_json_text(std::string_view text, std::string& out) { out += json_text(Json(text)); }

template <class Value>
void append_values(const std::string& data, std::string& out) {
  for (std::size_t i = 0; i + sizeof(Value) <= data.size(); i += sizeof(Value)) {
    Value value;
    std::memcpy(&value, data.data() + i, sizeof value);
    if (i > 0) out += ',';
    if constexpr (std::is_floating_point_v<Value>) {
      if (!std::isfinite(value)) {
        out += "null";
        continue;
      }
    }
    if constexpr (sizeof(Value) == 1) {
      fmt::format_to(std::back_inserter(out), "{}", static_cast<int>(value));
    } else {
      fmt::format_to(std::back_inserter(out), "{}", value);
    }
  }
}

void append_data(const Tensor& tensor, std::string& out) {
  switch (tensor.type) {
    case Datatype::kBool:
      for (std::size_t i = 0; i < tensor.data.size(); ++i) {
        out += i > 0 ? "," : "";
        out += tensor.data[i] != 0 ? "true" : "false";
      }
      return;
    case Datatype::kUint8:
      return append_values<std::uint8_t>(tensor.data, out);
    case Datatype::kUint16:
      return append_values<std::uint16_t>(tensor.data, out);
    case Datatype::kUint32:
      return append_values<std::uint32_t>(tensor.data, out);
    case Datatype::kUint64:
      return append_values<std::uint64_t>(tensor.data, out);
    case Datatype::kInt8:
      return append_values<std::int8_t>(tensor.data, out);
    case Datatype::kInt16:
      return append_values<std::int16_t>(tensor.data, out);
    case Datatype::kInt32:
      return append_values<std::int32_t>(tensor.data, out);
    case Datatype::kInt64:
      return append_values<std::int64_t>(tensor.data, out);
    case Datatype::kFp16:
      return;  // never made here
    case Datatype::kFp32:
      return append_values<float>(tensor.data, out);
    case Datatype::kFp64:
      return append_values<double>(tensor.data, out);
    case Datatype::kBytes:
      break;
  }
  bool is_first = true;
  for (const std::string_view element : bytes_elements(tensor)) {
    if (!std::exchange(is_first, false)) out += ',';
    append_json_text(element, out);
  }
}

void append_parameters(const Parameters& parameters, std::string& out) {
  Json json = Json::object();
  for (const auto& [name, value] : parameters) {
    std::visit([&, &key = name](const auto& held) { json[key] = held; }, value);
  }
  out += json_text(json);
}

bool wants_binary(const InferRequest& request, const std::string& output) {
  for (const RequestedOutput& asked : request.outputs) {
    if (asked.name == output) return asked.binary.value_or(request.binary_outputs);
  }
  return request.binary_outputs;
}

}  // namespace

InferRequest parse_infer_request(std::string_view body, std::optional<std::size_t> json_bytes) {
  if (json_bytes && *json_bytes > body.size()) {
    fail("Inference-Header-Content-Length", fmt::format("{} of a body of {} bytes", *json_bytes, body.size()),
         "at most its size");
  }
  std::string_view binary = json_bytes ? body.substr(*json_bytes) : std::string_view();
  const Json json = parsed(body.substr(0, json_bytes.value_or(body.size())));
  InferRequest request;
  if (json.contains("id")) request.id = text_member(json, "id", "request");
  request.parameters = parse_parameters(json, "request");
  const Json& inputs = member(json, "inputs", "request");
  if (!inputs.is_array()) fail("request", fmt::format("'inputs' is {}", inputs.type_name()), "a list");
  for (const Json& input : inputs) request.inputs.push_back(parse_tensor(input, binary));
  if (!binary.empty()) {
    fail("request", fmt::format("{} bytes behind the last binary tensor", binary.size()), "none");
  }
  if (const auto outputs = json.find("outputs"); outputs != json.end() && !outputs->is_null()) {
    if (!outputs->is_array()) fail("request", fmt::format("'outputs' is {}", outputs->type_name()), "a list");
    for (const Json& output : *outputs) request.outputs.push_back(parse_output(output));
  }
  if (const auto all = request.parameters.find("binary_data_output"); all != request.parameters.end()) {
    const auto* flag = std::get_if<bool>(&all->second);
    if (flag == nullptr) fail("request", "'binary_data_output' is no yes or no", "true or false");
    request.binary_outputs = *flag;
  }
  return request;
}

InferBody write_infer_response(const InferResponse& response, const InferRequest& request) {
  std::string json = R"({"model_name":)";
  append_json_text(response.model, json);
  json += R"(,"model_version":)";
  append_json_text(response.version, json);
  if (!response.id.empty()) {
    json += R"(,"id":)";
    append_json_text(response.id, json);
  }
  if (!response.parameters.empty()) {
    json += R"(,"parameters":)";
    append_parameters(response.parameters, json);
  }
  json += R"(,"outputs":[)";
  std::string binary;
  for (const Tensor& tensor : response.outputs) {
    if (&tensor != response.outputs.data()) json += ',';
    json += R"({"name":)";
    append_json_text(tensor.name, json);
    fmt::format_to(std::back_inserter(json), R"(,"datatype":"{}","shape":[{}])", to_string(tensor.type),
                   fmt::join(tensor.shape, ","));
    if (wants_binary(request, tensor.name)) {
      fmt::format_to(std::back_inserter(json), R"(,"parameters":{{"binary_data_size":{}}}}})",
                     tensor.data.size());
      binary += tensor.data;
    } else {
      json += R"(,"data":[)";
      append_data(tensor, json);
      json += "]}";
    }
  }
  json += "]}";
  const bool has_binary =
      std::any_of(response.outputs.begin(), response.outputs.end(),
                  [&](const Tensor& tensor) { return wants_binary(request, tensor.name); });
  if (!has_binary) return {std::move(json), std::nullopt};
  const std::size_t json_bytes = json.size();
  return {std::move(json) + binary, json_bytes};
}

std::string json_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string error_json(std::string_view message) {
  constexpr std::size_t kLongest = 1'000;  // it may quote the request
  return json_text({{"error", message.substr(0, kLongest)}});
}

}  // namespace triage
