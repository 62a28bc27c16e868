// Made-up tables as somebody brings them: scores and costs of three models, two features in a group, no
// labels.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "base/hash.h"
#include "triage/tools/table.h"

namespace triage::testing {

// The rest of a table of which `score_and_cost(skill of the model, hardness of the input)` tells the cells;
// the first feature is the hardness, the second nothing.
template <class Cell>
Table imported_table(std::size_t n, const Terms& terms, const Cell& score_and_cost) {
  Random random(1);
  Table table;
  table.terms = terms;
  table.machine = "made.csv";
  table.schema.groups = {"all"};
  table.schema.features = {{"hardness", 0, 0}, {"noise", 0, 0}};
  for (const char* name : {"small", "medium", "large"})
    table.models.push_back({ModelId(name, ""), "", "", 0});
  table.recipe_of.assign(3, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const double hardness = random.uniform();
    table.ids.push_back("made/" + std::to_string(i));
    table.labels.push_back(kNoLabel);
    for (const double skill : {0.3, 0.6, 0.9}) {
      const auto [score, cost] = score_and_cost(skill, hardness);
      table.scores.push_back(static_cast<float>(score));
      table.infer_ms.push_back(static_cast<float>(cost));
    }
    table.features.push_back(static_cast<float>(hardness));
    table.features.push_back(static_cast<float>(random.uniform()));
  }
  table.node_ms.assign(n, 0);
  table.preprocess_ms.assign(n, 0);
  table.decode_ms.assign(n, 0);
  return table;
}

// Solvers with a cutoff of 100 s: the small one is the fastest where inputs are easy, and fails on hard ones.
inline Table run_time_table(std::size_t n) {
  const Terms terms{
      .score = "PAR10", .worst = 1000, .best = 0, .score_unit = "s", .cost_unit = "s", .cutoff = 100};
  return imported_table(n, terms, [&](double skill, double hardness) {
    const double cost = std::min(100.0, 60 * skill * (0.5 + hardness));
    const bool is_solved = hardness < skill;
    return std::pair(terms.score_of_time(cost, is_solved), is_solved ? cost : 100.0);
  });
}

// Language models with a quality in percent and a bill in dollars.
inline Table dollar_table(std::size_t n) {
  const Terms terms{.score = "quality", .cost_unit = "usd"};
  return imported_table(n, terms, [](double skill, double hardness) {
    return std::pair(std::clamp(0.5 + skill - hardness, 0.0, 1.0), 0.001 * skill * skill);
  });
}

}  // namespace triage::testing
