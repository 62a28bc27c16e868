#include "profile/label_mapping_text.h"

#include <nlohmann/json.hpp>

namespace triage {
namespace {

std::optional<LabelsBy> labels_by_of(std::string_view word) {
  for (const LabelsBy by : {LabelsBy::kNothing, LabelsBy::kName, LabelsBy::kNumber, LabelsBy::kNumberFrom1,
                            LabelsBy::kPosition}) {
    if (labels_by_word(by) == word) return by;
  }
  return {};
}

}  // namespace

std::string label_mapping_text(const LabelMapping& mapping) {
  nlohmann::json examples = nlohmann::json::array();
  for (const auto& [text, label] : mapping.examples) examples.push_back({text, label});
  const nlohmann::json json{
      {"by", labels_by_word(mapping.by)}, {"classes", mapping.n_classes}, {"examples", std::move(examples)}};
  // Names of folders are bytes, and may be of any encoding.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<LabelMapping> parse_label_mapping(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  try {
    LabelMapping mapping;
    const auto by = labels_by_of(json.at("by").get<std::string>());
    if (!by) return {};
    mapping.by = *by;
    mapping.n_classes = json.at("classes").get<std::size_t>();
    for (const auto& example : json.at("examples")) {
      mapping.examples.emplace_back(example.at(0).get<std::string>(), example.at(1).get<Label>());
    }
    return mapping;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

}  // namespace triage
