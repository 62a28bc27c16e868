#include "serve/served_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "base/hash.h"
#include "triage/choose.h"
#include "triage/engine.h"
#include "triage/error.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

constexpr std::size_t kVersionDigits = 12;
constexpr std::string_view kImage = "image";
constexpr std::string_view kFeatures = "features";

std::string version_of(const Policy& policy) {
  const std::vector<std::uint8_t> bytes = encode_policy(policy);
  return sha256_hex(std::as_bytes(std::span(bytes))).substr(0, kVersionDigits);
}

std::string joined(const std::vector<TensorInfo>& infos) {
  std::vector<std::string_view> names;
  for (const TensorInfo& info : infos) names.emplace_back(info.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

[[noreturn]] void refuse_input(const Tensor& tensor, std::string_view expected) {
  throw Error(ErrorCode::kUsage,
              fmt::format("input '{}': {} of shape [{}], expected {}", tensor.name, to_string(tensor.type),
                          fmt::join(tensor.shape, ", "), expected));
}

// The request's only input, by name.
const Tensor& only_input(const InferRequest& request, std::string_view name) {
  if (request.inputs.size() != 1 || request.inputs.front().name != name) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("request: {} inputs{}, expected one, '{}'", request.inputs.size(),
                    request.inputs.empty() ? std::string()
                                           : fmt::format(", the first '{}'", request.inputs.front().name),
                    name));
  }
  return request.inputs.front();
}

constexpr std::string_view kExpectedImages =
    "BYTES [n] with encoded pictures, or UINT8 or FP32 (0 to 255) [n, height, width, channels] with 1 or 3 "
    "channels";

void round_to_bytes(Tensor& tensor) {
  std::string bytes(tensor.data.size() / sizeof(float), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    float value = 0;
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    if (!(value >= 0 && value <= 255)) {
      throw Error(ErrorCode::kUsage, fmt::format("input '{}': value {} is {}, expected pixels from 0 to 255",
                                                 tensor.name, i, value));
    }
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(std::lround(value)));
  }
  tensor.data = std::move(bytes);
  tensor.type = Datatype::kUint8;
}

std::vector<ServedImage> pixel_images(const Tensor& tensor) {
  const std::vector<std::int64_t>& shape = tensor.shape;
  if (shape.size() != 3 && shape.size() != 4) refuse_input(tensor, kExpectedImages);
  const auto side = [&](std::size_t from_end) { return shape[shape.size() - from_end]; };
  const std::int64_t n = shape.size() == 4 ? shape[0] : 1;
  constexpr std::int64_t kMostSide = 65'536;
  if ((side(1) != 1 && side(1) != 3) || side(2) < 1 || side(3) < 1 || side(2) > kMostSide ||
      side(3) > kMostSide) {
    refuse_input(tensor, kExpectedImages);
  }
  const auto bytes = static_cast<std::size_t>(side(1) * side(2) * side(3));
  const auto* first = reinterpret_cast<const std::uint8_t*>(tensor.data.data());
  std::vector<ServedImage> images;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    images.push_back({{},
                      ImageView({first + i * bytes, bytes}, static_cast<int>(side(2)),
                                static_cast<int>(side(3)), 0, side(1) == 1 ? Colour::kGray : Colour::kRgb)});
  }
  return images;
}

