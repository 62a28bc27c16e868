// The report's sections, each from an evaluation alone; evaluation_html.cpp puts them together.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/markup.h"
#include "triage/tools/evaluate.h"

namespace triage {

// Colour classes: of a frontier, and of a method among others.
[[nodiscard]] std::string frontier_css(const Frontier& frontier);
[[nodiscard]] std::string method_css(MethodId method);

// Score against time: every method and frontier with its intervals, the zero router.
[[nodiscard]] Markup scatter_figure(const Evaluation& evaluation);
// Score above the zero router by time, a panel a frontier, with simultaneous bands; empty without frontiers.
[[nodiscard]] Markup above_router_figure(const Evaluation& evaluation);
// Share of right answers by confidence, a panel a method; empty without confidences.
[[nodiscard]] Markup reliability_figure(const Evaluation& evaluation);
// Score and time by tenths of difficulty; empty where there is no breakdown.
[[nodiscard]] Markup difficulty_figure(const Evaluation& evaluation);
[[nodiscard]] Markup classes_tables(const Evaluation& evaluation);
// Who answered when, and how often that was wrong; empty without policies that look in an order.
[[nodiscard]] Markup decisions_figure(const Evaluation& evaluation);
// How often each model is the optimum (the paper's Figure 5).
[[nodiscard]] Markup optimum_figure(const Evaluation& evaluation);
// Algorithm 1's trace: coverage by step.
[[nodiscard]] Markup selection_figure(const Evaluation& evaluation);
// Which model each method ran last, as stacked bars.
[[nodiscard]] Markup choices_figure(const Evaluation& evaluation);
// Scores of the folds; empty without folds.
[[nodiscard]] Markup folds_figure(const Evaluation& evaluation);

// Score against coverage when inputs far from training are refused (the paper's section 6); empty where
// soundness was not measured.
[[nodiscard]] Markup soundness_figure(const Evaluation& evaluation);

// Terms and what they mean; plain text.
using Definitions = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Markup definition_list(const Definitions& items);

[[nodiscard]] Markup results_table(const Evaluation& evaluation);
// Quantiles of the times; precision, recall, F1.
[[nodiscard]] Markup details_table(const Evaluation& evaluation);
[[nodiscard]] Markup selection_metrics_table(const Evaluation& evaluation);
// How often caps decided; empty where nothing was asked.
[[nodiscard]] Markup request_table(const Evaluation& evaluation);
[[nodiscard]] Markup frontier_table(const Evaluation& evaluation);
[[nodiscard]] Markup contrasts_table(const Evaluation& evaluation);
[[nodiscard]] Markup stages_table(const Evaluation& evaluation);
// What each method does, but for the single models.
[[nodiscard]] Markup methods_list(const Evaluation& evaluation);
[[nodiscard]] Markup glossary(const Evaluation& evaluation);

}  // namespace triage
