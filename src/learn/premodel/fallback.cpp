#include "learn/premodel/fallback.h"

#include <fmt/format.h>

#include <algorithm>

#include "triage/error.h"
#include "triage/tools/rows.h"

namespace triage {

void check_fallback(const Table& table, std::string_view fallback) {
  if (fallback == "best" || fallback == "refuse" || table.find(fallback) != kNoModel) return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("`fallback`: '{}', expected best, refuse or a model of the profile; see its names in "
                  "'triage zoo list'",
                  fallback));
}

ModelIndex find_fallback(const Table& table, std::span<const ModelIndex> selected,
                         std::span<const double> scores, std::span<const double> costs,
                         std::string_view fallback) {
  check_fallback(table, fallback);
  if (fallback == "refuse") return kNoModel;
  if (fallback != "best") return table.find(fallback);
  std::vector<double> selected_scores, selected_costs;
  for (const ModelIndex model : selected) {
    selected_scores.push_back(scores[static_cast<std::size_t>(model)]);
    selected_costs.push_back(costs[static_cast<std::size_t>(model)]);
  }
  return selected[static_cast<std::size_t>(single_best(selected_scores, selected_costs))];
}

ModelIndex add_fallback(std::vector<ModelIndex>& models, ModelIndex fallback) {
  if (fallback == kNoModel) return kNoModel;
  const auto found = std::find(models.begin(), models.end(), fallback);
  const auto position = found - models.begin();
  if (found == models.end()) models.push_back(fallback);
  return static_cast<ModelIndex>(position);
}

}  // namespace triage
