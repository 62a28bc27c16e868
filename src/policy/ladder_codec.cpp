// Ladders: what is usual, whose answer is taken, and a setting for each price.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

json encode_functions(const std::vector<LinearFunction>& all) {
  json out = json::array();
  for (const LinearFunction& function : all) out.push_back(to_binary<double>(function));
  return out;
}

std::vector<LinearFunction> decode_functions(const json& all, const std::string& field) {
  if (!all.is_array()) fail_field(field, all.type_name(), "an array");
  std::vector<LinearFunction> out;
  for (const json& function : all) {
    if (!function.is_binary()) fail_field(field, function.type_name(), "bytes");
    out.push_back(from_binary<double>(function.get_binary(), field));
  }
  return out;
}

}  // namespace

json encode_body(const Ladder& policy) {
  const LadderParameters& parameters = policy.parameters();
  const LadderShape& shape = parameters.shape;
  json quality = json::array(), settings = json::array();
  for (const auto& looks : parameters.answering.quality) quality.push_back(encode_functions(looks));
  for (const LadderSetting& setting : parameters.settings) {
    settings.push_back({{"price", setting.price},
                        {"score", setting.score},
                        {"cost", setting.cost},
                        {"gains", encode_functions(setting.gains)}});
  }
  json body{{"n_features", shape.n_features},
            {"answers", shape.answers},
            {"signals", shape.signals},
            {"products", shape.products},
            {"n_answers", shape.n_answers},
            {"usual_features", to_binary<float>(parameters.usual_features)},
            {"usual_signals", to_binary<float>(parameters.usual_signals)},
            {"right", encode_functions(parameters.answering.right)},
            {"quality", std::move(quality)},
            {"settings", std::move(settings)},
            {"chosen", parameters.chosen}};
  if (parameters.unit != kTimeCost) body["cost"] = to_string(parameters.unit);
  add_certificate(parameters.certificate, body);
  return body;
}

std::unique_ptr<Policy> decode_ladder(PolicyInfo info, const Fields& body) {
  LadderParameters parameters;
  parameters.shape.n_features = body.count("n_features");
  parameters.shape.answers = body.boolean("answers");
  parameters.shape.signals = body.boolean("signals");
  // Older files have none.
  parameters.shape.products = body.has("products") && body.boolean("products");
  parameters.shape.n_answers = body.number("n_answers");
  parameters.usual_features = body.values<float>("usual_features");
  parameters.usual_signals = body.values<float>("usual_signals");
  parameters.answering.right = decode_functions(body.at("right"), body.name("right"));
  for (const json& looks : body.array("quality")) {
    parameters.answering.quality.push_back(decode_functions(looks, body.name("quality")));
  }
  for (const Fields& setting : body.objects("settings")) {
    parameters.settings.push_back({{setting.number("price"), setting.number("score"), setting.number("cost")},
                                   decode_functions(setting.at("gains"), setting.name("gains"))});
  }
  parameters.chosen = body.count("chosen");
  parameters.unit = body.cost_or_time("cost");
  parameters.certificate = decode_certificate(body);
  return make_ladder(std::move(info), std::move(parameters));
}

}  // namespace triage