std::vector<ServedImage> encoded_images(const Tensor& tensor) {
  const bool is_column = tensor.shape.size() == 2 && tensor.shape[1] == 1;
  if (tensor.shape.size() != 1 && !is_column) refuse_input(tensor, kExpectedImages);
  std::vector<ServedImage> images;
  for (const std::string_view bytes : bytes_elements(tensor)) {
    if (bytes.empty()) {
      throw Error(ErrorCode::kUsage, fmt::format("input '{}': element {} is empty, expected a picture",
                                                 tensor.name, images.size()));
    }
    images.push_back({{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, {}});
  }
  return images;
}

// ---- parameters ----

template <class Value>
Value value_as(const std::string& name, const Parameter& parameter) {
  if (const auto* value = std::get_if<Value>(&parameter)) return *value;
  if constexpr (std::is_same_v<Value, double>) {
    if (const auto* whole = std::get_if<std::int64_t>(&parameter)) return static_cast<double>(*whole);
  }
  throw Error(ErrorCode::kUsage, fmt::format("parameter '{}': of another type, expected {}", name,
                                             std::is_same_v<Value, bool> ? "true or false" : "a number"));
}

// That clients of other servers send and that mean nothing here.
bool is_of_other_servers(std::string_view name) {
  return name == "priority" || name == "binary_data_output" || name == "request_id" ||
         name.starts_with("sequence_") || name.starts_with("triton_");
}

// ---- outputs ----

template <class Value, class Take>
Tensor column(std::string name, Datatype type, std::span<const Result> results, Take take) {
  std::vector<Value> values;
  values.reserve(results.size());
  for (const Result& result : results) values.push_back(static_cast<Value>(take(result)));
  return tensor_of<Value>(std::move(name), type, {static_cast<std::int64_t>(results.size())}, values);
}

template <class Take>
Tensor text_column(std::string name, std::span<const Result> results, Take take) {
  std::vector<std::string> values;
  values.reserve(results.size());
  for (const Result& result : results) values.emplace_back(take(result));
  return bytes_tensor(std::move(name), values);
}

// Of all classes; what no look lists shares what is left.
Tensor probabilities(const ServedModel& model, std::span<const Result> results) {
  const auto n_classes = static_cast<std::size_t>(model.policy->info().n_classes);
  std::vector<float> values(results.size() * n_classes);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::span<float> row = std::span(values).subspan(i * n_classes, n_classes);
    const TopK& answer = results[i].answer;
    if (answer.empty()) {
      std::fill(row.begin(), row.end(), static_cast<float>(kNotMeasured));
      continue;
    }
    const std::size_t listed = answer.entries().size();
    const float other =
        n_classes > listed ? answer.residual() / static_cast<float>(n_classes - listed) : 0.0F;
    std::fill(row.begin(), row.end(), std::min(other, answer.entries().back().probability));
    for (const ClassProbability& entry : answer.entries()) {
      if (static_cast<std::size_t>(entry.cls) < n_classes) {
        row[static_cast<std::size_t>(entry.cls)] = entry.probability;
      }
    }
  }
  return tensor_of<float>("probabilities", Datatype::kFp32,
                          {static_cast<std::int64_t>(results.size()), static_cast<std::int64_t>(n_classes)},
                          values);
}

// "confidence:class:label" of the `top` best classes of each, (n, top).
Tensor classification(const ServedModel& model, std::span<const Result> results, std::int64_t top) {
  const auto n = static_cast<std::size_t>(
      std::min<std::int64_t>({top, kTopK, std::max(1, model.policy->info().n_classes)}));
  std::vector<std::string> values;
  for (const Result& result : results) {
    const auto entries = result.answer.entries();
    for (std::size_t i = 0; i < n; ++i) {
      if (i >= entries.size()) {
        values.emplace_back();
        continue;
      }
      values.push_back(fmt::format("{:f}:{}:{}", entries[i].probability, entries[i].cls,
                                   model.classifier->label_name(entries[i].cls)));
    }
  }
  Tensor tensor = bytes_tensor("probabilities", values);
  tensor.shape = {static_cast<std::int64_t>(results.size()), static_cast<std::int64_t>(n)};
  return tensor;
}

std::string looks_text(const PolicyInfo& info, const Result& result) {
  std::vector<std::string> names;
  for (const Look& look : result.looks) names.push_back(model_name(info, look.model));
  return fmt::format("{}", fmt::join(names, ","));
}

std::string why_text(const PolicyInfo& info, const Result& result) {
  std::vector<std::string> lines;
  for (const TraceEvent& event : result.trace.value_or(Trace{})) lines.push_back(describe(event, info).what);
  return fmt::format("{}", fmt::join(lines, "\n"));
}

