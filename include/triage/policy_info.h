// What a policy knows of itself besides how to decide: its models, and what it was trained on and how;
// training_lines (triage/tools/report.h) puts that into words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "triage/types.h"

namespace triage {

// A model as a policy knows it.
struct PolicyModel : ModelId {
  double mean_ms = 0;  // preprocessing and inference, on `machine` (see PolicyInfo)
  double p999_ms = 0;
  double mean_j = kNotMeasured;  // the same in joules
  // Further quantiles of the time; none in files of older versions, which have that of 0.999 alone.
  double p50_ms = kNotMeasured;
  double p90_ms = kNotMeasured;
  double p99_ms = kNotMeasured;

  // The time that so large a share of the runs takes at most, NaN where it is not known; `quantile` is one of
  // kTimeQuantiles.
  [[nodiscard]] double time_quantile_ms(double quantile) const;
};

inline constexpr std::array<double, 4> kTimeQuantiles{0.5, 0.9, 0.99, 0.999};

// What training of each kind of policy aimed at and saw. Scores are means from 0 to 1.

// A cascade: least cost at a score of at least `wanted`, or most score at `price`.
struct CascadeFacts {
  std::optional<double> price;  // score a unit of cost
  double wanted = 0;            // without a price
  bool reached = true;          // whether any cascade reaches it
  double score = 0;             // in training
  double cost = 0;              // in training
  CostWeights unit = kTimeCost;
  bool operator==(const CascadeFacts&) const = default;
};

// An adaptive policy; what its settings are expected to reach is in Policy::price_settings().
struct AdaptiveFacts {
  std::optional<double> price;  // that its setting was chosen for, score a unit of cost
  double margin = 0;            // without a price: aimed above the best single model's score by this
  // Of the setting that training chose, by inner cross-validation: gain over the best single model of each
  // inner fold, and its standard error.
  double gain = 0;
  double gain_error = 0;
  std::size_t orders_tried = 0;
  bool operator==(const AdaptiveFacts&) const = default;
};

// Cascade routing: least cost at a score of at least `wanted`.
struct RoutingFacts {
  CostWeights unit = kTimeCost;
  double wanted = 0;
  bool reached = true;
  double score = 0;  // expected, by inner cross-validation
  double cost = 0;   // expected
  std::size_t settings_searched = 0;
  std::size_t estimated_on = 0;  // inputs
  bool operator==(const RoutingFacts&) const = default;
};

// A network that chooses.
struct SelectorFacts {
  std::string selector;  // its name
  bool operator==(const SelectorFacts&) const = default;
};

// How a premodel's choosers were made; `accuracy` is the share that is right in inner folds, none where there
// were too few inputs to search.
struct KnnFacts {
  bool operator==(const KnnFacts&) const = default;
};
struct TreeFacts {
  int max_depth = 0;
  std::size_t min_leaf = 0, nodes = 0;
  std::optional<double> accuracy;
  bool operator==(const TreeFacts&) const = default;
};
struct SvmFacts {
  double c = 0, gamma = 0;
  std::size_t support_vectors = 0, trained_on = 0, inputs = 0;
  std::optional<double> accuracy;
  bool operator==(const SvmFacts&) const = default;
};
using ChooserFacts = std::variant<KnnFacts, TreeFacts, SvmFacts>;

struct PremodelFacts {
  std::string kind;  // "knn.knn.knn": PremodelOptions::kind
  PremodelLabel label = PremodelLabel::kOptimum;
  CostWeights cost = kTimeCost;
  double theta = 0;
  int k = 0;
  VoteWeights weights = VoteWeights::kUniform;
  struct Step {  // of Algorithm 1
    std::string model;
    double coverage = 0, gain = 0;  // shares
    bool kept = true;
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> selection;
  std::vector<std::size_t> optimum_of;  // (stages + 1) inputs by their optimum; last: none is right
  std::vector<ChooserFacts> choosers;
  ModelIndex fallback = kNoModel;  // kNoModel refuses
  struct DistanceLimit {
    double limit = 0, quantile = 0;
    bool refuses = true;  // beyond it; else the fallback runs
    bool operator==(const DistanceLimit&) const = default;
  };
  std::optional<DistanceLimit> distance_limit;
  std::optional<std::uint64_t> shuffle_seed;  // a control: features shuffled among the inputs
  bool operator==(const PremodelFacts&) const = default;
};

using TrainingDetails =
    std::variant<std::monostate, CascadeFacts, AdaptiveFacts, RoutingFacts, SelectorFacts, PremodelFacts>;

struct TrainingFacts {
  std::size_t inputs = 0;   // 0: not known
  std::string inputs_hash;  // inputs_hash() of rows.h; empty: not known
  // Rising hashes of their ids and pictures, by which calibration leaves them out; empty where they were not
  // kept. Those from policy files of format 3 have 0 in their lower 32 bits.
  std::vector<std::uint64_t> input_hashes;
  std::string labels_from;  // the model whose answers were the labels; empty: they came with the inputs
  std::optional<std::uint64_t> seed;
  TrainingDetails details;
  // Notes for people: of labels that were drawn, from policies of one's own, and from older files.
  std::vector<std::pair<std::string, std::string>> notes;

