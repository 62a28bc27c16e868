// The exhibits, each from a run; paper_study.cpp puts them in order. What the paper reports stands in the
// texts as constants.
#pragma once

#include <vector>

#include "study/study_run.h"
#include "triage/tools/feature_selection.h"

namespace triage {

// Models (model_exhibits.cpp): Figure 1 with Table 1, Figures 5, 6a to 6c and 11.
[[nodiscard]] std::vector<Exhibit> motivation_exhibits(const StudyRun& run);
[[nodiscard]] Exhibit optimum_exhibit(const StudyRun& run);
[[nodiscard]] std::vector<Exhibit> selection_exhibits(const StudyRun& run);
[[nodiscard]] Exhibit model_count_exhibit(const StudyRun& run);

// Features (feature_exhibits.cpp): Tables 2 to 4, Figures 7, 12 and 13. One search a fold.
[[nodiscard]] std::vector<FeatureSelection> search_features(const StudyRun& run);
[[nodiscard]] std::vector<Exhibit> feature_exhibits(const StudyRun& run,
                                                    std::span<const FeatureSelection> searches);

// Kinds of premodels (kind_exhibits.cpp): Figures 9 and 10.
[[nodiscard]] Exhibit techniques_exhibit(const StudyRun& run);
[[nodiscard]] Exhibit mixtures_exhibit(const StudyRun& run);

// Performance (performance_exhibits.cpp): Figures 8a to 8d.
[[nodiscard]] std::vector<Exhibit> performance_exhibits(const StudyRun& run);

// Costs (cost_exhibit.cpp): section 5.5. `search_ms`: what one fold's search for features took.
[[nodiscard]] Exhibit cost_exhibit(const StudyRun& run, double search_ms);

// Beyond the paper (control_exhibits.cpp): the controls, the frontier, and the search for why.
[[nodiscard]] Exhibit controls_exhibit(const StudyRun& run);
[[nodiscard]] Exhibit stages_exhibit(const StudyRun& run);
[[nodiscard]] Exhibit soundness_exhibit(const StudyRun& run);
// For StudyOptions::other.
[[nodiscard]] Exhibit stability_exhibit(const StudyRun& run);
// For StudyOptions::exhaustive.
[[nodiscard]] Exhibit timing_exhibit(const StudyRun& run);
[[nodiscard]] Exhibit variants_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches);

// Where the paper disagrees with itself; known from its text alone.
[[nodiscard]] std::vector<std::string> paper_contradictions();

// A cell of a share, in percent.
[[nodiscard]] inline Cell percent_cell(double share) { return 100 * share; }
// The method; it must exist.
[[nodiscard]] const Method& method_of(const Evaluation& evaluation, MethodId method);

}  // namespace triage
