// How labels became classes, and what speaks against it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "triage/tools/report.h"

namespace triage {
namespace {

std::string_view by_what(LabelsBy by) {
  switch (by) {
    case LabelsBy::kName:
      return "name";
    case LabelsBy::kNumber:
      return "number";
    case LabelsBy::kNumberFrom1:
      return "number, counted from 1";
    case LabelsBy::kPosition:
      return "place in the alphabet";
    case LabelsBy::kNothing:
      break;
  }
  return {};
}

}  // namespace

std::string label_mapping_line(const LabelMapping& mapping, std::span<const std::string> names) {
  if (mapping.by == LabelsBy::kNothing) return {};
  std::vector<std::string> examples;
  for (const auto& [text, label] : mapping.examples) {
    const auto index = static_cast<std::size_t>(label);
    const bool other_name = label >= 0 && index < names.size() && names[index] != text;
    examples.push_back(other_name ? fmt::format("'{}' is {} ({})", text, label, names[index])
                                  : fmt::format("'{}' is {}", text, label));
  }
  return fmt::format("labels by {}, {} class{}: {}", by_what(mapping.by), mapping.n_classes,
                     mapping.n_classes == 1 ? "" : "es", fmt::join(examples, ", "));
}

std::string at_chance_sentence(std::string_view models, std::size_t n_inputs, double chance) {
  return fmt::format(
      "right no more often than guessing ({:.4g} % of {} inputs): {}; usual causes: labels that count from 1 "
      "or are of "
      "other classes, sub-folders in another order than the models' classes, a wrong recipe (colour order, "
      "mean, scale)",
      100 * chance, n_inputs, models);
}

}  // namespace triage
