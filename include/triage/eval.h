// Judging policies on tables: replay, cross-validation, metrics, report.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "triage/breakdown.h"
#include "triage/estimate.h"
#include "triage/learn.h"
#include "triage/policy.h"
#include "triage/runtime.h"
#include "triage/stream.h"
#include "triage/table.h"

namespace triage {

// Why the policy cannot be replayed on the table, and what to do; nothing when it can. Models and features go
// by name, and have to have the policy's fingerprints and versions.
[[nodiscard]] std::optional<std::string> policy_difference(const Table& table, const PolicyInfo& policy);

// Reads a table instead of running models; charges each recipe and feature node once an input. Joules are
// the table's means; NaN where it has none.
class ReplayBackend final : public Backend {
 public:
  // Throws kPolicy where policy_difference() finds one. Both must outlive it.
  ReplayBackend(const Table& table, const PolicyInfo& policy);
  void begin(std::size_t input);
  Cost extract(FeatureMask mask, std::span<float> values) override;
  Look run(ModelIndex model) override;
  // The table's model behind the policy's; kNoModel for a selector.
  [[nodiscard]] ModelIndex table_model(ModelIndex model) const;

 private:
  Look run_selector(ModelIndex model);

  const Table* table_;
  std::vector<ModelIndex> models_;    // policy model -> table model; selectors are numbered behind those
  std::vector<std::size_t> columns_;  // policy feature -> table feature
  std::vector<NodeMask> nodes_;       // policy feature -> the nodes that it needs
  std::size_t input_ = 0;
  NodeMask nodes_done_ = 0;
  std::vector<bool> recipes_done_;
};

// What a chooser did on each input of a table; arrays of shape (n). The common currency of every method that
// is compared.
struct Replay {
  std::string name;
  std::vector<std::int32_t> predicted;  // class answered; kNoLabel when refused, or in a score-only table
  std::vector<double> top1, top5;       // 1 when right, 0 otherwise (refusals too)
  std::vector<double> ms;               // selection, preprocessing, inference
  std::vector<double> selection_ms;     // features and decisions, of that
  std::vector<double> j;                // features, preprocessing, inference; NaN where not measured
  std::vector<double> selection_j;      // features, of that; decisions are timed, not metered
  std::vector<double> confidence;       // of the answer; NaN where it has none
  std::vector<std::uint8_t> limited;    // 1 where a cap decided, see Outcome
  std::vector<std::uint8_t> breached;   // 1 where the latency cap was overrun all the same
  std::vector<std::uint8_t> unsure;     // 1 where Request::min_confidence was not reached
  std::vector<ModelIndex> model;    // last model that ran, in the table's numbering; kNoModel when refused
  std::vector<std::uint8_t> looks;  // how many models ran

