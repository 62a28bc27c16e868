// What every policy file has.
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

json encode_model(const PolicyModel& model) {
  json fields{{"name", model.name},
              {"fingerprint", model.fingerprint},
              {"mean_ms", model.mean_ms},
              {"p999_ms", model.p999_ms},
              {"mean_j", optional_number(model.mean_j)}};
  // Left out where they are not known, as in the files of the first versions of this format.
  for (const auto& [key, ms] :
       {std::pair{"p50_ms", model.p50_ms}, {"p90_ms", model.p90_ms}, {"p99_ms", model.p99_ms}}) {
    if (!std::isnan(ms)) fields[key] = ms;
  }
  if (model.precision != Precision::kF32) fields["precision"] = to_string(model.precision);
  return fields;
}

PolicyModel decode_model(const Fields& fields, int format) {
  // One by one: GCC 12 frees members of the base twice when a later one of a list throws.
  PolicyModel model;
  model.name = fields.text("name");
  model.fingerprint = fields.text("fingerprint");
  model.mean_ms = fields.number("mean_ms");
  model.p999_ms = fields.number("p999_ms");
  if (fields.has("precision")) {
    model.precision =
        fields.one_of("precision", {Precision::kF32, Precision::kBf16, Precision::kF16, Precision::kI8});
  }
  if (format > 2) model.mean_j = fields.number_or_nan("mean_j");
  const auto newer = [&](std::string_view key) {
    return fields.has(key) ? fields.number(key) : kNotMeasured;
  };
  model.p50_ms = newer("p50_ms");
  model.p90_ms = newer("p90_ms");
  model.p99_ms = newer("p99_ms");
  return model;
}

FeatureSchema decode_schema(const Fields& fields) {
  FeatureSchema schema;
  schema.working_px = fields.integer("working_px");
  for (const json& value : fields.array("features")) {
    const Fields feature(value, fmt::format("schema.features[{}]", schema.size()));
    schema.features.push_back({feature.text("name"), feature.integer("version"),
                               feature.has("group") ? feature.count("group") : 0});
  }
  if (fields.has("groups")) schema.groups = fields.texts("groups");
  return schema;
}

json encode_schema(const FeatureSchema& schema) {
  json features = json::array();
  for (const auto& feature : schema.features) {
    json& fields = features.emplace_back(json{{"name", feature.name}, {"version", feature.version}});
    if (!schema.groups.empty()) fields["group"] = feature.group;
  }
  json fields{{"working_px", schema.working_px}, {"features", std::move(features)}};
  if (!schema.groups.empty()) fields["groups"] = schema.groups;
  return fields;
}

json encode_terms(const Terms& terms) {
  return {{"score", terms.score},           {"worst", terms.worst},         {"best", terms.best},
          {"score_unit", terms.score_unit}, {"cost_unit", terms.cost_unit}, {"cutoff", terms.cutoff}};
}

Terms decode_terms(const Fields& fields) {
  Terms terms;
  terms.score = fields.text("score");
  terms.worst = fields.number("worst");
  terms.best = fields.number("best");
  terms.score_unit = fields.text("score_unit");
  terms.cost_unit = fields.text("cost_unit");
  terms.cutoff = fields.number("cutoff");
  return terms;
}

json encode_reuse(const LearnedReuse& reuse) {
  return {{"limit", reuse.rule.limit}, {"max_age", reuse.rule.max_age},   {"max_loss", reuse.max_loss},
          {"loss", reuse.loss},        {"ran_share", reuse.ran_share},    {"sequences", reuse.sequences},
          {"frames", reuse.frames},    {"labels_from", reuse.labels_from}};
}

LearnedReuse decode_reuse(const Fields& fields) {
  LearnedReuse reuse;
  reuse.rule.limit = fields.number("limit");
  if (!(reuse.rule.limit >= 0 && reuse.rule.limit <= 255))
    fail_field(fields.name("limit"), reuse.rule.limit, "0 to 255");
  reuse.rule.max_age = fields.integer("max_age");
  if (reuse.rule.max_age < 1) fail_field(fields.name("max_age"), reuse.rule.max_age, "1 or more");
  reuse.max_loss = fields.number("max_loss");
  reuse.loss = fields.number("loss");
  reuse.ran_share = fields.number("ran_share");
  reuse.sequences = fields.count("sequences");
  reuse.frames = fields.count("frames");
  reuse.labels_from = fields.text("labels_from");
  return reuse;
}

}  // namespace

json encode_info(const PolicyInfo& info) {
  json models = json::array();
  for (const auto& model : info.models) models.push_back(encode_model(model));
  json payload{{"criterion", to_string(info.criterion)},
               {"models", std::move(models)},
               {"schema", encode_schema(info.schema)},
               {"n_classes", info.n_classes},
               {"machine", info.machine},
               {"training", encode_training(info.training)},
               {"best", info.best.name.empty() ? json(nullptr) : encode_model(info.best)}};
  if (info.terms != Terms{}) payload["terms"] = encode_terms(info.terms);
  if (!info.trained_on.empty()) payload["trained_on"] = info.trained_on;
  if (!info.label_names.empty()) payload["class_names"] = info.label_names;
  if (info.reuse) payload["reuse"] = encode_reuse(*info.reuse);
  if (info.text != nullptr) payload["text"] = encode_text(*info.text);
  return payload;
}

PolicyInfo decode_info(const Fields& fields, int format) {
  PolicyInfo info;
  info.criterion = fields.one_of("criterion", {Criterion::kTop1, Criterion::kTop5});
  for (const Fields& model : fields.objects("models")) info.models.push_back(decode_model(model, format));
  if (format > 2 && !fields.at("best").is_null()) info.best = decode_model(fields.object("best"), format);
  info.schema = decode_schema(fields.object("schema"));
  info.n_classes = fields.integer("n_classes");
  info.machine = fields.text("machine");
  if (fields.has("terms")) info.terms = decode_terms(fields.object("terms"));
  if (fields.has("trained_on")) info.trained_on = fields.text("trained_on");
  if (fields.has("class_names")) info.label_names = fields.texts("class_names");
  if (fields.has("reuse")) info.reuse = decode_reuse(fields.object("reuse"));
  if (fields.has("text")) info.text = decode_text(fields.object("text"));
  info.training =
      format > 4 ? decode_training(fields.object("training")) : decode_old_training(fields.array("training"));
  return info;
}

}  // namespace triage