Tensor result_output(const ServedModel& model, const RequestedOutput& asked,
                     std::span<const Result> results) {
  const PolicyInfo& info = model.policy->info();
  const std::string& name = asked.name;
  if (name == "class") {
    return column<std::int64_t>(name, Datatype::kInt64, results, [](const Result& r) { return r.label(); });
  }
  if (name == "label") {
    return text_column(name, results,
                       [&](const Result& r) { return model.classifier->label_name(r.label()); });
  }
  if (name == "confidence") {
    return column<float>(name, Datatype::kFp32, results, [](const Result& r) { return r.confidence(); });
  }
  if (name == "probabilities") {
    return asked.classification > 0 ? classification(model, results, asked.classification)
                                    : probabilities(model, results);
  }
  if (name == "models") {
    return text_column(name, results, [&](const Result& r) { return looks_text(info, r); });
  }
  if (name == "limit") {
    return text_column(name, results, [](const Result& r) { return to_string(r.limit); });
  }
  if (name == "certified") {
    return column<std::uint8_t>(name, Datatype::kBool, results, [](const Result& r) { return r.certified; });
  }
  if (name == "refused") {
    return column<std::uint8_t>(name, Datatype::kBool, results, [](const Result& r) { return r.refused; });
  }
  return text_column(name, results, [&](const Result& r) { return why_text(info, r); });  // "why"
}

// Those asked for, all where none are; each exists.
std::vector<RequestedOutput> asked_outputs(const ServedModel& model, const InferRequest& request,
                                           bool explains) {
  const std::vector<TensorInfo> known = model.outputs();
  std::vector<RequestedOutput> asked = request.outputs;
  std::set<std::string_view> names;
  for (const RequestedOutput& output : asked) {
    // A response must not grow with how often a short name is said.
    if (!names.insert(output.name).second) {
      throw Error(ErrorCode::kUsage, fmt::format("output '{}': asked for twice, expected once", output.name));
    }
    const bool exists = (output.name == "why" && model.takes_images()) ||
                        std::any_of(known.begin(), known.end(),
                                    [&](const TensorInfo& info) { return info.name == output.name; });
    if (exists && (output.classification == 0 || output.name == "probabilities")) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("output '{}': {}, expected of {}", output.name,
                            exists ? "no classes to tell, which 'probabilities' alone has" : "there is none",
                            joined(known)));
  }
  if (!asked.empty()) return asked;
  for (const TensorInfo& info : known) asked.push_back({.name = info.name});
  if (explains) asked.push_back({.name = "why"});
  return asked;
}

}  // namespace

std::string ServedModel::platform() const { return fmt::format("triage_{}", policy->kind()); }

std::vector<TensorInfo> ServedModel::inputs() const {
  if (takes_images()) return {{std::string(kImage), Datatype::kBytes, {-1}}};
  return {{std::string(kFeatures),
           Datatype::kFp32,
           {-1, static_cast<std::int64_t>(policy->info().schema.size())}}};
}

std::vector<TensorInfo> ServedModel::outputs() const {
  if (!takes_images()) {
    return {{"model", Datatype::kBytes, {-1}},
            {"expected_score", Datatype::kFp32, {-1}},
            {"expected_cost", Datatype::kFp32, {-1}}};
  }
  return {{"class", Datatype::kInt64, {-1}},
          {"label", Datatype::kBytes, {-1}},
          {"confidence", Datatype::kFp32, {-1}},
          {"probabilities", Datatype::kFp32, {-1, policy->info().n_classes}},
          {"models", Datatype::kBytes, {-1}},
          {"certified", Datatype::kBool, {-1}},
          {"refused", Datatype::kBool, {-1}},
          {"limit", Datatype::kBytes, {-1}}};
}

ServedModel served_policy(std::string name, std::shared_ptr<const Policy> policy,
                          std::shared_ptr<Runtime> runtime) {
  std::string version = version_of(*policy);
  Classifier classifier(policy, std::move(runtime));
  return {std::move(name), std::move(version), std::move(policy), std::move(classifier)};
}

bool is_of_table(const Policy& policy) {
  const PolicyInfo& info = policy.info();
  return info.terms != Terms{} || !info.schema.groups.empty();
}

ServedModel served_chooser(std::string name, std::shared_ptr<const Policy> policy) {
  std::string version = version_of(*policy);
  return {std::move(name), std::move(version), std::move(policy), std::nullopt};
}