  [[nodiscard]] const std::vector<double>& score(Criterion criterion) const {
    return criterion == Criterion::kTop1 ? top1 : top5;
  }
};
[[nodiscard]] Replay make_replay(std::string name, std::size_t n);

// Replays `policy` on the given rows, writing those entries of `replay` (whose arrays must have shape (n)).
// Under `request`, whose caps see the recorded times: what a budget does can be predicted before deployment.
// Throws kUsage where the policy cannot meet it.
void replay_policy(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const Request& request = {});
// The rows in their order as one stream with a mean time to meet; `caps` hold for each input.
void replay_stream(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const StreamOptions& options, const Request& caps = {});
// As if `model` had been run on `input` without any selection; kNoModel refuses, at no cost.
void replay_model(const Table& table, std::size_t input, ModelIndex model, Replay& replay);

// One method on one set of inputs. Shares and scores are 0..1; NaN where a figure has no meaning.
struct Metrics {
  double score = kNotMeasured;  // under the criterion: top1 or top5
  double top1 = kNotMeasured;
  double top5 = kNotMeasured;
  double mean_ms = kNotMeasured;
  double p50_ms = kNotMeasured;
  double p90_ms = kNotMeasured;
  double p99_ms = kNotMeasured;
  double mean_j = kNotMeasured;      // joules
  double overhead_j = kNotMeasured;  // features' share of them
  double precision = kNotMeasured;   // these three: averaged over the classes that have inputs here
  double recall = kNotMeasured;
  double f1 = kNotMeasured;
  double optimum = kNotMeasured;      // share of the inputs that have an optimum on which it ran last
  double closed_gap = kNotMeasured;   // (score - SBS) / (VBS - SBS)
  double overhead = kNotMeasured;     // selection's share of the time
  double coverage = kNotMeasured;     // share that was answered
  double looks = kNotMeasured;        // mean number of models that ran
  double limited = kNotMeasured;      // share on which a cap decided
  double breached = kNotMeasured;     // share on which the latency cap was overrun all the same
  double unsure = kNotMeasured;       // share that did not reach the confidence asked for
  double unsupported = kNotMeasured;  // classes without inputs here, out of Table::n_classes
};
struct MetricField {
  const char* key;
  double Metrics::*member;
};
// Every field of Metrics, in order: what is averaged over folds and written to JSON.
[[nodiscard]] std::span<const MetricField> metric_fields();

enum class MethodKind {
  kSingle,
  kSbs,
  kVbs,
  kRandom,
  kBound,
  kPremodel,
  kControl,
  kCascade,
  kRival,  // the strongest form of another way, to be beaten and never recommended
  kAdaptive,
  kPolicy
};
[[nodiscard]] const char* to_string(MethodKind kind);

struct Method {
  std::string name;   // "cnn5", "SBS", "premodel"
  std::string about;  // one line
  MethodKind kind = MethodKind::kPolicy;
  Metrics pooled;              // all inputs at once, each judged by what its fold had learned
  Interval score_interval;     // of pooled.score
  std::vector<Metrics> folds;  // (k)
  Metrics geometric;  // over folds; 0 where some fold's figure is 0, NaN where one is negative or NaN
  Metrics arithmetic;
  Metrics deviation;           // standard deviation over folds (n - 1)
  Estimate score_gain;         // score - SBS's
  Estimate time_ratio;         // mean time / SBS's
  Estimate above_router;       // score - the zero router's at equal time
  std::vector<double> chosen;  // (m + 1) share of the inputs by last model; in the last place: refused
};

// A difference between two methods that is worth stating, such as the premodel and a control.
struct Contrast {
  std::string method;
  std::string reference;
  Estimate score_gain;
  Estimate time_ratio;
};

struct FrontierPoint {
  double ms = 0;                // mean
  double score = 0;             // mean
  double price = kNotMeasured;  // score per millisecond that led here; NaN for the zero router
  Interval score_interval = {};
  // Score less the zero router's at equal time. Its interval is a simultaneous 95 % band: that of all points
  // of the frontier together.
  Estimate above_router = {};
  // Score that the zero router gains in the time of one reading of the clock: where a policy does what the
  // router does, smaller differences are those of a few nanoseconds in how it is asked.
  double resolution = 0;
};
struct Frontier {
  std::string name;
  std::vector<FrontierPoint> points;  // by time
  double aiq = kNotMeasured;          // mean height of the hull between cheapest and costliest single model
  // Read from the hull, against the SBS; NaN where it does not reach that far.
  double closed_gap = kNotMeasured;  // at SBS's time: (score - SBS) / (VBS - SBS)
  double speed_up_at_equal_score = kNotMeasured;
  double score_gain_at_equal_time = kNotMeasured;
  // Time at which 95 % of the way from the cheapest model's score to the SBS's is done, as a share of SBS's.
  double time_share_for_95 = kNotMeasured;
  // Of these, by reading the hulls of resampled inputs. A hull that does not reach a score counts as a
  // speed-up of 0 and an infinite share of time.
  struct Intervals {
    Interval aiq, closed_gap, speed_up_at_equal_score, score_gain_at_equal_time, time_share_for_95;
  } intervals;
};

// The premodel's stage i, over all test inputs of the folds that have it. "Yes" is right when model i is the
// optimum among the selected ones, or, with labels of that kind, when it is correct. A multi-class premodel
// is one stage, right when its whole choice is.
struct StageAccuracy {
  std::string label;       // "KNN-1"; "KNN" when multi-class
  double accuracy = 0;     // share of right answers
  double base_rate = 0;    // what always giving the answer that was more frequent in training reaches
  double positives = 0;    // share of inputs where "yes" is right
  std::size_t inputs = 0;  // judged, over all folds
};

// An input that the premodel chose for: how far it is from the training inputs, and how that went.
struct SoundnessInput {
  double distance = 0;  // mean, to the k nearest training inputs, in scaled features
  double score = 0;     // of the chosen model
};
struct SoundnessPoint {
  double distance = 0;  // were inputs farther than this refused,
  double coverage = 0;  // this share would be answered,
  double score = 0;     // with this mean score
};
// Whether the distance to the training inputs tells when the premodel's choice will be wrong (paper, section
// 6).
struct Soundness {
  std::size_t inputs = 0;              // 0: the premodel keeps no training inputs to be near to
  std::vector<SoundnessPoint> points;  // by rising distance, at most 201; the last covers all
  Estimate auc;  // how often, of a failure and a success, the failure is farther; 0.5 tells nothing
  std::string verdict;
};
[[nodiscard]] Soundness measure_soundness(std::vector<SoundnessInput> inputs, int resamples,
                                          std::uint64_t seed);
// Adds the rows' inputs on which `premodel` ran a model, as `replay` has it; none when the policy keeps no
// training inputs.
void add_soundness_inputs(const Table& table, Rows rows, const Policy& premodel, const Replay& replay,
                          std::vector<SoundnessInput>& inputs);

struct Evaluation {
  Criterion criterion = Criterion::kTop1;
  int folds = 0;  // 0: finished policies, judged on all inputs
  std::uint64_t seed = 0;
  int resamples = 0;
  double theta = 0;
  std::size_t n_inputs = 0;
  std::size_t n_failed = 0;
  std::int32_t n_classes = 0;
  std::string labels_from;  // Table::labels_from: when not empty, every score is agreement with this model
  std::string machine;
  std::string timing;  // how often everything was timed, and where times are from
  // What difference that makes (triage/stability.h, judge_timing), or how to find out; empty where it is
  // known to make none, as every time was taken until it was known.
  std::string timing_difference;
  std::string energy;                 // "measured: ..." or why not
  std::vector<std::string> models;    // (m)
  std::vector<std::int32_t> fold_of;  // (n), empty without folds
  std::vector<Method> methods;        // singles first, in the table's order
  std::vector<Contrast> contrasts;
  Frontier zero_router;                // on the test inputs
  std::vector<Frontier> frontiers;     // of policies, as their price is swept; empty without folds
  std::vector<double> optimum_share;   // (m + 1) how often each model is the optimum; last: none is right
  ModelSelection selection;            // Algorithm 1 over all inputs
  std::vector<double> selected_share;  // (m) share of folds whose Algorithm 1 keeps the model
  std::vector<StageAccuracy> stages;
  Soundness soundness;  // of the premodel
  Request request;      // what finished policies were asked, and the mean time of them all, where one was
  std::optional<double> mean_latency_ms;
  Breakdown breakdown;
  std::vector<Reliability> reliability;  // of the breakdown's methods: SBS, the models' own, first
  std::vector<Decisions> decisions;      // of those of them that look at models in a fixed order
  std::vector<std::string> warnings;
  std::string recommended;  // name of the method to use; "SBS" when one model alone is the better choice
  std::string verdict;      // one or two sentences
  std::vector<std::string> remarks;  // what else the figures say, a sentence each

