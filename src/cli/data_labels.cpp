#include "cli/data_labels.h"

#include <nlohmann/json.hpp>

#include "cli/cli.h"

namespace triage::cli {

void add_first_label_option(CLI::App& command, std::optional<Label>& first_label) {
  command
      .add_option("--first-label", first_label,
                  "Number of the first class where labels are numbers (default: 0, or 1 where they run up to "
                  "the number "
                  "of classes)")
      ->check(CLI::IsMember({0, 1}))
      ->type_name("0|1");
}

void warn_of_labels(const LabelMapping& mapping) {
  for (const std::string& text : mapping.warnings) warn(printable(text));
  for (const std::string& text : mapping.notes) say("triage: {}\n", printable(text));
}

nlohmann::json label_mapping_json(const LabelMapping& mapping) {
  nlohmann::json examples = nlohmann::json::array();
  for (const auto& [text, label] : mapping.examples) examples.push_back({{"text", text}, {"class", label}});
  return {{"by", labels_by_word(mapping.by)},
          {"classes", mapping.n_classes},
          {"examples", std::move(examples)},
          {"warnings", mapping.warnings},
          {"notes", mapping.notes}};
}

}  // namespace triage::cli
