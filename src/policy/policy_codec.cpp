#include "policy/policy_codec.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/hash.h"
#include "policy/adaptive_policy.h"
#include "policy/cascade_policy.h"
#include "policy/cbor.h"
#include "policy/checks.h"
#include "policy/premodel_policy.h"
#include "policy/selector_policy.h"
#include "policy/single_policy.h"

namespace triage {
namespace {

using nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kMagic = "triage policy";
constexpr std::uint8_t kMapOf4 = 0xA4;  // how a file begins

// ---- 32-bit values as little-endian bytes ----

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T>
json to_binary(std::span<const T> values) {
  Bytes bytes;
  bytes.reserve(values.size() * sizeof(T));
  for (const T value : values) {
    const auto bits = std::bit_cast<BitsOf<T>>(value);
    for (std::size_t b = 0; b < sizeof(T); ++b) bytes.push_back(static_cast<std::uint8_t>(bits >> (8 * b)));
  }
  return json::binary(std::move(bytes));
}

template <class T>
std::vector<T> from_binary(std::span<const std::uint8_t> bytes, std::string_view field) {
  constexpr std::size_t kSize = sizeof(T);
  if (bytes.size() % kSize != 0) {
    fail_field(field, fmt::format("{} bytes", bytes.size()), fmt::format("a multiple of {}", kSize));
  }
  std::vector<T> values(bytes.size() / kSize);
  for (std::size_t i = 0; i < values.size(); ++i) {
    BitsOf<T> bits = 0;
    for (std::size_t b = 0; b < kSize; ++b) bits |= static_cast<BitsOf<T>>(bytes[kSize * i + b]) << (8 * b);
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
  // NaN for null.
  [[nodiscard]] double optional_number(std::string_view key) const {
    return at(key).is_null() ? kNotMeasured : number(key);
  }
  // The maps of an array.
  [[nodiscard]] std::vector<Fields> objects(std::string_view key) const {
    std::vector<Fields> all;
    for (const json& value : array(key))
      all.emplace_back(value, fmt::format("{}[{}]", name(key), all.size()));
    return all;
  }
  // The numbers of an array.
  [[nodiscard]] std::vector<double> numbers(std::string_view key) const {
    std::vector<double> all;
    for (const json& value : array(key)) {
      if (!value.is_number())
        fail_field(fmt::format("{}[{}]", name(key), all.size()), value.type_name(), "a number");
      all.push_back(value.get<double>());
    }
    return all;
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
  // An integer of 0 or more.
  [[nodiscard]] std::size_t count(std::string_view key) const {
    const std::int32_t value = integer(key);
    if (value < 0) fail_field(name(key), value, "0 or more");
    return static_cast<std::size_t>(value);
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

// A number that may be missing (NaN).
json optional_number(double value) { return std::isnan(value) ? json(nullptr) : json(value); }

json encode_model(const PolicyModel& model) {
  return {{"name", model.name},
          {"fingerprint", model.fingerprint},
          {"mean_ms", model.mean_ms},
          {"p999_ms", model.p999_ms},
          {"mean_j", optional_number(model.mean_j)}};
}

json encode_info(const PolicyInfo& info) {
  json models = json::array(), features = json::array(), training = json::array();
  for (const auto& model : info.models) models.push_back(encode_model(model));
  for (const auto& feature : info.schema.features) {
    features.push_back({{"name", feature.name}, {"version", feature.version}});
  }
  for (const auto& [key, value] : info.training) training.push_back(json::array({key, value}));
  return {{"criterion", to_string(info.criterion)},
          {"models", std::move(models)},
          {"schema", {{"working_px", info.schema.working_px}, {"features", std::move(features)}}},
          {"n_classes", info.n_classes},
          {"machine", info.machine},
          {"training", std::move(training)},
          {"best", info.best.name.empty() ? json(nullptr) : encode_model(info.best)}};
}

Criterion decode_criterion(const std::string& text) {
  for (const auto criterion : {Criterion::kTop1, Criterion::kTop5}) {
    if (text == to_string(criterion)) return criterion;
  }
  fail_field("criterion", fmt::format("'{}'", text), "top1 or top5");
}

PolicyModel decode_model(const Fields& fields, int format) {
  PolicyModel model{fields.text("name"), fields.text("fingerprint"), fields.number("mean_ms"),
                    fields.number("p999_ms")};
  if (format > 2) model.mean_j = fields.optional_number("mean_j");
  return model;
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

PolicyInfo decode_info(const Fields& fields, int format) {
  PolicyInfo info;
  info.criterion = decode_criterion(fields.text("criterion"));
  for (const Fields& model : fields.objects("models")) info.models.push_back(decode_model(model, format));
  if (format > 2 && !fields.at("best").is_null()) info.best = decode_model(fields.object("best"), format);
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

json encode_body(const Cascade& policy) { return {{"thresholds", policy.parameters().thresholds}}; }

std::unique_ptr<Policy> decode_cascade(PolicyInfo info, const Fields& fields) {
  return make_cascade(std::move(info), {fields.numbers("thresholds")});
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
  const auto& parameters = policy.parameters();
  const auto& ids = parameters.ids.bytes();
  json choosers = json::array();
  for (const Chooser& chooser : parameters.choosers) {
    choosers.push_back(std::visit([](const auto& each) { return encode_chooser(each); }, chooser));
  }
  json body{{"form", parameters.form == PremodelForm::kChain ? kChain : kMulticlass},
            {"k", parameters.k},
            {"n_stages", parameters.n_stages},
            {"choosers", std::move(choosers)},
            {"fallback", parameters.fallback},
            {"minimum", to_binary<float>(parameters.minimum)},
            {"maximum", to_binary<float>(parameters.maximum)},
            {"rows", to_binary<float>(index_rows(policy))},
            {"optimum", to_binary<ModelIndex>(parameters.optimum)},
            {"ids", json::binary(Bytes(ids.begin(), ids.end()))},
            {"id_ends", to_binary<std::uint32_t>(parameters.ids.ends())},
            {"max_distance", nullptr},
            {"refuse_beyond", parameters.refuse_beyond}};
  if (std::isfinite(parameters.max_distance)) body["max_distance"] = parameters.max_distance;
  return body;
}

// What both formats have.
PremodelParameters decode_premodel_rows(const Fields& fields) {
  PremodelParameters model;
  model.k = fields.integer("k");
  model.n_stages = fields.count("n_stages");
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
  PremodelParameters model = decode_premodel_rows(fields);
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
  const auto& parameters = policy.parameters();
  return {{"selector", parameters.selector},
          {"chooses", to_binary<ModelIndex>(parameters.chooses)},
          {"fallback", parameters.fallback}};
}

std::unique_ptr<Policy> decode_selector(PolicyInfo info, const Fields& fields) {
  return make_selector(std::move(info), {fields.integer("selector"), fields.values<ModelIndex>("chooses"),
                                         fields.integer("fallback")});
}

json encode_setting(const AdaptiveSetting& setting) {
  json stages = json::array();
  for (const AdaptiveStage& stage : setting.stages) {
    stages.push_back({{"weights", stage.weights}, {"gain", stage.gain}});
  }
  return {{"price", setting.price},
          {"order", to_binary<ModelIndex>(setting.order)},
          {"stages", std::move(stages)},
          {"score", setting.score},
          {"cost", setting.cost}};
}

// It knew no numbers of each class, and had zeros in the last stage, where nothing is decided.
void read_as_format_3(AdaptiveSetting& setting, const Fields& fields) {
  for (std::size_t j = 0; j < setting.stages.size(); ++j) {
    const AdaptiveStage& stage = setting.stages[j];
    const std::string name = fmt::format("{}[{}]", fields.name("stages"), j);
    if (stage.weights.size() != j + 1) {
      fail_field(name + ".weights", stage.weights.size(), fmt::format("{} numbers", j + 1));
    }
    if (stage.gain.size() != 1 + kEvidenceNumbers) {
      fail_field(name + ".gain", stage.gain.size(), fmt::format("{} numbers", 1 + kEvidenceNumbers));
    }
  }
  if (!setting.stages.empty()) setting.stages.back().gain.clear();
}

AdaptiveSetting decode_setting(const Fields& fields, int format) {
  AdaptiveSetting setting;
  setting.price = fields.number("price");
  setting.order = fields.values<ModelIndex>("order");
  setting.score = fields.number("score");
  setting.cost = fields.number("cost");
  for (const Fields& stage : fields.objects("stages")) {
    setting.stages.push_back({stage.numbers("weights"), stage.numbers("gain")});
  }
  if (format == 3) read_as_format_3(setting, fields);
  return setting;
}

json encode_certificate(const Certificate& certificate) {
  return {{"max_loss", certificate.max_loss},       {"delta", certificate.delta},
          {"versus", certificate.versus},           {"inputs", certificate.inputs},
          {"inputs_hash", certificate.inputs_hash}, {"mean_loss", certificate.mean_loss},
          {"mean_ms", certificate.mean_ms},         {"labels_from", certificate.labels_from}};
}

Certificate decode_certificate(const Fields& fields) {
  Certificate certificate;
  certificate.max_loss = fields.number("max_loss");
  certificate.delta = fields.number("delta");
  certificate.versus = fields.text("versus");
  certificate.inputs = fields.count("inputs");
  certificate.inputs_hash = fields.text("inputs_hash");
  certificate.mean_loss = fields.number("mean_loss");
  certificate.mean_ms = fields.number("mean_ms");
  certificate.labels_from = fields.text("labels_from");
  return certificate;
}

json encode_body(const Adaptive& policy) {
  const auto& parameters = policy.parameters();
  json settings = json::array();
  for (const AdaptiveSetting& setting : parameters.settings) settings.push_back(encode_setting(setting));
  json body{{"cost", parameters.costs_energy ? "energy" : "time"},
            {"settings", std::move(settings)},
            {"chosen", parameters.chosen},
            {"trained_on", to_binary<std::uint64_t>(parameters.trained_on)},
            {"certificate", nullptr}};
  if (parameters.certificate) body["certificate"] = encode_certificate(*parameters.certificate);
  return body;
}

std::unique_ptr<Policy> decode_adaptive(PolicyInfo info, const Fields& fields, int format) {
  AdaptiveParameters model;
  const std::string& cost = fields.text("cost");
  if (cost != "time" && cost != "energy")
    fail_field("adaptive.cost", fmt::format("'{}'", cost), "time or energy");
  model.costs_energy = cost == "energy";
  for (const Fields& setting : fields.objects("settings")) {
    model.settings.push_back(decode_setting(setting, format));
  }
  model.chosen = fields.count("chosen");
  if (format > 3) {
    model.trained_on = fields.values<std::uint64_t>("trained_on");
  } else {  // the upper halves
    for (const std::uint32_t hash : fields.values<std::uint32_t>("trained_on")) {
      model.trained_on.push_back(std::uint64_t{hash} << 32);
    }
  }
  if (!fields.at("certificate").is_null())
    model.certificate = decode_certificate(fields.object("certificate"));
  return make_adaptive(std::move(info), std::move(model));
}

json encode_body(const Policy& policy) {
  if (const auto* adaptive = dynamic_cast<const Adaptive*>(&policy)) return encode_body(*adaptive);
  if (const auto* single = dynamic_cast<const Single*>(&policy)) return encode_body(*single);
  if (const auto* cascade = dynamic_cast<const Cascade*>(&policy)) return encode_body(*cascade);
  if (const auto* selector = dynamic_cast<const Selector*>(&policy)) return encode_body(*selector);
  const auto* premodel = dynamic_cast<const Premodel*>(&policy);
  TRIAGE_CHECK(premodel != nullptr);
  return encode_body(*premodel);
}

std::unique_ptr<Policy> decode_payload(const json& payload, int format) {
  const Fields fields(payload, "");
  // From format 3 on it stands under the checksum too: a damaged number must not have another format's eyes
  // read.
  if (const int inner = format > 2 || fields.has("format") ? fields.integer("format") : format;
      inner != format) {
    fail_field("format", format, fmt::format("{}, as in the payload; the file is damaged", inner));
  }
  PolicyInfo info = decode_info(fields, format);
  const std::string& kind = fields.text("kind");
  if (kind == "single") return decode_single(std::move(info), fields.object(kind));
  if (kind == "cascade") return decode_cascade(std::move(info), fields.object(kind));
  if (kind == "premodel") return decode_premodel(std::move(info), fields.object(kind), format);
  if (kind == "selector" && format > 1) return decode_selector(std::move(info), fields.object(kind));
  if (kind == "adaptive" && format > 2) return decode_adaptive(std::move(info), fields.object(kind), format);
  fail_field("kind", fmt::format("'{}'", kind), "single, premodel, selector, cascade or adaptive");
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
  payload["format"] = kPolicyFormat;
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
