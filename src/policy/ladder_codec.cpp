// Ladders: what is usual, whose answer is taken, and a setting for each price.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;
using Weights = std::vector<double>;

json encode_weights(const std::vector<Weights>& all) {
  json out = json::array();
  for (const Weights& weights : all) out.push_back(to_binary<double>(weights));
  return out;
}

std::vector<Weights> decode_weights(const json& all, const std::string& field) {
  if (!all.is_array()) fail_field(field, all.type_name(), "an array");
  std::vector<Weights> out;
  for (const json& weights : all) {
    if (!weights.is_binary()) fail_field(field, weights.type_name(), "bytes");
    out.push_back(from_binary<double>(weights.get_binary(), field));
  }
  return out;
}

}  // namespace

json encode_body(const Ladder& policy) {
  const LadderParameters& parameters = policy.parameters();
  const LadderShape& shape = parameters.shape;
  json quality = json::array(), settings = json::array();
  for (const auto& looks : parameters.quality) quality.push_back(encode_weights(looks));
  for (const LadderSetting& setting : parameters.settings) {
    settings.push_back({{"price", setting.price},
                        {"score", setting.score},
                        {"cost", setting.cost},
                        {"gains", encode_weights(setting.gains)}});
  }
  return {{"n_features", shape.n_features},
          {"answers", shape.answers},
          {"signals", shape.signals},
          {"n_answers", shape.n_answers},
          {"usual_features", to_binary<float>(parameters.usual_features)},
          {"usual_signals", to_binary<float>(parameters.usual_signals)},
          {"right", encode_weights(parameters.right)},
          {"quality", std::move(quality)},
          {"settings", std::move(settings)},
          {"chosen", parameters.chosen}};
}

std::unique_ptr<Policy> decode_ladder(PolicyInfo info, const Fields& body) {
  LadderParameters parameters;
  parameters.shape.n_features = body.count("n_features");
  parameters.shape.answers = body.boolean("answers");
  parameters.shape.signals = body.boolean("signals");
  parameters.shape.n_answers = body.number("n_answers");
  parameters.usual_features = body.values<float>("usual_features");
  parameters.usual_signals = body.values<float>("usual_signals");
  parameters.right = decode_weights(body.at("right"), body.name("right"));
  for (const json& looks : body.array("quality")) {
    parameters.quality.push_back(decode_weights(looks, body.name("quality")));
  }
  for (const Fields& setting : body.objects("settings")) {
    parameters.settings.push_back({setting.number("price"), setting.number("score"), setting.number("cost"),
                                   decode_weights(setting.at("gains"), setting.name("gains"))});
  }
  parameters.chosen = body.count("chosen");
  return make_ladder(std::move(info), std::move(parameters));
}

}  // namespace triage
