#include "policy/policy_codec.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hash.h"
#include "policy/cascade.h"
#include "policy/cbor.h"
#include "policy/checks.h"
#include "policy/premodel.h"
#include "policy/selector.h"
#include "policy/single.h"

namespace triage {
namespace {

using nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kMagic = "triage policy";
constexpr std::uint8_t kMapOf4 = 0xA4;  // how a file begins

// ---- 32-bit values as little-endian bytes ----

template <class T>
json to_binary(std::span<const T> values) {
  static_assert(sizeof(T) == 4);
  Bytes bytes;
  bytes.reserve(values.size() * 4);
  for (const T value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
  }
  return json::binary(std::move(bytes));
}

template <class T>
std::vector<T> from_binary(std::span<const std::uint8_t> bytes, std::string_view field) {
  if (bytes.size() % 4 != 0) fail_field(field, fmt::format("{} bytes", bytes.size()), "a multiple of 4");
  std::vector<T> values(bytes.size() / 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 4; ++b) bits |= static_cast<std::uint32_t>(bytes[4 * i + b]) << (8 * b);
    values[i] = std::bit_cast<T>(bits);
  }
  return values;
}

// ---- reading with messages that name the field ----

class Fields {
 public:
  Fields(const json& object, std::string path) : object_(&object), path_(std::move(path)) {
    if (!object.is_object()) fail_field(path_.empty() ? "file" : path_, object.type_name(), "a map");
  }
  [[nodiscard]] std::string name(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  [[nodiscard]] const json& at(std::string_view key) const {
    const auto found = object_->find(std::string(key));
    if (found == object_->end()) fail_field(name(key), "missing", "a value");
    return *found;
  }
  [[nodiscard]] bool has(std::string_view key) const { return object_->contains(std::string(key)); }
  [[nodiscard]] Fields object(std::string_view key) const { return {at(key), name(key)}; }
  [[nodiscard]] const json& array(std::string_view key) const {
    const json& value = at(key);
    if (!value.is_array()) fail_field(name(key), value.type_name(), "an array");
    return value;
  }
  [[nodiscard]] const std::string& text(std::string_view key) const {
    const json& value = at(key);
    if (!value.is_string()) fail_field(name(key), value.type_name(), "a text");
    return value.get_ref<const std::string&>();
  }
  [[nodiscard]] double number(std::string_view key) const {
    const json& value = at(key);
    if (!value.is_number()) fail_field(name(key), value.type_name(), "a number");
    return value.get<double>();
  }
  [[nodiscard]] std::int32_t integer(std::string_view key) const {
    const json& value = at(key);
    constexpr std::int64_t kMax = INT32_MAX;
    const bool fits = value.is_number_unsigned()
                          ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMax)
                      : value.is_number_integer() ? value.get<std::int64_t>() >= -kMax
                                                  : false;
    if (!fits) {
      fail_field(name(key), value.is_number() ? value.dump() : std::string(value.type_name()),
                 "a 32-bit integer");
    }
    return value.get<std::int32_t>();
  }
  [[nodiscard]] bool boolean(std::string_view key) const {
    const json& value = at(key);
    if (!value.is_boolean()) fail_field(name(key), value.type_name(), "true or false");
    return value.get<bool>();
  }
  [[nodiscard]] const Bytes& bytes(std::string_view key) const {
    const json& value = at(key);
    if (!value.is_binary()) fail_field(name(key), value.type_name(), "a byte string");
    return value.get_binary();
  }
  template <class T>
  [[nodiscard]] std::vector<T> values(std::string_view key) const {
    return from_binary<T>(bytes(key), name(key));
  }

