// The figures of one method, and of two compared.
#pragma once

#include <span>
#include <vector>

#include "triage/tools/estimate.h"

namespace triage {

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
  kSingle,  // index: the model
  kSbs,
  kCheapestEqual,  // the cheapest model that is no worse than SBS within noise (cheapest_equal_model)
  kVbs,
  kRandom,
  kBound,       // the premodel's chain if it were never wrong and free
  kPremodel,    // index: into Evaluation::premodels
  kShuffled,    // controls of the premodel: itself, its features shuffled among the training inputs;
  kMajority,    // every stage gives its more frequent answer;
  kFirstModel,  // the first model of Algorithm 1 on every input
  kCascade,
  kExactCascade,    // rivals, to be beaten and never recommended: of exactly `index` models;
  kCascadeRouting,  // cascade routing;
  kLearner,         // and other learners than the seven forests; index: ForestsLearner
  kForests,
  kLadder,
  kAdaptive,
  kAuto,   // what training chooses by itself (choose_kind)
  kPolicy  // index: into Evaluation::policies
};
// As JSON has it; controls are called the same, and so are rivals.
[[nodiscard]] const char* to_string(MethodKind kind);
[[nodiscard]] bool is_control(MethodKind kind);
[[nodiscard]] bool is_rival(MethodKind kind);

// What methods are found by. Names are for people, and `report` alone makes them.
struct MethodId {
  MethodKind kind = MethodKind::kSbs;
  int index = 0;  // 0 for kinds that say nothing of it
  friend bool operator==(const MethodId&, const MethodId&) = default;
};

struct Method {
  MethodId id;
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
  MethodId method;
  MethodId reference;
  Estimate score_gain;
  Estimate time_ratio;
};

}  // namespace triage
