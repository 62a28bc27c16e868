// Costs and lookups of a table.
#include "triage/tools/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace triage {

std::string_view to_string(TimingMode mode) { return mode == TimingMode::kCheap ? "cheap" : "exhaustive"; }

const TopK& Table::output(std::size_t input, ModelIndex model) const {
  static const TopK kNone;
  return outputs.empty() ? kNone : outputs[at(input, model)];
}

bool Table::is_complete(std::size_t input) const {
  if (scores.empty()) return true;
  const auto first = scores.begin() + static_cast<std::ptrdiff_t>(input * n_models());
  return std::none_of(first, first + static_cast<std::ptrdiff_t>(n_models()),
                      [](float score) { return std::isnan(score); });
}

ModelIndex Table::find(std::string_view name) const {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].name == name) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

ModelIndex Table::find_selector(std::string_view name) const {
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    if (selectors[i].name == name) return static_cast<ModelIndex>(i);
  }
  return kNoModel;
}

double Table::selector_cost_ms(std::size_t input, ModelIndex selector) const {
  const auto s = static_cast<std::size_t>(selector);
  const auto recipe = static_cast<std::size_t>(selector_recipe_of[s]);
  return static_cast<double>(preprocess_ms[input * n_recipes() + recipe]) +
         static_cast<double>(selector_ms[input * selectors.size() + s]);
}

double Table::selector_cost_j(ModelIndex selector) const {
  const auto s = static_cast<std::size_t>(selector);
  if (energy.selector_j.empty() || energy.preprocess_j.empty()) return kNotMeasured;
  return energy.selector_j[s] + energy.preprocess_j[static_cast<std::size_t>(selector_recipe_of[s])];
}

}  // namespace triage
