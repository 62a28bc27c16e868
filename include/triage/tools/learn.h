// Training: from rows of a table to a policy. Everything that is chosen or fitted here sees those rows alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/rows.h"

namespace triage {

inline constexpr double kScoreTolerance = 0.005;  // loss of score, a share, that nobody misses
// What the whole cost of the single best model is worth, a share of score, where kinds are compared.
inline constexpr double kWorthOfTime = 0.01;

// Options for every kind of policy; each kind has options of its own besides.
struct LearnOptions {
  Criterion criterion = Criterion::kTop1;
  CostWeights cost = kTimeCost;  // what to save
  // How far above the single best model's score to aim, a share; none: default_margin().
  std::optional<double> margin = std::nullopt;
  std::uint64_t seed = 0;     // of inner folds, and of whatever is drawn
  std::stop_token stop = {};  // when asked to stop: throws kInterrupted
};

class Premodel;  // policy/premodel_policy.h

// Algorithm 1 (paper, section 3.2): one row of its trace.
struct SelectionStep {
  ModelIndex model = kNoModel;
  double coverage = 0;  // share of rows on which some selected model is right, after this step; 0..1
  double gain = 0;      // by which it grew
  bool kept = true;     // false for the last step when its gain was not over theta
};
struct ModelSelection {
  std::vector<ModelIndex> models;    // in the order of selection
  std::vector<SelectionStep> trace;  // the kept ones and the one that was dropped
};
// How Algorithm 1 chooses. The paper's is the default; the others are variants of ours.
enum class SelectionRule {
  kPaper,
  kHull,         // only among the models that no mixture of two others beats in cost and score on these rows
  kGainPerCost,  // after Model-1: the highest gain in coverage a unit of cost
};
// Model-1 is the optimum of most rows; then, while coverage grows by more than `theta` (share, 0.005 is the
// paper's 0.5 points), the model that is right on most of the rows that are still failing. Ties: cheaper,
// then the lower index. "Cheap" is what `cost` says.
[[nodiscard]] ModelSelection select_models(const Table& table, Rows rows, Criterion criterion, double theta,
                                           std::size_t max_models = SIZE_MAX,
                                           const CostWeights& cost = kTimeCost,
                                           SelectionRule rule = SelectionRule::kPaper);

// What a premodel does with an input farther from the training inputs than its limit.
enum class Beyond { kRefuse, kFallback };
// Throws kUsage for anything but "refuse" and "fallback".
[[nodiscard]] Beyond parse_beyond(std::string_view text);

inline constexpr std::string_view kPaperPremodel = "knn.knn.knn";

struct PremodelOptions {
  // knn, dt or svm: one chooser among all selected models (Figure 9). Several with dots: a chain of yes/no
  // stages, the last one named is repeated (Figure 10). cnn: a network of the table, see `selector`.
  std::string kind = std::string(kPaperPremodel);
  PremodelLabel label = PremodelLabel::kOptimum;  // kCorrect: chains only
  double theta = 0.005;
  std::size_t max_models = SIZE_MAX;
  SelectionRule rule = SelectionRule::kPaper;
  int k = 5;                                    // neighbours, odd
  VoteWeights weights = VoteWeights::kUniform;  // of their votes; kDistance: kinds with knn only
  std::vector<std::string> features;            // empty: the paper's seven
  // Further TrainingFacts::notes, such as how the features were chosen.
  std::vector<std::pair<std::string, std::string>> notes = {};
  // When every stage says no: a model's name, "best" (the most accurate of the selected on these rows) or
  // "refuse".
  std::string fallback = "best";
  // Controls: fit on feature rows that are shuffled among the inputs with this seed.
  std::optional<std::uint64_t> shuffle_features = std::nullopt;
  bool full = false;  // train an SVM on all rows instead of at most 5,000; can take hours
  // cnn: name of the selector; empty: the only one in the table that was trained on everything.
  std::string selector = {};
  // Soundness: the limit on an input's mean distance to its k neighbours, as the quantile (0..1) of the
  // training rows' own distances, each to the others.
  std::optional<double> max_distance_quantile = std::nullopt;
  Beyond beyond = Beyond::kRefuse;
};
struct TrainedPremodel {
  std::unique_ptr<Policy> policy;
  const Premodel* premodel = nullptr;  // the same, where it asks features; null for a network
  ModelSelection selection;
  std::vector<std::string> warnings;  // such as features that are constant in training
};
// The paper's premodel, sections 3.1 to 3.4, and its variants: its optimum model is the cheapest in
// LearnOptions::cost, and it aims at no margin. Throws kUsage for options that do not fit the
// table.
[[nodiscard]] TrainedPremodel train_premodel(const Table& table, Rows rows, const LearnOptions& learn = {},
                                             const PremodelOptions& options = {});

// The default margin above the single best model's score: 0, or, where the labels are a model's answers, half
// a point below, since only running that model always agrees with it.
[[nodiscard]] double default_margin(const Table& table);

struct CascadeOptions {
  int min_stages = 1;   // 1..max_stages
  int max_stages = 3;   // 1..3
  int thresholds = 32;  // candidates a stage: quantiles of its model's confidence
  // What to choose instead of the least cost at a score of at least the single best model's plus the margin:
  // the most score - price * cost.
  std::optional<double> price = std::nullopt;
};
// The confidence cascade of one to three models, order and thresholds searched jointly over these rows.
[[nodiscard]] std::unique_ptr<Policy> train_cascade(const Table& table, Rows rows,
                                                    const LearnOptions& learn = {},
                                                    const CascadeOptions& options = {});
// The cascades on the lower-left frontier of these rows, one for each price, shape (prices.size()); one
// search serves all.
[[nodiscard]] std::vector<std::unique_ptr<Policy>> train_cascades(const Table& table, Rows rows,
                                                                  const LearnOptions& learn,
                                                                  const CascadeOptions& options,
                                                                  std::span<const double> prices);

// The adaptive policy (docs/policies.md): after each look, stop or go on, by the expected gain less its
// price.
struct AdaptiveOptions {
  int max_stages = 4;  // 1..4 models an order
  // Ladders to choose among: in each, a model costs at least this many times the one before it; 1 or more.
  std::vector<double> cost_ratios = {3, 1.5, 1.2};
  // Which setting a request without a price gets: the one of highest expected worth by inner
  // cross-validation (docs/policies.md, Settings); or the one of this price, when it is set.
  std::optional<double> price = std::nullopt;  // score a unit of cost
  std::size_t search_rows =
      6000;  // rows that orders are chosen on, drawn by the seed; the chosen ones see all
};
// Throws kUsage for options out of range, and for a table without outputs.
[[nodiscard]] std::unique_ptr<Policy> train_adaptive(const Table& table, Rows rows,
                                                     const LearnOptions& learn = {},
                                                     const AdaptiveOptions& options = {});

// What training can make when it is not told what, the simplest first. Two of them run one model.
// clang-format off
enum class PolicyKind {
  kSingleBest, kCheapestEqual, kCascadeOfTwo, kCascadeOfThree, kPremodel, kForests, kLadder, kAdaptive
};
// clang-format on
// "single best model", "cascade of 2", "forests" and so on.
[[nodiscard]] std::string_view to_string(PolicyKind kind);

// One kind, trained on a part of the rows and replayed on the others, against the single best model of the
// part that trained.
struct KindEstimate {
  PolicyKind kind = PolicyKind::kSingleBest;
  // Mean score less that model's, a share; on few rows by the opinion of the strongest models together, which
  // has less noise than whether an answer is right.
  double score_gain = 0;
  double score_error = 0;  // standard error of it
  double cost_ratio = 1;   // mean cost over that model's
  // Gain, less the standard error of its difference from the adaptive kind's (from the single best model's
  // where adaptive is not compared), plus a hundredth for the whole cost of that model saved.
  double worth = 0;
};
struct KindChoice {
  PolicyKind kind = PolicyKind::kSingleBest;
  std::vector<KindEstimate> compared;  // none where there are too few rows to compare
};
// Which kind to train on these rows: the one of highest worth, of equals the simplest. By inner
// cross-validation in 5 parts; of 10,000 rows or more one third judges. Cascades only where time is to be
// saved, the premodel only where models have no outputs. Throws kUsage for a margin that is not finite and
// for energies that were not measured.
[[nodiscard]] KindChoice choose_kind(const Table& table, Rows rows, const LearnOptions& learn = {},
                                     const AdaptiveOptions& adaptive = {});
// A policy of that kind on these rows, the other options being defaults. Throws kUsage as those trainers do.
[[nodiscard]] std::unique_ptr<Policy> train_kind(const Table& table, Rows rows, PolicyKind kind,
                                                 const LearnOptions& learn = {},
                                                 const AdaptiveOptions& adaptive = {});

// Gives the rows `unlabelled` labels, whatever they had, so that training can use them beside `labelled`:
// each is drawn, by the seed and the input's id, from what the strongest models together think of that input;
// how far each model is believed is fitted on `labelled` (Rubin's imputation). Helps where few inputs have
// labels (docs/policies.md, Unlabelled inputs). Throws kUsage for fewer than 20 labelled rows, one of them
// without a label, and missing outputs.
void draw_labels(Table& table, Rows labelled, Rows unlabelled, const LearnOptions& learn = {});

// The cheapest model that is no worse than the single best one within noise: its mean loss on these rows is
// at most the loss's standard error and kScoreTolerance. That the best of several looks better than it is
// does not count: deducting it makes the choice worse (docs/policies.md, What does not help).
[[nodiscard]] ModelIndex cheapest_equal_model(const Table& table, Rows rows, const LearnOptions& learn = {});

// A policy that always runs `model`.
[[nodiscard]] std::unique_ptr<Policy> train_single(const Table& table, Rows rows, Criterion criterion,
                                                   ModelIndex model);

}  // namespace triage
