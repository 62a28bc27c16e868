// Which features the premodel should use (paper, section 3.4.1): useless ones are dropped, then those highly
// correlated with another, then greedily those whose loss hurts its accuracy least. Sees the given rows
// alone, so that it can run inside a fold of cross-validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "triage/tools/learn.h"
#include "triage/tools/rows.h"

namespace triage {

// Of two correlated features, which is kept. Ties: the other rule, then the lower position in the table.
enum class PairRule : std::uint8_t {
  kCheaper,     // whose nodes take less time: what it and all that it needs took, mean over the rows
  kMoreUseful,  // whose correlation ratio with the premodel's labels is higher (FeatureSummary::usefulness)
};

struct FeatureSelectionOptions {
  // The premodel whose accuracy is asked, as in PremodelOptions: always the paper's chain of KNN stages.
  Criterion criterion = Criterion::kTop1;
  CostWeights cost = kTimeCost;  // what the optimum model is cheapest in
  double theta = 0.005;
  std::size_t max_models = SIZE_MAX;
  int k = 5;                      // neighbours, odd, 1..63
  std::string fallback = "best";  // "best", "refuse" or a model's name

  std::vector<std::string> candidates;  // names; empty: all of the table
  double max_correlation = 0.75;        // of |r|; above it one of two is removed; 0..1, 1 keeps all
  PairRule pair_rule = PairRule::kCheaper;
  int folds = 10;              // of the inner cross-validation, 2 or more
  std::uint64_t seed = 0;      // of the inner folds and of the slice
  std::size_t n_features = 0;  // where to stop; 0: by `tolerance`
  // Without n_features: the fewest features whose accuracy is at least the trace's best less this many of its
  // standard errors (0 or more).
  double tolerance = 1.0;
  // The slice: at most this many of the rows, drawn by a hash of (seed, id).
  std::size_t max_rows = SIZE_MAX;
  unsigned threads = 0;       // 0: one per core
  std::stop_token stop = {};  // raised: throws kInterrupted
  // Work done and in all, in rows x features; called from any of the threads, one at a time.
  std::function<void(std::size_t done, std::size_t total)> on_progress = nullptr;
};

// Options that search for a premodel that is trained with `premodel`; the rest are defaults. Kind and labels
// are always those of the paper.
[[nodiscard]] FeatureSelectionOptions selection_options(const LearnOptions& learn,
                                                        const PremodelOptions& premodel);

// One candidate that passed the first check.
struct FeatureSummary {
  std::string name;
  double extraction_ms = 0;  // alone, with all that it needs; NaN where the table has no such node
  // Correlation ratio (eta squared) of its values with the premodel's labels: the share of its variance that
  // lies between the labels' means; 0..1.
  double usefulness = 0;
};

struct DroppedFeature {
  std::string name;
  std::string reason;  // "constant: 0 on every input" or "not finite on 3 inputs"
};

// Removed for its correlation with `kept` (the paper's Table 3).
struct CorrelatedFeature {
  std::string name;
  std::string kept;  // of those kept the one with which it correlates most
  double r = 0;      // Pearson's, -1..1
};

// What is left, and what it reaches, when one feature is left out.
struct LeftOut {
  std::string name;
  double accuracy = 0;       // 0..1
  double extraction_ms = 0;  // of those that are left
};

// The premodel with one set of features.
struct EliminationStep {
  std::string removed;                // to come here; empty in the first step
  std::vector<std::string> features;  // in the table's order
  double accuracy = 0;                // cross-validated premodel accuracy: see select_features; 0..1
  double extraction_ms = 0;       // mean of the nodes that its features need, each once; NaN where not known
  std::vector<LeftOut> left_out;  // one a feature, in their order
};

// How much accuracy the premodel loses without a feature of the chosen set (paper, Figures 7 and 12).
struct FeatureImportance {
  std::string name;
  double loss = 0;   // accuracy lost when it is left out; below 0 when that helps
  double share = 0;  // of all losses above 0; 0..1
};

struct FeatureSelection {
  std::vector<std::string> features;  // the chosen, in the table's order
  double accuracy = 0;                // theirs, 0..1
  double standard_error = 0;          // of the best accuracy of the trace, sqrt(p (1 - p) / n)
  double extraction_ms = 0;
  // The same premodel without any feature: each stage gives its more frequent answer in the other folds.
  double baseline = 0;
  std::size_t n_rows = 0;           // searched on
  std::vector<std::string> models;  // that Algorithm 1 selected on these rows, the stages in order
  std::string labels_from;          // Table::labels_from
  std::string machine;              // Table::machine

  std::vector<FeatureSummary> candidates;     // those not dropped, in the table's order
  std::vector<DroppedFeature> dropped;        // constant or not finite
  std::vector<CorrelatedFeature> correlated;  // in the table's order
  std::vector<EliminationStep> trace;         // from all that passed the filter to one or n_features
  std::size_t chosen = 0;                     // which step of the trace
  std::vector<FeatureImportance> importance;  // of the chosen, most important first
};

// Chooses features on `rows`.
//
// Accuracy is the share of rows on which the chain of KNN stages chooses the optimum: labels are the optimum
// among the models that Algorithm 1 selects on these rows, neighbours come from the other inner folds, and
// when no stage says yes the fallback is chosen. On a row without an optimum it is right when no stage says
// yes. Features are scaled to 0..1 by their minimum and maximum on all of these rows, once. Neighbours are
// exact, at equal distance the earlier row, as in the premodel.
//
// Each step removes the feature whose absence leaves the highest accuracy (ties: the cheaper rest, then the
// later feature). Time grows with rows^2 x features^2 at worst; memory holds rows x features x k numbers.
//
// The result depends on the table's rows and the options, neither on threads nor on the processor. Throws
// kUsage for options that do not fit, for a table without features and when no candidate is left,
// kInterrupted when stopped.
[[nodiscard]] FeatureSelection select_features(const Table& table, Rows rows,
                                               const FeatureSelectionOptions& options);

// One line for a policy's training summary: on how many inputs, from how many features to how many.
[[nodiscard]] std::string describe_selection(const FeatureSelection& selection);

// "cheaper" or "useful". Throws kUsage.
[[nodiscard]] PairRule parse_pair_rule(std::string_view name);

}  // namespace triage
