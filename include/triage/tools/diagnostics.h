// Where a method's figures come from: by class and by difficulty, by confidence, by stage. Parts of
// Evaluation (evaluate.h), made from the same replays as all its other figures. Shares and scores are 0..1;
// NaN where there was nothing to take a mean of.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "triage/tools/estimate.h"
#include "triage/tools/method.h"

namespace triage {

// One method on one group of inputs.
struct GroupFigures {
  double score = kNotMeasured;  // mean, under the evaluation's criterion
  double ms = kNotMeasured;     // mean
  double looks = kNotMeasured;  // mean
};
struct InputGroup {
  std::string name;  // "1" to "10"; the class' name
  std::size_t inputs = 0;
  double difficulty = kNotMeasured;   // mean, see Breakdown
  std::vector<GroupFigures> methods;  // (b)
};
// Methods side by side on parts of the inputs. The difficulty of an input is 1 less the mean, over all models
// of the table, of the probability that the model gives to the label.
struct Breakdown {
  std::vector<MethodId> methods;  // (b) SBS, cascade, adaptive, what is recommended; or finished policies
  std::size_t subject = 0;        // of these, the one that SBS is compared with; 0 where SBS stands alone
  // Tenths of the inputs by rising difficulty (ties: by a hash of the id); sizes differ by at most one. Empty
  // for score-only tables and fewer than ten inputs.
  std::vector<InputGroup> deciles;
  std::vector<InputGroup> classes;  // those that have inputs, by class id
};

struct ReliabilityBin {
  std::size_t inputs = 0;
  double confidence = 0;  // mean
  double right = 0;       // share, top-1
  Interval interval;      // of it: Wilson, 95 %
};
// Whether a method's confidence is the share of its answers that are right (top-1, since it is the
// probability of the best class). Refusals and answers without confidence are left out.
struct Reliability {
  MethodId method;
  std::size_t inputs = 0;
  double confidence = kNotMeasured;  // mean
  double right = kNotMeasured;       // share
  // Expected calibration error: mean over the inputs of their bin's |confidence - right|.
  double ece = kNotMeasured;
  std::vector<ReliabilityBin> bins;  // by rising confidence, of equal numbers of inputs (to one)
};

// A policy that looks at models in a fixed order, after look j + 1 of it (stage j). What it would have said
// after any other number of looks is known, since all models ran on every input.
struct StageDecisions {
  struct Share {
    std::string model;
    double share = 0;
  };
  std::vector<Share> models;    // whose look this is, of `reached`; more than one where folds' orders differ
  std::size_t reached = 0;      // inputs with at least this many looks
  std::size_t answered = 0;     // of these: answered here
  std::size_t chosen = 0;       // of the answered: by choice, not for want of a further model or by a cap
  double right = kNotMeasured;  // of the answered: score
  double wrong_to_stop = kNotMeasured;  // of the chosen: wrong, but the last stage is right
  double right_to_stop = kNotMeasured;  // of the chosen: right, but the last stage is wrong
  double for_nothing = kNotMeasured;    // of those that went on: what was known here was right already
  double lost_going_on = kNotMeasured;  // of those: right here, wrong in the end
  double won_going_on = kNotMeasured;   // of those: wrong here, right in the end
};
struct Decisions {
  MethodId method;
  std::vector<StageDecisions> stages;
  std::size_t left_out = 0;  // inputs without a look of the order: refused, or a cap chose another model
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
  double distance = 0;  // if inputs farther than this were refused,
  double coverage = 0;  // this share would be answered,
  double score = 0;     // with this mean score
};
// How well the distance predicts failure: by the interval of its AUC, and above chance by the AUC itself.
enum class DistanceReading {
  kUnknown,   // the choices were all right or all wrong
  kMisleads,  // the nearer fail more often
  kNothing,   // the interval holds 0.5
  kHardly,    // AUC below 0.6
  kSomewhat,  // below 0.7
  kPredicts
};
// The share of the inputs whose refusal Soundness::gain_without_farthest speaks of.
inline constexpr double kFarthestShare = 0.1;
// Whether the distance to the training inputs tells when the premodel's choice will be wrong (paper, section
// 6).
struct Soundness {
  std::size_t inputs = 0;              // 0: the premodel keeps no training inputs to be near to
  std::vector<SoundnessPoint> points;  // by rising distance, at most 201; the last covers all
  Estimate auc;  // how often, of a failure and a success, the failure is farther; 0.5 tells nothing
  DistanceReading reading = DistanceReading::kUnknown;
  double gain_without_farthest = 0;  // of the others' score, if the farthest tenth is refused
};

}  // namespace triage
