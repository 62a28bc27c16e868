// What calibration has shown, in the part of the kind that holds it.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {
namespace {

using nlohmann::json;

json encode_promise(const Certificate& certificate) {
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

Certificate decode_promise(const Fields& fields) {
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
  certificate.groups_left_out = fields.texts("groups_left_out");
  return certificate;
}

}  // namespace

void add_certificate(const std::optional<Certificate>& certificate, json& body) {
  if (certificate) body["certificate"] = encode_promise(*certificate);
}

std::optional<Certificate> decode_certificate(const Fields& body) {
  if (!body.has("certificate") || body.at("certificate").is_null()) return std::nullopt;
  return decode_promise(body.object("certificate"));
}

}  // namespace triage
