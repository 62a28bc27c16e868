#include "serve/grpc_messages.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "serve/inference.pb.h"
#include "triage/error.h"

namespace triage {
namespace {

using ParameterMap = google::protobuf::Map<std::string, inference::InferParameter>;

[[noreturn]] void refuse_message(std::string_view where, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage, fmt::format("{}: {}, expected {}", where, found, expected));
}

Parameters read_parameters(const ParameterMap& map, std::string_view where) {
  Parameters parameters;
  for (const auto& [name, value] : map) {
    switch (value.parameter_choice_case()) {
      case inference::InferParameter::kBoolParam:
        parameters[name] = value.bool_param();
        break;
      case inference::InferParameter::kInt64Param:
        parameters[name] = std::int64_t{value.int64_param()};
        break;
      case inference::InferParameter::kStringParam:
        parameters[name] = value.string_param();
        break;
      case inference::InferParameter::kDoubleParam:
        parameters[name] = value.double_param();
        break;
      case inference::InferParameter::kUint64Param:
        if (!std::in_range<std::int64_t>(value.uint64_param())) {
          refuse_message(where, fmt::format("parameter '{}' is {}", name, value.uint64_param()),
                         "less than 2^63");
        }
        parameters[name] = static_cast<std::int64_t>(value.uint64_param());
        break;
      case inference::InferParameter::PARAMETER_CHOICE_NOT_SET:
        refuse_message(where, fmt::format("parameter '{}' has no value", name),
                       "a number, a string, true or false");
    }
  }
  return parameters;
}

template <class Stored, class Sent>
void append_typed(const google::protobuf::RepeatedField<Sent>& values, Tensor& tensor) {
  tensor.data.reserve(static_cast<std::size_t>(values.size()) * sizeof(Stored));
  for (const Sent value : values) {
    if constexpr (std::is_integral_v<Sent> && !std::is_same_v<Sent, bool>) {
      if (!std::in_range<Stored>(value)) {
        refuse_message(fmt::format("tensor '{}'", tensor.name), fmt::format("a value is {}", value),
                       "numbers in the range of its datatype");
      }
    }
    const auto stored = static_cast<Stored>(value);
    tensor.data.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  }
}

void append_typed_contents(const inference::InferTensorContents& contents, Tensor& tensor) {
  switch (tensor.type) {
    case Datatype::kBool:
      return append_typed<std::uint8_t>(contents.bool_contents(), tensor);
    case Datatype::kUint8:
      return append_typed<std::uint8_t>(contents.uint_contents(), tensor);
    case Datatype::kUint16:
      return append_typed<std::uint16_t>(contents.uint_contents(), tensor);
    case Datatype::kUint32:
      return append_typed<std::uint32_t>(contents.uint_contents(), tensor);
    case Datatype::kUint64:
      return append_typed<std::uint64_t>(contents.uint64_contents(), tensor);
    case Datatype::kInt8:
      return append_typed<std::int8_t>(contents.int_contents(), tensor);
    case Datatype::kInt16:
      return append_typed<std::int16_t>(contents.int_contents(), tensor);
    case Datatype::kInt32:
      return append_typed<std::int32_t>(contents.int_contents(), tensor);
    case Datatype::kInt64:
      return append_typed<std::int64_t>(contents.int64_contents(), tensor);
    case Datatype::kFp16:
      refuse_message(fmt::format("tensor '{}'", tensor.name), "FP16 in typed contents", "raw contents");
    case Datatype::kFp32:
      return append_typed<float>(contents.fp32_contents(), tensor);
    case Datatype::kFp64:
      return append_typed<double>(contents.fp64_contents(), tensor);
    case Datatype::kBytes:
      for (const std::string& element : contents.bytes_contents()) append_bytes_element(element, tensor.data);
  }
}

Tensor read_tensor(const inference::ModelInferRequest::InferInputTensor& input, std::string* raw) {
  Tensor tensor;
  tensor.name = input.name();
  tensor.type = parse_datatype(input.datatype());
  const std::string where = fmt::format("tensor '{}'", tensor.name);
  constexpr int kMostSides = 8;
  if (input.shape_size() > kMostSides) {
    refuse_message(where, fmt::format("{} sides", input.shape_size()), "at most eight");
  }
  tensor.shape.assign(input.shape().begin(), input.shape().end());
  tensor.parameters = read_parameters(input.parameters(), where);
  if (raw == nullptr) {
    append_typed_contents(input.contents(), tensor);
  } else {
    if (input.has_contents()) refuse_message(where, "typed contents beside raw ones", "one of both");
    tensor.data = std::move(*raw);
  }
  check_tensor(tensor);
  return tensor;
}

struct ParameterWriter {
  inference::InferParameter& out;

  void operator()(bool value) const { out.set_bool_param(value); }
  void operator()(std::int64_t value) const { out.set_int64_param(value); }
  void operator()(double value) const { out.set_double_param(value); }
  void operator()(const std::string& value) const { out.set_string_param(value); }
};

void write_parameters(const Parameters& parameters, ParameterMap& map) {
  for (const auto& [name, value] : parameters) std::visit(ParameterWriter{map[name]}, value);
}

}  // namespace

InferRequest take_request(inference::ModelInferRequest& message) {
  InferRequest request;
  request.id = message.id();
  request.parameters = read_parameters(message.parameters(), "request");
  const int raw = message.raw_input_contents_size();
  if (raw != 0 && raw != message.inputs_size()) {
    refuse_message("request", fmt::format("{} raw_input_contents of {} inputs", raw, message.inputs_size()),
                   "as many, or none");
  }
  for (int i = 0; i < message.inputs_size(); ++i) {
    request.inputs.push_back(
        read_tensor(message.inputs(i), raw == 0 ? nullptr : message.mutable_raw_input_contents(i)));
  }
  for (const auto& output : message.outputs()) {
    request.outputs.push_back(requested_output(
        output.name(), read_parameters(output.parameters(), fmt::format("output '{}'", output.name()))));
  }
  return request;
}

void write_response(const InferResponse& response, inference::ModelInferResponse& message) {
  message.set_model_name(response.model);
  message.set_model_version(response.version);
  message.set_id(response.id);
  write_parameters(response.parameters, *message.mutable_parameters());
  for (const Tensor& tensor : response.outputs) {
    auto& output = *message.add_outputs();
    output.set_name(tensor.name);
    output.set_datatype(std::string(to_string(tensor.type)));
    output.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    write_parameters(tensor.parameters, *output.mutable_parameters());
    message.add_raw_output_contents(tensor.data);
  }
}

}  // namespace triage
