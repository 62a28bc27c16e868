#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "import/aslib_description.h"
#include "import/aslib_features.h"
#include "import/aslib_folds.h"
#include "import/aslib_runs.h"
#include "profile/outcomes.h"
#include "triage/error.h"
#include "triage/tools/import_aslib.h"

namespace triage {
namespace {

void expect_costs_in_seconds(const Terms& terms, const AslibDescription& description) {
  if (terms.cost_unit == "s") return;
  throw Error(
      ErrorCode::kUsage,
      fmt::format("scenario '{}': feature_costs are seconds, expected a scenario whose runs have times, "
                  "since these count in {}; leave them out",
                  description.id, terms.cost_unit));
}

AslibSummary summary_of(const AslibRuns& runs, const AslibOutcomes& outcomes, const AslibFeatures& features,
                        const std::vector<std::int32_t>& folds) {
  AslibSummary summary;
  summary.instances = runs.instances.size();
  summary.algorithms = runs.algorithms.size();
  summary.features = features.schema.size();
  summary.groups = features.schema.groups.size();
  const std::set<std::int32_t> distinct(folds.begin(), folds.end());
  summary.folds = distinct.size();
  summary.missing_cells =
      static_cast<std::size_t>(std::count(outcomes.cells.begin(), outcomes.cells.end(), std::nullopt));
  for (const std::vector<float>& values : features.values) {
    const bool has_none = std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v); });
    summary.without_features += has_none ? 1 : 0;
  }
  summary.terms = outcomes.terms;
  return summary;
}

void write_scenario(const OutcomeHeader& header, const AslibRuns& runs, const AslibOutcomes& outcomes,
                    const AslibFeatures& features, const std::vector<std::int32_t>& folds,
                    const std::filesystem::path& out) {
  OutcomeWriter writer(out, header);
  const std::size_t n_algorithms = runs.algorithms.size();
  for (std::size_t i = 0; i < runs.instances.size(); ++i) {
    const std::int64_t input = writer.add_input({.id = runs.instances.names()[i],
                                                 .group = "",
                                                 .fold = folds[i],
                                                 .features = features.values[i],
                                                 .feature_costs = features.costs[i]});
    for (std::size_t a = 0; a < n_algorithms; ++a) {
      const std::optional<OutcomeCell>& cell = outcomes.cells[i * n_algorithms + a];
      if (cell) writer.add_cell(input, static_cast<ModelIndex>(a), *cell);
    }
  }
  writer.finish();
}

}  // namespace

AslibSummary import_aslib(const std::filesystem::path& folder, const AslibOptions& options,
                          const std::filesystem::path& out) {
  const AslibDescription description = read_aslib_description(folder);
  const AslibMeasure& measure = measure_named(description, options.measure);
  const AslibRuns runs = read_aslib_runs(folder, description, measure);
  const AslibOutcomes outcomes = outcomes_of(runs, measure, description.cutoff, folder);
  if (options.feature_costs) expect_costs_in_seconds(outcomes.terms, description);
  const std::vector<std::int32_t> folds = read_aslib_folds(folder, runs.instances, options.cv_repetition);
  const AslibFeatures features =
      read_aslib_features(folder, description.steps, runs.instances, options.feature_costs);
  OutcomeHeader header;
  header.source = description.id;
  header.terms = outcomes.terms;
  header.models = runs.algorithms.names();
  header.schema = features.schema;
  header.has_folds = true;
  write_scenario(header, runs, outcomes, features, folds, out);
  return summary_of(runs, outcomes, features, folds);
}

}  // namespace triage
