// Adaptive policies: a setting for each price, and the certificate.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

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

// Format 3 had no evidence numbers of single classes, and stored zeros as the last stage's gain, which
// decides nothing.
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
  json body{{"max_loss", certificate.max_loss},       {"delta", certificate.delta},
            {"versus", certificate.versus},           {"inputs", certificate.inputs},
            {"inputs_hash", certificate.inputs_hash}, {"mean_loss", certificate.mean_loss},
            {"mean_ms", certificate.mean_ms},         {"labels_from", certificate.labels_from}};
  if (certificate.per.empty()) return body;
  body["per"] = certificate.per;
  body["groups"] = certificate.groups;
  body["groups_left_out"] = certificate.groups_left_out;
  return body;
}

std::vector<std::string> decode_names(const Fields& fields, std::string_view key) {
  std::vector<std::string> names;
  for (const json& name : fields.array(key)) {
    if (!name.is_string()) fail_field(fields.name(key), name.type_name(), "texts");
    names.push_back(name.get<std::string>());
  }
  return names;
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
  if (!fields.has("per")) return certificate;
  certificate.per = fields.text("per");
  certificate.groups = fields.count("groups");
  certificate.groups_left_out = decode_names(fields, "groups_left_out");
  return certificate;
}

// Before format 5 the hashes were here, not in `training`; format 3 stored their upper 32 bits only.
std::vector<std::uint64_t> old_hashes(const Fields& fields, int format) {
  if (format > 3) return fields.values<std::uint64_t>("trained_on");
  std::vector<std::uint64_t> hashes;
  for (const std::uint32_t hash : fields.values<std::uint32_t>("trained_on")) {
    hashes.push_back(std::uint64_t{hash} << 32);
  }
  return hashes;
}

}  // namespace

json encode_body(const Adaptive& policy) {
  const auto& parameters = policy.parameters();
  json settings = json::array();
  for (const AdaptiveSetting& setting : parameters.settings) settings.push_back(encode_setting(setting));
  json body{{"cost", to_string(parameters.unit)},
            {"settings", std::move(settings)},
            {"chosen", parameters.chosen},
            {"certificate", nullptr}};
  if (parameters.certificate) body["certificate"] = encode_certificate(*parameters.certificate);
  return body;
}

std::unique_ptr<Policy> decode_adaptive(PolicyInfo info, const Fields& fields, int format) {
  AdaptiveParameters model;
  model.unit = fields.cost("cost");
  for (const Fields& setting : fields.objects("settings")) {
    model.settings.push_back(decode_setting(setting, format));
  }
  model.chosen = fields.count("chosen");
  if (format < 5) info.training.input_hashes = old_hashes(fields, format);
  if (!fields.at("certificate").is_null())
    model.certificate = decode_certificate(fields.object("certificate"));
  return make_adaptive(std::move(info), std::move(model));
}

}  // namespace triage