  // Null when there is none of this name.
  [[nodiscard]] const Method* find(std::string_view name) const;
  [[nodiscard]] const Frontier* find_frontier(std::string_view name) const;
};

// A further premodel, judged beside the first.
struct PremodelVariant {
  std::string name;  // of the method: "premodel dt.dt.dt"
  PremodelOptions options;
};

struct EvaluateOptions {
  Criterion criterion = Criterion::kTop1;
  int folds = 10;
  std::uint64_t seed = 0;
  double theta = 0.005;           // Algorithm 1, as a share
  int neighbours = 5;             // of the premodel
  std::string fallback = "best";  // of the premodel, see PremodelOptions
  PremodelOptions
      premodel;  // kind, labels and so on; criterion, theta, k and fallback are those of this struct
  AdaptiveOptions adaptive;               // its criterion is that of this struct
  std::vector<PremodelVariant> variants;  // with options of their own, but the criterion
  // Of judge_policies: what is asked of each finished policy on every input, and the mean time of them all.
  Request request;
  std::optional<double> mean_latency_ms = std::nullopt;
  int resamples = 2000;                     // of the bootstrap; 0 leaves the intervals out
  const Clock* clock = nullptr;             // for decision times; nullptr: steady_clock()
  const std::atomic<bool>* stop = nullptr;  // raised by Ctrl-C: throws kInterrupted
  std::function<void(std::size_t done, std::size_t total)> on_progress;  // steps of work
};

// K-fold cross-validation of everything that learns from the table, beside what it has to beat. Folds are
// trained in parallel; replays, in which decision times are measured, run alone. Throws kUsage for options
// that do not fit the table.
[[nodiscard]] Evaluation cross_validate(const Table& table, const EvaluateOptions& options);

struct NamedPolicy {
  std::string name;
  const Policy* policy = nullptr;
};
// Judges finished policies on all inputs of a table that they were not trained on; SBS and zero router are
// then those of this very table, chosen in hindsight, which favours them. A policy whose training summary
// names these inputs adds a warning. Throws kPolicy for one that does not fit the table.
[[nodiscard]] Evaluation judge_policies(const Table& table, std::span<const NamedPolicy> policies,
                                        const EvaluateOptions& options);

// What a report says about its making; all of it is shown as it is.
struct ReportInfo {
  std::string version;               // of Triage
  std::string command;               // as typed
  std::vector<std::string> sources;  // the profiles
  std::string date;
};
// One JSON document: docs/formats.md has its keys.
[[nodiscard]] std::string evaluation_json(const Evaluation& evaluation, const ReportInfo& info);
// Plain text for a terminal, at most 120 columns.
[[nodiscard]] std::string evaluation_text(const Evaluation& evaluation);
// One self-contained HTML page.
[[nodiscard]] std::string evaluation_html(const Evaluation& evaluation, const ReportInfo& info);
// Lines `input,fold`.
[[nodiscard]] std::string folds_csv(const Table& table, const Evaluation& evaluation);

}  // namespace triage
