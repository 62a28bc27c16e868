// What one input came to: the answer, how it came about, and what it took.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "triage/types.h"

namespace triage {

// What one model, once run, said about this input.
struct Look {
  ModelIndex model = kNoModel;       // in the policy's list of models
  TopK output;                       // empty for score-only tables
  double confidence = kNotMeasured;  // the model's own (its best probability); NaN when it has none
  Cost cost;
};

// Why an action was taken, where Request::explain asks for it; filled by the same code path that decides,
// when it is given.
struct Trace {
  struct Step {
    std::string what;  // "KNN-1: 3 of 5 neighbours say mobilenet: yes"
    std::vector<std::pair<std::string, double>> values;
  };
  struct Neighbour {
    std::string input;  // id of the training input
    double distance = 0;
    std::string optimum;  // its optimum model, "none" where no selected model is right
  };
  std::vector<Step> steps;
  std::vector<Neighbour> neighbours;  // nearest first; of the premodel's shared search
};

// What kept the policy from doing as it wished.
enum class Limit {
  kNone,      // nothing: the policy decided
  kLatency,   // Request::max_latency_ms
  kEnergy,    // Request::max_energy_j
  kDeadline,  // Request::deadline_ns
  kStopped    // the caller's stop token
};

// How one input went. A cap that cannot be met is no error: the answer is then what the looks so far give, or
// there is none (`refused`), and `limit` says why.
struct Result {
  // The best class; kNoLabel when refused.
  [[nodiscard]] Label label() const { return answer.best(); }
  // Probability of the best class; NaN when refused.
  [[nodiscard]] double confidence() const { return answer.confidence(); }

  // The time that the caller waited: decoding, waiting for a network, features, decisions and looks, and
  // Request::spent_ms. What a latency cap counts.
  double elapsed_ms = 0;

  TopK answer;                    // empty when refused
  bool refused = false;           // no answer; by the policy where `limit` is kNone
  Limit limit = Limit::kNone;     // else a limit decided: the policy would have run another model
  ModelIndex model = kNoModel;    // whose answer it is; kNoModel when refused or combined
  bool breached = false;          // the latency cap or the deadline was overrun all the same: a model took
                                  // longer than its upper quantile
  bool below_confidence = false;  // the answer's confidence is below Request::min_confidence
  bool certified = false;         // a guarantee covers this answer

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
