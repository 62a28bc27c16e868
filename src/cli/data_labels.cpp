#include "cli/data_labels.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "triage/tools/report.h"

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

void warn_of_chance(std::span<const std::string> names, std::size_t n_models, std::size_t n_inputs,
                    double chance) {
  if (names.empty()) return;
  const bool all = n_models > 1 && names.size() == n_models;
  const std::string models = all ? "every model" : fmt::format("{}", fmt::join(names, ", "));
  warn(printable(at_chance_sentence(models, n_inputs, chance)));
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