 private:
  const json* object_;
  std::string path_;
};

// ---- what every policy has ----

json encode_info(const PolicyInfo& info) {
  json models = json::array(), features = json::array(), training = json::array();
  for (const auto& model : info.models) {
    models.push_back({{"name", model.name},
                      {"fingerprint", model.fingerprint},
                      {"mean_ms", model.mean_ms},
                      {"p999_ms", model.p999_ms}});
  }
  for (const auto& feature : info.schema.features) {
    features.push_back({{"name", feature.name}, {"version", feature.version}});
  }
  for (const auto& [key, value] : info.training) training.push_back(json::array({key, value}));
  return {{"criterion", to_string(info.criterion)},
          {"models", std::move(models)},
          {"schema", {{"working_px", info.schema.working_px}, {"features", std::move(features)}}},
          {"n_classes", info.n_classes},
          {"machine", info.machine},
          {"training", std::move(training)}};
}

Criterion decode_criterion(const std::string& text) {
  for (const auto criterion : {Criterion::kTop1, Criterion::kTop5}) {
    if (text == to_string(criterion)) return criterion;
  }
  fail_field("criterion", fmt::format("'{}'", text), "top1 or top5");
}

PolicyModel decode_model(const json& value, std::size_t i) {
  const Fields fields(value, fmt::format("models[{}]", i));
  return {fields.text("name"), fields.text("fingerprint"), fields.number("mean_ms"),
          fields.number("p999_ms")};
}

FeatureSchema decode_schema(const Fields& fields) {
  FeatureSchema schema;
  schema.working_px = fields.integer("working_px");
  for (const json& value : fields.array("features")) {
    const Fields feature(value, fmt::format("schema.features[{}]", schema.size()));
    schema.features.push_back({feature.text("name"), feature.integer("version")});
  }
  return schema;
}

PolicyInfo decode_info(const Fields& fields) {
  PolicyInfo info;
  info.criterion = decode_criterion(fields.text("criterion"));
  for (const json& value : fields.array("models"))
    info.models.push_back(decode_model(value, info.models.size()));
  info.schema = decode_schema(fields.object("schema"));
  info.n_classes = fields.integer("n_classes");
  info.machine = fields.text("machine");
  for (const json& entry : fields.array("training")) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_string()) {
      fail_field(fmt::format("training[{}]", info.training.size()), entry.type_name(), "a pair of texts");
    }
    info.training.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
  }
  return info;
}

// ---- what each kind adds ----

json encode_body(const Single& policy) { return {{"model", policy.model()}}; }

std::unique_ptr<Policy> decode_single(PolicyInfo info, const Fields& fields) {
  return make_single(std::move(info), fields.integer("model"));
}

json encode_body(const Cascade& policy) { return {{"thresholds", policy.model().thresholds}}; }

std::unique_ptr<Policy> decode_cascade(PolicyInfo info, const Fields& fields) {
  CascadeModel model;
  for (const json& value : fields.array("thresholds")) {
    if (!value.is_number()) {
      fail_field(fmt::format("cascade.thresholds[{}]", model.thresholds.size()), value.type_name(),
                 "a number");
    }
    model.thresholds.push_back(value.get<double>());
  }
  return make_cascade(std::move(info), std::move(model));
}

// Bytes as they are: classes of at most 256.
json to_bytes(std::span<const std::uint8_t> values) {
  return json::binary(Bytes(values.begin(), values.end()));
}

// Uniform weights are left out, as files from before there were others leave them out.
json encode_chooser(const KnnChooser& knn) {
  json chooser{{"kind", "knn"}, {"labels", to_bytes(knn.labels)}};
  if (knn.weights != VoteWeights::kUniform) chooser["weights"] = to_string(knn.weights);
  return chooser;
}

json encode_chooser(const TreeChooser& tree) {
  return {{"kind", "tree"},
          {"feature", to_binary<std::int32_t>(tree.feature)},
          {"threshold", to_binary<float>(tree.threshold)},
          {"left", to_binary<std::int32_t>(tree.left)},
          {"right", to_binary<std::int32_t>(tree.right)},
          {"label", to_bytes(tree.label)}};
}

json encode_chooser(const SvmChooser& svm) {
  return {{"kind", "svm"},
          {"gamma", svm.gamma},
          {"classes", to_bytes(svm.classes)},
          {"counts", to_binary<std::int32_t>(svm.counts)},
          {"vectors", to_binary<float>(svm.vectors)},
          {"coefficients", to_binary<float>(svm.coefficients)},
          {"rho", to_binary<float>(svm.rho)}};
}