  [[nodiscard]] bool has_input(std::uint64_t hash) const;
  bool operator==(const TrainingFacts&) const = default;
};

// Which frames of a stream take the answer of an earlier one: those whose gray thumbnail differs from that of
// the last frame that was answered by less than `limit` (mean absolute difference, 0 to 255; 0 reuses
// nothing), at most `max_age` frames after it.
struct ReuseRule {
  double limit = 0;
  int max_age = 30;
  bool operator==(const ReuseRule&) const = default;
};
// Such a rule as learned from sequences (`triage reuse`), and means over them of what it did.
struct LearnedReuse {
  ReuseRule rule;
  double max_loss = 0;   // of mean score, as asked for
  double loss = 0;       // seen: the policy's score on every frame less its score with reuse
  double ran_share = 1;  // frames that ran a network
  std::size_t sequences = 0, frames = 0;
  std::string labels_from;  // the model whose answers were the labels; empty for true labels
  bool operator==(const LearnedReuse&) const = default;
};

// What a policy file carries besides the policy itself.
struct PolicyInfo {
  Criterion criterion = Criterion::kTop1;
  std::vector<PolicyModel> models;  // those that the policy may run; Look::model and Action::model index it
  FeatureSchema schema;             // may be empty
  std::int32_t n_classes = 0;
  std::string machine;  // where the times were measured
  // Where those were that prices and expected costs are of, when measured anew since; empty: `machine`.
  std::string trained_on;
  TrainingFacts training;
  // The single model with the best mean score in training, to say what the policy saves. No name: not known.
  PolicyModel best{};
  // (n_classes) What the profile called the classes; or empty.
  std::vector<std::string> label_names{};
  Terms terms{};  // of scores, costs and times here
  std::optional<LearnedReuse> reuse{};
  std::shared_ptr<const struct TextReduction> text{};  // what it sees of texts (choose.h); null: nothing
};

// What calibration has shown of a policy: with probability of at least 1 - delta over the calibration inputs,
// its mean score on inputs like them lies at most `max_loss` below that of `versus`.
struct Certificate {
  double max_loss = 0;  // a share, between 0 and 1
  double delta = 0;     // between 0 and 1
  std::string versus;   // the single model that it is compared with
  std::size_t inputs = 0;
  std::string inputs_hash;  // of the calibration inputs, see inputs_hash() in rows.h
  double mean_loss = 0;     // seen on them: mean of versus' score less the policy's; negative: it is better
  double mean_ms = 0;       // seen on them
  std::string labels_from;  // the model whose answers were the labels; empty for true labels
  // What the promise holds in each of besides on average: "class", "source"; empty: on average alone. How
  // many of them it holds in, and the names of those that had too few inputs to promise anything.
  std::string per = {};
  std::size_t groups = 0;
  std::vector<std::string> groups_left_out = {};
};

}  // namespace triage
