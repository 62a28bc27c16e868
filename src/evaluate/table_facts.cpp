#include "evaluate/table_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace triage {

void add_table_warnings(const Table& table, std::vector<Warning>& warnings) {
  if (!table.labels_from.empty()) warnings.push_back({.kind = WarningKind::kLabelsOfModel});
  if (const AtChance weak = models_at_chance(table); !weak.models.empty()) {
    std::vector<std::string> names;
    for (const ModelIndex model : weak.models) {
      names.push_back(table.models[static_cast<std::size_t>(model)].name);
    }
    warnings.push_back({.kind = WarningKind::kAtChance,
                        .inputs = table.n_inputs(),
                        .share = weak.chance,
                        .text = fmt::format("{}", fmt::join(names, ", "))});
  }
  if (table.n_failed > 0) {
    warnings.push_back({.kind = WarningKind::kFailedInputs, .inputs = table.n_failed});
  }
}

void set_table_facts(const Table& table, const EvaluateOptions& options, Evaluation& evaluation) {
  const auto rows = all_rows(table);
  const auto costs = mean_costs(table, rows);
  const auto models = all_models(table);
  evaluation.criterion = options.criterion;
  evaluation.terms = table.terms;
  evaluation.seed = options.seed;
  evaluation.resamples = options.resamples;
  evaluation.theta = options.premodel.theta;
  evaluation.n_inputs = table.n_inputs();
  evaluation.n_failed = table.n_failed;
  evaluation.n_classes = table.n_classes;
  evaluation.labels_from = table.labels_from;
  evaluation.machine = table.machine;
  evaluation.imported = !table.scores.empty();
  evaluation.timing = table.timing;
  evaluation.times_note = table.times_note;
  evaluation.energy = table.energy.note;
  for (const TableModel& model : table.models) evaluation.models.push_back(model.name);
  evaluation.optimum_share.assign(table.n_models() + 1, 0.0);
  for (const std::uint32_t i : rows) {
    const ModelIndex best = optimum(table, i, models, costs, options.criterion);
    evaluation.optimum_share[best == kNoModel ? table.n_models() : static_cast<std::size_t>(best)] +=
        1.0 / static_cast<double>(rows.size());
  }
  evaluation.selection = select_models(table, rows, options.criterion, options.premodel.theta);
  add_table_warnings(table, evaluation.warnings);
}

}  // namespace triage