VoteWeights decode_weights(const Fields& fields) {
  if (!fields.has("weights")) return VoteWeights::kUniform;
  const std::string& text = fields.text("weights");
  for (const auto weights : {VoteWeights::kUniform, VoteWeights::kDistance}) {
    if (text == to_string(weights)) return weights;
  }
  fail_field(fields.name("weights"), fmt::format("'{}'", text), "uniform or distance");
}

Chooser decode_chooser(const Fields& fields) {
  const std::string& kind = fields.text("kind");
  if (kind == "knn") return KnnChooser{fields.bytes("labels"), decode_weights(fields)};
  if (kind == "tree") {
    return TreeChooser{fields.values<std::int32_t>("feature"), fields.values<float>("threshold"),
                       fields.values<std::int32_t>("left"), fields.values<std::int32_t>("right"),
                       fields.bytes("label")};
  }
  if (kind != "svm") fail_field(fields.name("kind"), fmt::format("'{}'", kind), "knn, tree or svm");
  SvmChooser svm;
  svm.gamma = static_cast<float>(fields.number("gamma"));
  svm.classes = fields.bytes("classes");
  svm.counts = fields.values<std::int32_t>("counts");
  svm.vectors = fields.values<float>("vectors");
  svm.coefficients = fields.values<float>("coefficients");
  svm.rho = fields.values<float>("rho");
  return svm;
}

constexpr std::string_view kChain = "chain";
constexpr std::string_view kMulticlass = "multiclass";

