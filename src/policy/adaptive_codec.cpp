// Adaptive policies: a setting for each price.
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
  add_certificate(parameters.certificate, body);
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
  model.certificate = decode_certificate(fields);
  return make_adaptive(std::move(info), std::move(model));
}

}  // namespace triage
