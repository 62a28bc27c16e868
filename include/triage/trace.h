// Why a policy acted as it did, as positions of models and numbers; filled by the code path that decides,
// when a trace is given. report puts it into words (triage/tools/report.h, describe). Model positions are
// those of PolicyInfo::models.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "triage/types.h"

namespace triage {

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
  enum class Cap { kLatencyMs, kEnergyJ };
  Cap cap = Cap::kLatencyMs;
  ModelIndex model = kNoModel;
  double needs = 0;  // the model's upper time quantile, or its mean energy
  double gone = 0;   // kLatencyMs: of the cap
  double limit = 0;
};
struct OwnStep {
  std::string what;
  std::vector<std::pair<std::string, double>> values = {};
};

using TraceEvent = std::variant<AlwaysRuns, FeaturesRead, FeaturesScaled, NearestInputs, NeighboursVote,
                                TreeAnswer, SvmAnswered, FellBack, SelectorChose, CascadeStage, AdaptiveLook,
                                RoutingStep, CapHeld, OwnStep>;
using Trace = std::vector<TraceEvent>;

}  // namespace triage