ServedModel served_network(std::shared_ptr<Runtime> runtime, ModelIndex position) {
  const ModelSpec spec =
      runtime->engines().resolved(runtime->zoo().models[static_cast<std::size_t>(position)]);
  PolicyInfo info;
  PolicyModel& model = info.models.emplace_back();
  static_cast<ModelId&>(model) = ModelId(spec.name, spec.fingerprint(), spec.precision);
  info.n_classes = spec.output.n_classes;
  std::shared_ptr<const Policy> policy = make_single(std::move(info), 0);
  return {spec.name, spec.fingerprint().substr(0, kVersionDigits), policy,
          Classifier(policy, std::move(runtime))};
}

std::vector<ServedImage> images_of(InferRequest& request) {
  only_input(request, kImage);
  Tensor& tensor = request.inputs.front();
  if (tensor.type == Datatype::kFp32) round_to_bytes(tensor);
  if (tensor.type == Datatype::kBytes) return encoded_images(tensor);
  if (tensor.type == Datatype::kUint8) return pixel_images(tensor);
  refuse_input(tensor, kExpectedImages);
}

Request request_of(const Parameters& parameters) {
  Request request;
  for (const auto& [name, value] : parameters) {
    if (name == "max_latency_ms") {
      request.max_latency_ms = value_as<double>(name, value);
    } else if (name == "timeout") {
      request.max_latency_ms = std::min(request.max_latency_ms, value_as<double>(name, value) * 1e-3);
    } else if (name == "max_energy_j") {
      request.max_energy_j = value_as<double>(name, value);
    } else if (name == "min_confidence") {
      request.min_confidence = value_as<double>(name, value);
    } else if (name == "price") {
      request.price = value_as<double>(name, value);
    } else if (name == "explain") {
      request.explain = value_as<bool>(name, value);
    } else if (!is_of_other_servers(name)) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("parameter '{}': not known, expected max_latency_ms, min_confidence, price, "
                              "max_energy_j, explain or request_id",
                              name));
    }
  }
  return request;
}

void check_outputs(const ServedModel& model, const InferRequest& request) {
  static_cast<void>(asked_outputs(model, request, false));
}

std::vector<Tensor> outputs_of(const ServedModel& model, const InferRequest& request,
                               std::span<const Result> results) {
  const bool explains = std::any_of(results.begin(), results.end(),
                                    [](const Result& result) { return result.trace.has_value(); });
  std::vector<Tensor> outputs;
  for (const RequestedOutput& asked : asked_outputs(model, request, explains)) {
    outputs.push_back(result_output(model, asked, results));
  }
  return outputs;
}

std::vector<Tensor> choices_of(const ServedModel& model, const InferRequest& request, const Request& wanted) {
  const PolicyInfo& info = model.policy->info();
  const std::size_t d = info.schema.size();
  const Tensor& tensor = only_input(request, kFeatures);
  const bool is_right = tensor.type == Datatype::kFp32 && tensor.shape.size() == 2 &&
                        tensor.shape[1] == static_cast<std::int64_t>(d);
  if (!is_right) refuse_input(tensor, fmt::format("FP32 [n, {}]", d));
  std::vector<float> rows(tensor.data.size() / sizeof(float));
  std::memcpy(rows.data(), tensor.data.data(), rows.size() * sizeof(float));
  std::vector<Choice> choices(rows.size() / d);
  choose_rows(*model.policy, rows, std::span(choices), wanted);
  std::vector<std::string> names;
  std::vector<float> scores, costs;
  for (const Choice& choice : choices) {
    names.push_back(model_name(info, choice.model));
    scores.push_back(static_cast<float>(info.terms.shown(choice.expected_score)));
    costs.push_back(static_cast<float>(choice.expected_cost));
  }
  const auto n = static_cast<std::int64_t>(choices.size());
  std::vector<Tensor> outputs;
  for (const RequestedOutput& asked : asked_outputs(model, request, false)) {
    if (asked.name == "model") outputs.push_back(bytes_tensor("model", names));
    if (asked.name == "expected_score") {
      outputs.push_back(tensor_of<float>(asked.name, Datatype::kFp32, {n}, scores));
    }
    if (asked.name == "expected_cost") {
      outputs.push_back(tensor_of<float>(asked.name, Datatype::kFp32, {n}, costs));
    }
  }
  return outputs;
}

}  // namespace triage
