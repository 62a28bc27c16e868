// The result for one input: the answer, how and why it was reached, and what it took. Positions of models are
// those of PolicyInfo::models.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "triage/types.h"

namespace triage {

// What one model, once run, said about this input.
struct Look {
  ModelIndex model = kNoModel;       // in the policy's list of models
  TopK output;                       // empty for score-only tables
  double confidence = kNotMeasured;  // the model's own (its best probability); NaN when it has none
  Cost cost;
  bool unanswered = false;  // it was stopped, or ended, without an answer
};

// ---- why a policy acted as it did: positions of models and numbers, which report puts into words ----

// One model runs on everything.
struct AlwaysRuns {
  ModelIndex model = kNoModel;
};

// ---- premodels ----

struct FeaturesRead {
  std::vector<double> values;  // (d) by the policy's schema
};
struct FeaturesScaled {
  std::vector<double> values;  // (d)
};
struct NearestInputs {
  struct Input {
    std::string id;  // of a training input
    double distance = 0;
    ModelIndex optimum = kNoModel;  // kNoModel: no selected model is right
  };
  std::vector<Input> inputs;  // nearest first
};
// Who was asked, and for what: in a chain the stage's model, which gets yes or no; one chooser for all names
// a model or, with kNoModel, none.
struct ChooserQuestion {
  std::optional<std::size_t> stage;
  ModelIndex model = kNoModel;
  bool yes = true;
};
struct NeighboursVote : ChooserQuestion {
  std::size_t votes = 0, neighbours = 0;
  std::optional<double> weight_share;  // of the votes; none: all count alike
};
struct TreeAnswer : ChooserQuestion {
  struct Turn {
    std::size_t feature = 0;
    bool is_below = true;  // at most the threshold
    double threshold = 0;  // of the scaled feature
  };
  std::vector<Turn> way;  // from the root
};
struct SvmAnswered : ChooserQuestion {
  double value = 0;       // the decision value; among more than two classes the pairs won
  std::size_t pairs = 0;  // that each class is in; 0 with two classes
};
struct FellBack {
  enum class Reason { kUnlikeTraining, kEveryStageSaysNo, kNoneIsRight };
  Reason reason = Reason::kNoneIsRight;
  ModelIndex model = kNoModel;          // runs instead; kNoModel: refused
  double mean_distance = 0, limit = 0;  // kUnlikeTraining
};

// ---- policies that look ----

struct SelectorChose {
  ModelIndex selector = kNoModel;
  ModelIndex choice = kNoModel;  // kNoModel: none is right
  ModelIndex runs = kNoModel;    // the choice, or the fallback; kNoModel: refused
  double confidence = kNotMeasured;
};
struct CascadeStage {
  std::size_t stage = 0;
  ModelIndex model = kNoModel;
  double confidence = kNotMeasured;
  std::optional<double> threshold;  // none: the last stage
  bool accepted = false;
};
// What forests expect of each model, shape (m) each; `costs` may be empty.
struct ForestsExpect {
  std::vector<double> losses;  // of score
  std::vector<double> costs;
  double price = 0;
  ModelIndex model = kNoModel;   // chosen
  ModelIndex second = kNoModel;  // the next best; kNoModel: there is none
};
struct AdaptiveLook {
  enum class Decision { kOnlyModel, kLast, kAnswer, kContinue, kContinueForConfidence };
  Decision decision = Decision::kAnswer;
  std::size_t looks = 1;  // so far
  ModelIndex model = kNoModel;
  ModelIndex next = kNoModel;  // in the order; kNoModel: none
  double confidence = kNotMeasured;
  double net_gain = kNotMeasured;  // expected of `next`, less its price; NaN where there is none
  double price = kNotMeasured;     // NaN for an order of one model
};
struct RoutingStep {
  std::size_t looks = 0;
  std::vector<ModelIndex> best;   // the models that are worth the most together
  double quality = 0;             // expected of them
  std::vector<double> qualities;  // (m) of each model
  double lambda = 0;
};

// ---- the driver, and policies of one's own ----

// A cap kept a model from starting.
struct CapHeld {
  enum class Cap { kLatencyMs, kDeadlineMs, kEnergyJ };
  Cap cap = Cap::kLatencyMs;
  ModelIndex model = kNoModel;
  double needs = 0;  // the model's upper time quantile, or its mean energy
  double gone = 0;   // of a cap in milliseconds
  double limit = 0;
};
struct OwnStep {
  std::string what;
  std::vector<std::pair<std::string, double>> values = {};
};

using TraceEvent = std::variant<AlwaysRuns, FeaturesRead, FeaturesScaled, NearestInputs, NeighboursVote,
                                TreeAnswer, SvmAnswered, FellBack, SelectorChose, CascadeStage, AdaptiveLook,
                                RoutingStep, ForestsExpect, CapHeld, OwnStep>;
using Trace = std::vector<TraceEvent>;

// ---- the result ----

// What kept the policy from doing what it asked for.
enum class Limit {
  kNone,      // nothing: the policy decided
  kLatency,   // Request::max_latency_ms
  kEnergy,    // Request::max_energy_j
  kDeadline,  // Request::deadline_ns
  kStopped    // the caller's stop token
};
[[nodiscard]] std::string_view to_string(Limit limit);  // "none", "latency", and so on

// The outcome for one input. A cap that cannot be met is no error: the answer is then what the looks so far
// give, or there is none (`refused`), and `limit` says why.
struct Result {
  // The best class; kNoLabel when refused.
  [[nodiscard]] Label label() const { return answer.best(); }
  // Probability of the best class; NaN when refused.
  [[nodiscard]] double confidence() const { return answer.confidence(); }

  // The time that the caller waited: decoding, waiting for a network, features, decisions and looks, and
  // Request::spent_ms. What a latency cap counts.
  double elapsed_ms = 0;

  TopK answer;                     // empty when refused
  bool refused = false;            // no answer; by the policy where `limit` is kNone
  Limit limit = Limit::kNone;      // else a limit decided: the policy would have run another model
  ModelIndex kept_out = kNoModel;  // the model that the limit kept from starting; kNoModel where it did not,
                                   // or where it was waited for in vain
  double kept_out_at_ms = 0;       // elapsed when it did
  ModelIndex model = kNoModel;     // whose answer it is; kNoModel when refused or combined
  bool breached = false;           // the latency cap or the deadline was overrun all the same: a model took
                                   // longer than its upper quantile
  bool below_confidence = false;   // the answer's confidence is below Request::min_confidence
  bool certified = false;          // a guarantee covers this answer

  bool reused = false;  // the answer of an earlier frame (Stream::classify): nothing ran
  int age = 0;          // frames since that one
  // From the last frame that was answered, 0 to 255; NaN where there was none to compare with.
  double frame_difference = kNotMeasured;

  std::vector<Look> looks;      // in the order in which they were taken
  std::vector<float> features;  // by the policy's schema; NaN where not extracted
  // What evaluation charges for it: features, decisions and looks, without decoding and waiting. These are
  // its parts:
  Cost total;
  double features_ms = 0;
  double features_j = 0;
  double decision_ms = 0;  // inside Policy::next
  double preprocess_ms = 0;
  double infer_ms = 0;
  double decode_ms = 0;  // apart from `total`; 0 where the caller decoded

  std::optional<Trace> trace;  // where Request::explain asked for it

  // Whether a limit decided.
  [[nodiscard]] bool limited() const { return limit != Limit::kNone; }
};

}  // namespace triage