std::vector<float> index_rows(const Premodel& policy) {
  std::vector<float> rows;
  if (!policy.has_index()) return rows;
  rows.reserve(policy.index().n_rows() * policy.index().dimensions());
  for (std::size_t i = 0; i < policy.index().n_rows(); ++i) {
    const auto row = policy.index().row(i);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

json encode_body(const Premodel& policy) {
  const auto& model = policy.model();
  const auto& ids = model.ids.bytes();
  json choosers = json::array();
  for (const Chooser& chooser : model.choosers) {
    choosers.push_back(std::visit([](const auto& each) { return encode_chooser(each); }, chooser));
  }
  json body{{"form", model.form == PremodelForm::kChain ? kChain : kMulticlass},
            {"k", model.k},
            {"n_stages", model.n_stages},
            {"choosers", std::move(choosers)},
            {"fallback", model.fallback},
            {"minimum", to_binary<float>(model.minimum)},
            {"maximum", to_binary<float>(model.maximum)},
            {"rows", to_binary<float>(index_rows(policy))},
            {"optimum", to_binary<ModelIndex>(model.optimum)},
            {"ids", json::binary(Bytes(ids.begin(), ids.end()))},
            {"id_ends", to_binary<std::uint32_t>(model.ids.ends())},
            {"max_distance", nullptr},
            {"refuse_beyond", model.refuse_beyond}};
  if (std::isfinite(model.max_distance)) body["max_distance"] = model.max_distance;
  return body;
}

// What both formats have.
PremodelModel decode_premodel_rows(const Fields& fields) {
  PremodelModel model;
  model.k = fields.integer("k");
  const std::int32_t n_stages = fields.integer("n_stages");
  if (n_stages < 0) fail_field("premodel.n_stages", n_stages, "1 or more");
  model.n_stages = static_cast<std::size_t>(n_stages);
  model.fallback = fields.integer("fallback");
  model.minimum = fields.values<float>("minimum");
  model.maximum = fields.values<float>("maximum");
  model.rows = fields.values<float>("rows");
  model.optimum = fields.values<ModelIndex>("optimum");
  const Bytes& ids = fields.bytes("ids");
  model.ids = IdList(std::string(ids.begin(), ids.end()), fields.values<std::uint32_t>("id_ends"));
  return model;
}

std::unique_ptr<Policy> decode_premodel(PolicyInfo info, const Fields& fields, int format) {
  PremodelModel model = decode_premodel_rows(fields);
  if (format == 1) {
    // The paper's chain is all there was. A stage each costs memory, so their number is checked first.
    if (model.n_stages <= info.models.size()) model.choosers = paper_choosers(model);
    return make_premodel(std::move(info), std::move(model));
  }
  const std::string& form = fields.text("form");
  if (form != kChain && form != kMulticlass) {
    fail_field("premodel.form", fmt::format("'{}'", form), "chain or multiclass");
  }
  model.form = form == kChain ? PremodelForm::kChain : PremodelForm::kMulticlass;
  for (const json& value : fields.array("choosers")) {
    model.choosers.push_back(
        decode_chooser({value, fmt::format("premodel.choosers[{}]", model.choosers.size())}));
  }
  if (!fields.at("max_distance").is_null()) model.max_distance = fields.number("max_distance");
  model.refuse_beyond = fields.boolean("refuse_beyond");
  return make_premodel(std::move(info), std::move(model));
}

json encode_body(const Selector& policy) {
  const auto& model = policy.model();
  return {{"selector", model.selector},
          {"chooses", to_binary<ModelIndex>(model.chooses)},
          {"fallback", model.fallback}};
}

std::unique_ptr<Policy> decode_selector(PolicyInfo info, const Fields& fields) {
  return make_selector(std::move(info), {fields.integer("selector"), fields.values<ModelIndex>("chooses"),
                                         fields.integer("fallback")});
}

json encode_body(const Policy& policy) {
  if (const auto* single = dynamic_cast<const Single*>(&policy)) return encode_body(*single);
  if (const auto* cascade = dynamic_cast<const Cascade*>(&policy)) return encode_body(*cascade);
  if (const auto* selector = dynamic_cast<const Selector*>(&policy)) return encode_body(*selector);
  const auto* premodel = dynamic_cast<const Premodel*>(&policy);
  TRIAGE_CHECK(premodel != nullptr);
  return encode_body(*premodel);
}

std::unique_ptr<Policy> decode_payload(const json& payload, int format) {
  const Fields fields(payload, "");
  PolicyInfo info = decode_info(fields);
  const std::string& kind = fields.text("kind");
  if (kind == "single") return decode_single(std::move(info), fields.object(kind));
  if (kind == "cascade") return decode_cascade(std::move(info), fields.object(kind));
  if (kind == "premodel") return decode_premodel(std::move(info), fields.object(kind), format);
  if (kind == "selector" && format > 1) return decode_selector(std::move(info), fields.object(kind));
  fail_field("kind", fmt::format("'{}'", kind), "single, premodel, selector or cascade");
}

json parse(std::span<const std::uint8_t> bytes) {
  check_cbor(bytes);
  try {
    return json::from_cbor(bytes.begin(), bytes.end());
  } catch (const json::exception& error) {
    fail_field("file", error.what(), "valid CBOR");
  }
}

std::string checksum(std::span<const std::uint8_t> payload) { return sha256_hex(std::as_bytes(payload)); }

}  // namespace

std::vector<std::uint8_t> seal_payload(std::vector<std::uint8_t> payload, int format) {
  json file{{"magic", kMagic}, {"format", format}, {"sha256", checksum(payload)}};
  file["payload"] = json::binary(std::move(payload));
  return json::to_cbor(file);
}

std::vector<std::uint8_t> encode_policy(const Policy& policy) {
  json payload = encode_info(policy.info());
  payload["kind"] = policy.kind();
  payload[std::string(policy.kind())] = encode_body(policy);
  return seal_payload(json::to_cbor(payload));
}

std::unique_ptr<Policy> decode_policy(std::span<const std::uint8_t> bytes) {
  if (bytes.empty() || bytes[0] != kMapOf4) fail_field("file", "not a policy", "a CBOR map of 4 entries");
  const json file = parse(bytes);
  const Fields fields(file, "");
  if (fields.text("magic") != kMagic)
    fail_field("magic", fmt::format("'{}'", fields.text("magic")), "'triage policy'");
  const std::int32_t format = fields.integer("format");
  if (format < 1 || format > kPolicyFormat) {
    fail_field("format", format, fmt::format("1 to {}, those that this build reads", kPolicyFormat));
  }
  const Bytes& payload = fields.bytes("payload");
  if (const auto found = checksum(payload); found != fields.text("sha256")) {
    fail_field("sha256 of the payload", found, fmt::format("{}; the file is damaged", fields.text("sha256")));
  }
  return decode_payload(parse(payload), format);
}

}  // namespace triage
