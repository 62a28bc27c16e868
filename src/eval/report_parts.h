// The report's sections, each from an evaluation alone; report.cpp puts them together.
#pragma once

#include "eval/html.h"
#include "triage/eval.h"

namespace triage {

// Accuracy against time: every method, the cascades' frontier, the zero router.
[[nodiscard]] Markup scatter_figure(const Evaluation& evaluation);
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

[[nodiscard]] Markup results_table(const Evaluation& evaluation);
// Quantiles of the times; precision, recall, F1.
[[nodiscard]] Markup details_table(const Evaluation& evaluation);
[[nodiscard]] Markup selection_metrics_table(const Evaluation& evaluation);
[[nodiscard]] Markup frontier_table(const Evaluation& evaluation);
[[nodiscard]] Markup contrasts_table(const Evaluation& evaluation);
[[nodiscard]] Markup stages_table(const Evaluation& evaluation);
// What each method does, but for the single models.
[[nodiscard]] Markup methods_list(const Evaluation& evaluation);
[[nodiscard]] Markup glossary(const Evaluation& evaluation);

}  // namespace triage
