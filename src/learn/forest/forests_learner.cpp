// Names of learners.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "triage/error.h"
#include "triage/tools/train_forests.h"

namespace triage {

std::string_view to_string(ForestsLearner learner) {
  switch (learner) {
    case ForestsLearner::kSeven:
      return "seven-forests";
    case ForestsLearner::kPairwise:
      return "pairwise";
    case ForestsLearner::kNearest:
      return "knn";
    case ForestsLearner::kBoostedRegression:
      return "boosted-regression";
    case ForestsLearner::kBoostedClassification:
      return "boosted-classification";
  }
  return "seven-forests";
}

ForestsLearner parse_forests_learner(std::string_view text) {
  std::vector<std::string_view> known;
  for (const ForestsLearner learner : kForestsLearners) {
    if (text == to_string(learner)) return learner;
    known.push_back(to_string(learner));
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("learner: '{}', expected {}; choose one of them", text, fmt::join(known, ", ")));
}

}  // namespace triage
