// What every policy file has.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

json encode_model(const PolicyModel& model) {
  return {{"name", model.name},
          {"fingerprint", model.fingerprint},
          {"mean_ms", model.mean_ms},
          {"p999_ms", model.p999_ms},
          {"mean_j", optional_number(model.mean_j)}};
}

PolicyModel decode_model(const Fields& fields, int format) {
  PolicyModel model{
      {fields.text("name"), fields.text("fingerprint")}, fields.number("mean_ms"), fields.number("p999_ms")};
  if (format > 2) model.mean_j = fields.number_or_nan("mean_j");
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

}  // namespace

json encode_info(const PolicyInfo& info) {
  json models = json::array(), features = json::array();
  for (const auto& model : info.models) models.push_back(encode_model(model));
  for (const auto& feature : info.schema.features) {
    features.push_back({{"name", feature.name}, {"version", feature.version}});
  }
  return {{"criterion", to_string(info.criterion)},
          {"models", std::move(models)},
          {"schema", {{"working_px", info.schema.working_px}, {"features", std::move(features)}}},
          {"n_classes", info.n_classes},
          {"machine", info.machine},
          {"training", encode_training(info.training)},
          {"best", info.best.name.empty() ? json(nullptr) : encode_model(info.best)}};
}

PolicyInfo decode_info(const Fields& fields, int format) {
  PolicyInfo info;
  info.criterion = fields.one_of("criterion", {Criterion::kTop1, Criterion::kTop5});
  for (const Fields& model : fields.objects("models")) info.models.push_back(decode_model(model, format));
  if (format > 2 && !fields.at("best").is_null()) info.best = decode_model(fields.object("best"), format);
  info.schema = decode_schema(fields.object("schema"));
  info.n_classes = fields.integer("n_classes");
  info.machine = fields.text("machine");
  info.training =
      format > 4 ? decode_training(fields.object("training")) : decode_old_training(fields.array("training"));
  return info;
}

}  // namespace triage
