// The kinds that have little to write: single, cascade and selector.
#include <nlohmann/json.hpp>

#include "policy/kind_codecs.h"

namespace triage {

using nlohmann::json;

json encode_body(const Single& policy) { return {{"model", policy.model()}}; }

std::unique_ptr<Policy> decode_single(PolicyInfo info, const Fields& fields) {
  return make_single(std::move(info), fields.integer("model"));
}

json encode_body(const Cascade& policy) { return {{"thresholds", policy.parameters().thresholds}}; }

std::unique_ptr<Policy> decode_cascade(PolicyInfo info, const Fields& fields) {
  return make_cascade(std::move(info), {fields.numbers("thresholds")});
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

}  // namespace triage
